#pragma once
// Whose I2FTP keys a configuration names.
#include <vector>

#include "i2ftp/server.h"
#include "service/config.h"
#include "wherry/result.h"

namespace wherry {

// The user of i2ftp.key_file, if there is one. Reads the key and opens the folder; blocks.
Result<std::vector<i2ftp::Identity>> i2ftp_identities(const Config& config);

// A user who has a folder of this machine as the whole tree.
Result<UserPtr> i2ftp_user(const std::string& name, const std::string& folder, Perm permissions,
                           const PosixOptions& options);

}  // namespace wherry
