#pragma once
// The TFTP service's folders, and its files of rules.
#include <memory>
#include <string>
#include <vector>

#include "service/config.h"
#include "service/user_sources.h"
#include "tftp/server.h"

namespace wherry {

// Whose files are served: tftp.user's, else those of the anonymous user, which may be null. Blocks.
Result<NamedUser> tftp_owner(const Config& config, const UserSources& users, const UserPtr& anonymous);

// What the configuration says about TFTP, with its folders opened (the owner's if it names none) and its files read.
// Without folders if it listens nowhere. What an operator should know of besides goes to `warnings`. Blocks.
Result<tftp::Policy> open_tftp_policy(const Config& config, const NamedUser& owner, std::vector<std::string>& warnings);

// The rules for names; null if there are none. The error has a line for each mistake in the file. Blocks.
Result<std::shared_ptr<const tftp::Remap>> load_tftp_map(const std::string& file, const tftp::RemapOptions& options);
// "FILE:LINE: TEXT" for each warning about them.
std::vector<std::string> tftp_map_warnings(const std::string& file, const std::shared_ptr<const tftp::Remap>& rules);

}  // namespace wherry
