#pragma once
// What is wrong or unwise about a configuration whose keys are all right by themselves.
#include <cstdint>
#include <string>
#include <vector>

#include "service/config.h"
#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

// Whether users come from elsewhere than the configuration: from flags or from code.
enum class OtherUsers : std::uint8_t { none, some };

// What cannot be served: one sentence each. Looks at nothing but the configuration.
std::vector<std::string> config_errors(const Config& config);
// What can be served and yet is risky or pointless: one sentence each. Looks at nothing but the configuration.
std::vector<std::string> config_warnings(const Config& config, OtherUsers others = OtherUsers::none);

// What to say if that many descriptors are not enough when all limits are reached; empty: they are. Pure. Where a limit
// is off it says nothing of what that lets in.
std::string descriptor_warning(const Config& config, std::uint64_t descriptors);

struct ConfigFindings {
    std::vector<std::string> errors;
    std::vector<std::string> warnings;
};
// Both of the above, and what comes to light when the folders and users files are opened and the hosts in lists of
// places are asked for. Blocks; binds no port.
ConfigFindings check_config(const Config& config, OtherUsers others = OtherUsers::none);

// The anonymous user of the configuration; null if it has none. Blocks.
Result<UserPtr> open_anonymous(const Config& config);

// "ftp on [::]:2121; anonymous: /srv/pub (elr); users: /etc/wherry/wherry.toml"
std::string config_summary(const Config& config);

}  // namespace wherry
