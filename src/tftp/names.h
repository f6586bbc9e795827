#pragma once
// Names: from the raw bytes of a request to a path in the served tree. Pure.
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "tftp/packet.h"
#include "wherry/path.h"

namespace wherry::tftp {

enum class Case : std::uint8_t {
    exact,
    lower,        // names are made lower-case
    insensitive,  // of downloads: what has the name in other letters is found where nothing has it exactly
};

struct NameRules {
    bool backslash = true;  // '\' is a '/'
    Case letters = Case::exact;
    std::vector<std::string> strip_prefix;  // folders that clients put in front; the first that fits goes
};

// Empty and "." components are dropped; a ".." is refused, never resolved: ERROR 2. So is a name with nothing left.
std::expected<Path, Refusal> path_of_name(std::string_view raw, const NameRules& rules);

// For write.allow_names and deny_names: `path` without its first slash against glob patterns.
bool name_matches(const std::vector<std::string>& patterns, const Path& path);

}  // namespace wherry::tftp
