#include "service/tftp_trees.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace wherry {

Result<std::vector<tftp::Tree>> open_tftp_trees(const Config& config, const UserPtr& anonymous) {
    std::vector<tftp::Tree> trees;
    if (config.tftp.listen.empty()) return trees;
    // Who asks by TFTP has no name: what may be done is said by the configuration alone.
    const bool writes = config.tftp.settings.write.mode != tftp::WriteMode::off;
    for (const std::string& folder : config.tftp.roots) {
        auto filesystem = posix_filesystem(folder, config.filesystem);
        if (!filesystem) {
            Error error = std::move(filesystem.error());
            error.message = fmt::format("tftp.roots: {}; make the folder, or correct its path", error.message);
            return std::unexpected(std::move(error));
        }
        User user;
        user.anonymous = true;
        user.filesystem = std::move(*filesystem);
        user.permissions = writes ? perm::read | perm::drop : perm::read;
        const std::string shown = config.tftp.accept_full_path ? folder : std::string();
        trees.push_back({std::make_shared<const User>(std::move(user)), shown});
    }
    if (trees.empty() && anonymous) {
        const std::string shown = config.tftp.accept_full_path ? config.anonymous.folder : std::string();
        trees.push_back({anonymous, shown});
    }
    return trees;
}

}  // namespace wherry
