#pragma once
// What the settings say about one file: for the opening of it, and for rules of a map that ask before it is opened.
// Messages of errors name the rule for the log; Code::denied unless said otherwise. But for the account of the process,
// pure.
#include <cstdint>

#include "tftp/packet.h"
#include "tftp/settings.h"
#include "wherry/path.h"
#include "wherry/result.h"

namespace wherry::tftp {

// Whether a file with these mode bits and that owner may be downloaded (world_readable).
Result<void> may_serve(const Settings& settings, std::uint32_t mode, std::uint32_t owner);

// Whether that upload may have that name and the size it announces (allow_names, deny_names, max_size): Code::denied,
// Code::quota.
Result<void> may_store(const WriteRules& rules, const Request& request, const Path& path);

// Whether an upload may have the size it announces, where that is at most `most` bytes; 0: any. Code::quota.
Result<void> may_be_as_large(std::uint64_t most, const Request& request);

// Whether only files that everybody on this machine may write are replaced: where names that are there are all that may
// be uploaded, as tftpd-hpa has it. Who lets the world read everything means the other half of that, too.
bool asks_others_to_write(const Settings& settings) noexcept;

}  // namespace wherry::tftp
