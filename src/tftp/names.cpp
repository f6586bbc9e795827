#include "tftp/names.h"

#include <algorithm>
#include <ranges>

#include "core/glob.h"
#include "core/text.h"

namespace wherry::tftp {
namespace {

std::unexpected<Refusal> refused() { return std::unexpected(Refusal{ErrorCode::access, "Access violation"}); }

// Where `text` goes on behind `prefix`, if it begins with it at the border of a component.
std::string_view without(std::string_view text, std::string_view prefix) {
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    if (prefix.empty() || !text.starts_with(prefix)) return text;
    const auto rest = text.substr(prefix.size());
    return rest.starts_with('/') ? rest : text;
}

}  // namespace

std::expected<Path, Refusal> path_of_name(std::string_view raw, const NameRules& rules) {
    std::string name(raw);
    if (rules.backslash) std::replace(name.begin(), name.end(), '\\', '/');
    if (rules.letters == Case::lower) name = lower(name);
    std::string_view rest = name;
    for (const std::string& prefix : rules.strip_prefix) {
        rest = without(name, prefix);
        if (rest.size() != name.size()) break;
    }
    for (const auto component : std::views::split(rest, '/')) {
        if (std::string_view(component.begin(), component.end()) == "..") return refused();
    }
    auto path = Path::resolve(rest);
    if (!path && path.error().code == Code::name_not_allowed) {
        return std::unexpected(Refusal{ErrorCode::not_found, "File not found"});
    }
    if (!path || path->is_root()) return refused();
    return std::move(*path);
}

bool name_matches(const std::vector<std::string>& patterns, const Path& path) {
    const std::string_view name = path.text().substr(1);
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return glob_matches(pattern, name); });
}

}  // namespace wherry::tftp
