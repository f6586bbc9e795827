#include "vfs/name_filter.h"

#include <algorithm>

#include "core/glob.h"
#include "core/text.h"

namespace wherry::vfs {

NameFilter::NameFilter(NameRules rules)
    : hide_(compile(rules.hide)), deny_(compile(rules.deny)), dot_files_(rules.dot_files) {}

std::vector<NameFilter::Pattern> NameFilter::compile(const std::vector<std::string>& patterns) {
    std::vector<Pattern> compiled;
    for (const std::string& text : patterns) {
        Pattern pattern;
        pattern.whole = text.find('/') != std::string::npos;
        for (const std::string_view part : split(text, '/')) {
            if (!part.empty()) pattern.parts.emplace_back(part);
        }
        if (!pattern.parts.empty()) compiled.push_back(std::move(pattern));
    }
    return compiled;
}

// Of a whole path: the object that the pattern names, not what lies below it.
bool NameFilter::matches(const Pattern& pattern, std::span<const std::string_view> path) {
    if (!pattern.whole) return glob_matches(pattern.parts.front(), path.back());
    return std::ranges::equal(pattern.parts, path, glob_matches);
}

// Each directory on the way counts, so that what is below a forbidden one is forbidden as well.
bool NameFilter::denies(const Path& path) const {
    const auto components = path.components();
    const std::span<const std::string_view> all(components);
    for (std::size_t depth = 1; depth <= all.size(); ++depth) {
        const auto front = all.first(depth);
        if (dot_files_ == DotFiles::deny && front.back().starts_with('.')) return true;
        if (std::ranges::any_of(deny_, [&](const Pattern& one) { return matches(one, front); })) return true;
    }
    return false;
}

bool NameFilter::hides(const Path& directory, std::string_view name) const {
    if (dot_files_ != DotFiles::show && name.starts_with('.')) return true;
    auto components = directory.components();
    components.push_back(name);
    const auto match = [&](const Pattern& one) { return matches(one, components); };
    return std::ranges::any_of(deny_, match) || std::ranges::any_of(hide_, match);
}

}  // namespace wherry::vfs
