#pragma once
// The configuration of i2ftps as one of ours.
#include <string>
#include <vector>

#include "i2ftp/legacy_config.h"
#include "service/config.h"

namespace wherry {

// One listener on all IPv4 addresses, nothing else served. PCTL is answered to this machine alone, which is where
// `i2ftps stop` asks; all other settings are the usual ones.
Config i2ftps_config(const i2ftp::LegacyConfig& legacy);
// What its one key may do.
Perm i2ftps_permissions(const i2ftp::LegacyConfig& legacy);
// What an operator ought to hear about it.
std::vector<std::string> i2ftps_warnings(const i2ftp::LegacyConfig& legacy);

}  // namespace wherry
