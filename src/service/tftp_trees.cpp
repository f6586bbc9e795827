#include "service/tftp_trees.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <utility>

namespace wherry {
namespace {

constexpr std::size_t most_map_file = std::size_t{1} << 20U;

}  // namespace

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

Result<std::shared_ptr<const tftp::Remap>> load_tftp_map(const std::string& file) {
    if (file.empty()) return nullptr;
    std::ifstream stream(file, std::ios::binary);
    std::string content(most_map_file, '\0');
    stream.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (stream.bad() || (!stream.eof() && stream.fail())) return fail_errno(errno, "reading", file);
    if (!stream.eof()) return fail(Code::invalid, fmt::format("{}: is larger than {} bytes", file, most_map_file));
    content.resize(static_cast<std::size_t>(stream.gcount()));
    auto parsed = tftp::Remap::parse(content);
    if (parsed.rules) return std::move(parsed.rules);
    std::string mistakes;
    for (const auto& error : parsed.errors) {
        mistakes += fmt::format("{}{}:{}: {}", mistakes.empty() ? "" : "\n", file, error.line, error.text);
    }
    return fail(Code::invalid, std::move(mistakes));
}

}  // namespace wherry
