#include "service/i2ftp_users.h"

#include <utility>

namespace wherry {

Result<UserPtr> i2ftp_user(const std::string& name, const std::string& folder, Perm permissions,
                           const PosixOptions& options) {
    auto filesystem = posix_filesystem(folder, options);
    if (!filesystem) {
        Error error = std::move(filesystem.error());
        error.message += "; make the folder, or correct its path";
        return std::unexpected(std::move(error));
    }
    User user;
    user.name = name;
    user.filesystem = std::move(*filesystem);
    user.permissions = permissions;
    return std::make_shared<const User>(std::move(user));
}

Result<std::vector<i2ftp::Identity>> i2ftp_identities(const Config& config) {
    std::vector<i2ftp::Identity> all;
    if (config.i2ftp.key_file.empty()) return all;
    auto key = SharedKey::from_file(config.i2ftp.key_file);
    if (!key) return std::unexpected(std::move(key.error()));
    auto user = i2ftp_user(config.i2ftp.user, config.i2ftp.folder, config.i2ftp.permissions, config.filesystem);
    if (!user) return std::unexpected(std::move(user.error()));
    all.push_back({std::move(*key), std::move(*user)});
    return all;
}

}  // namespace wherry
