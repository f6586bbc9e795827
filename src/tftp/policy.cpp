#include "tftp/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/glob.h"
#include "vfs/filtered_fs.h"

namespace wherry::tftp {
namespace {

bool is_about(const Rule& rule, const Asker& asker) {
    using Direction = Rule::Direction;
    if (rule.op != Direction::both && (rule.op == Direction::write) != asker.write) return false;
    if (!rule.client.empty() && !net::any_contains(rule.client, asker.peer)) return false;
    if (!rule.local.empty() && !net::any_contains(rule.local, asker.local)) return false;
    if (!rule.interface.empty() && !glob_matches(rule.interface, asker.interface)) return false;
    if (!rule.name.empty() && !glob_matches(rule.name, asker.name)) return false;
    if (!rule.name_regex.is_in(asker.name)) return false;
    return rule.mac.empty() || (asker.mac && std::ranges::any_of(rule.mac, [&](const net::MacPrefix& prefix) {
                                    return prefix.contains(*asker.mac);
                                }));
}

// The first rule that says something of it counts.
template <class T, class To>
void take(std::optional<T>& found, const std::optional<T>& said, To& to) {
    if (found || !said) return;
    found = said;
    to = static_cast<To>(*said);
}

}  // namespace

std::string Tree::id_of(const Path& path) const {
    std::string id = folder;
    while (id.ends_with('/')) id.pop_back();
    // No path on a machine begins like that.
    if (folder.empty()) id = fmt::format("{}:", fmt::ptr(&vfs::without_filter(*user->filesystem)));
    return id.append(path.text());
}

bool needs_mac(const Policy& policy) noexcept {
    return policy.settings.client_root == ClientRoot::mac || (policy.map && policy.map->uses('m')) ||
           std::ranges::any_of(policy.settings.rules, [](const Rule& rule) { return !rule.mac.empty(); });
}

PolicyPtr policy_for(const PolicyPtr& base, const Asker& asker) {
    std::shared_ptr<Policy> out;
    Rule found;
    bool has_root = false;
    for (std::size_t i = 0; i < base->settings.rules.size(); ++i) {
        const Rule& rule = base->settings.rules[i];
        if (!is_about(rule, asker)) continue;
        if (!out) out = std::make_shared<Policy>(*base);
        Settings& settings = out->settings;
        take(found.read, rule.read, settings.reads);
        take(found.write, rule.write, settings.write.mode);
        take(found.refuse, rule.refuse, settings.options.refuse);
        take(found.blksize_max, rule.blksize_max, settings.options.blksize_max);
        take(found.mtu, rule.mtu, settings.mtu);
        take(found.windowsize_max, rule.windowsize_max, settings.options.windowsize_max);
        take(found.rto_fixed, rule.rto_fixed, settings.rto_fixed);
        take(found.rollover, rule.rollover, settings.options.rollover);
        take(found.rate, rule.rate, asker.write ? settings.write.rate_per_transfer : settings.rate_per_transfer);
        take(found.pace, rule.pace, settings.timing.pace);
        if (!has_root && i < base->rule_trees.size() && base->rule_trees[i].user) {
            has_root = true;
            out->trees = {base->rule_trees[i]};
        }
    }
    if (!out) return base;
    out->settings.rules.clear();  // they have had their say; a transfer keeps this
    out->rule_trees.clear();
    return out;
}

}  // namespace wherry::tftp
