#include "service/tftp_trees.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "service/lease_file.h"

namespace wherry {
namespace {

using enum tftp::WriteMode;

constexpr std::size_t most_file = std::size_t{1} << 20U;

// In whose name a folder is served. Who asks by TFTP has none: without an owner what may be done is said by the
// configuration alone.
NamedUser user_of(const Config& config, const NamedUser& owner, bool writes) {
    if (!config.tftp.user.empty() && owner.user) return owner;
    User user;
    user.anonymous = true;
    user.permissions = writes ? perm::read | perm::drop : perm::read;
    if (writes && config.tftp.settings.write.make_folders) user.permissions = user.permissions | Perm("m");
    return {std::make_shared<const User>(std::move(user))};
}

// In a folder that is not there, and need not be, nothing is found: it keeps its place, so that no other one serves
// what it would have.
Result<tftp::Tree> open_tree(const Config& config, const NamedUser& owner, const std::string& folder,
                             std::string_view key, std::vector<std::string>& warnings) {
    PosixOptions options = config.filesystem;
    options.sync = options.sync || config.tftp.fsync;
    options.as = owner.account;
    auto filesystem = posix_filesystem(folder, options);
    if (!filesystem && filesystem.error().code == Code::not_found && !config.tftp.require_roots) {
        warnings.push_back(
            fmt::format("{}: {}; nothing is served of it until a reload finds it", key, filesystem.error().message));
        filesystem = read_only_filesystem(memory_filesystem());
    }
    if (!filesystem) {
        Error error = std::move(filesystem.error());
        error.message = fmt::format("{}: {}; make the folder, or correct its path", key, error.message);
        return std::unexpected(std::move(error));
    }
    User user = *owner.user;
    user.filesystem = std::move(*filesystem);
    return tftp::Tree{std::make_shared<const User>(std::move(user)), folder, config.tftp.accept_full_path};
}

Result<void> open_trees(const Config& config, const NamedUser& owner, tftp::Policy& policy,
                        std::vector<std::string>& warnings) {
    const std::vector<tftp::Rule>& rules = config.tftp.settings.rules;
    const auto allows = [](const tftp::Rule& rule) { return rule.write.value_or(tftp::WriteMode::off) != off; };
    const bool writes = config.tftp.settings.write.mode != off || std::ranges::any_of(rules, allows);
    const NamedUser user = user_of(config, owner, writes);
    for (const std::string& folder : config.tftp.roots) {
        auto tree = open_tree(config, user, folder, "tftp.roots", warnings);
        if (!tree) return std::unexpected(std::move(tree.error()));
        policy.trees.push_back(std::move(*tree));
    }
    if (policy.trees.empty() && owner.user) {
        const bool named = !config.tftp.user.empty();
        policy.trees.push_back({owner.user, named ? "" : config.anonymous.folder, config.tftp.accept_full_path});
    }
    for (const tftp::Rule& rule : rules) {
        policy.rule_trees.emplace_back();
        if (rule.root.empty()) continue;
        auto tree = open_tree(config, user, rule.root, "tftp.rule.root", warnings);
        if (!tree) return std::unexpected(std::move(tree.error()));
        policy.rule_trees.back() = std::move(*tree);
    }
    return {};
}

// A file of rules; null if there is none. `parse` gives what it says and its errors.
template <class Rules, class Parse>
Result<std::shared_ptr<const Rules>> load(const std::string& file, Parse parse) {
    if (file.empty()) return nullptr;
    std::ifstream in(file, std::ios::binary);
    std::string content(most_file, '\0');
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (in.bad() || (!in.eof() && in.fail())) return fail_errno(errno, "reading", file);
    if (!in.eof()) return fail(Code::invalid, fmt::format("{}: is larger than {} bytes", file, most_file));
    content.resize(static_cast<std::size_t>(in.gcount()));
    auto [rules, errors] = parse(content);
    if (rules) return std::move(rules);
    std::string mistakes;
    for (const auto& error : errors) {
        mistakes += fmt::format("{}{}:{}: {}", mistakes.empty() ? "" : "\n", file, error.line, error.text);
    }
    return fail(Code::invalid, std::move(mistakes));
}

// That it is not there is no mistake: dnsmasq may make it later.
void set_leases(const std::string& file, tftp::Policy& policy, std::vector<std::string>& warnings) {
    if (file.empty()) return;
    const auto leases = std::make_shared<LeaseFile>(file);
    if (const auto there = leases->mac_of(net::Address(), 0); !there) {
        warnings.push_back(fmt::format("tftp.names.lease_file: {}", there.error().message));
    }
    policy.other_macs = [leases](const net::Address& peer, std::int64_t now) { return leases->mac_of(peer, now); };
}

}  // namespace

Result<std::shared_ptr<const tftp::Remap>> load_tftp_map(const std::string& file, const tftp::RemapOptions& options) {
    return load<tftp::Remap>(file, [&](std::string_view content) {
        auto parsed = tftp::Remap::parse(content, options);
        return std::pair(std::move(parsed.rules), std::move(parsed.errors));
    });
}

std::vector<std::string> tftp_map_warnings(const std::string& file, const std::shared_ptr<const tftp::Remap>& rules) {
    std::vector<std::string> out;
    if (!rules) return out;
    for (const tftp::RemapProblem& warning : rules->warnings()) {
        out.push_back(fmt::format("{}:{}: {}", file, warning.line, warning.text));
    }
    return out;
}

Result<NamedUser> tftp_owner(const Config& config, const UserSources& users, const UserPtr& anonymous) {
    if (!config.tftp.served() || config.tftp.user.empty()) return NamedUser{anonymous};
    auto user = users.user_named(config.tftp.user);
    if (user) return user;
    user.error().message = fmt::format("tftp.user: {}; add one, or name another one", user.error().message);
    return user;
}

Result<tftp::Policy> open_tftp_policy(const Config& config, const NamedUser& owner,
                                      std::vector<std::string>& warnings) {
    tftp::Policy policy{.settings = config.tftp.settings};
    if (!config.tftp.served()) return policy;
    if (auto opened = open_trees(config, owner, policy, warnings); !opened) {
        return std::unexpected(std::move(opened.error()));
    }
    auto map = load_tftp_map(config.tftp.map_file, config.tftp.settings.map);
    if (!map) return std::unexpected(std::move(map.error()));
    policy.map = std::move(*map);
    std::ranges::move(tftp_map_warnings(config.tftp.map_file, policy.map), std::back_inserter(warnings));
    auto patterns = load<tftp::Patterns>(config.tftp.pattern_file, [](std::string_view content) {
        auto parsed = tftp::Patterns::parse(content);
        return std::pair(std::move(parsed.patterns), std::move(parsed.errors));
    });
    if (!patterns) return std::unexpected(std::move(patterns.error()));
    policy.patterns = std::move(*patterns);
    set_leases(config.tftp.lease_file, policy, warnings);
    return policy;
}

}  // namespace wherry
