// Perm and User::permissions_for of wherry/user.h.
#include <algorithm>
#include <string_view>

#include "core/text.h"
#include "wherry/user.h"

namespace wherry {

namespace {

constexpr std::string_view known_letters = "elradfmwMTSDO";

bool covers(const PermissionRule& rule, const Path& path) {
    if (rule.recursive) return path.is_inside(rule.directory);
    return path == rule.directory || path.parent() == rule.directory;
}

}  // namespace

std::optional<Perm> Perm::parse(std::string_view letters) {
    if (!std::all_of(letters.begin(), letters.end(), is_letter)) return std::nullopt;
    return Perm(letters);
}

std::string Perm::text() const {
    std::string out;
    for (const char letter : known_letters) {
        if (has(letter)) out += letter;
    }
    const auto add_own = [&](char first, char last) {
        for (char letter = first; letter <= last; ++letter) {
            if (has(letter) && !known_letters.contains(letter)) out += letter;
        }
    };
    add_own('a', 'z');
    add_own('A', 'Z');
    return out;
}

Perm User::permissions_for(const Path& path) const {
    const PermissionRule* best = nullptr;
    for (const PermissionRule& rule : rules) {
        if (!covers(rule, path)) continue;
        // All that cover `path` are above one another, so the longer text is the deeper directory. Of equals the last.
        if (best == nullptr || rule.directory.text().size() >= best->directory.text().size()) best = &rule;
    }
    return best == nullptr ? permissions : best->letters;
}

}  // namespace wherry
