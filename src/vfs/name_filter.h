#pragma once
// NameFilter: what NameRules say about one path. Pure; immutable after it is made, so any thread may ask.
#include <span>
#include <string_view>
#include <vector>

#include "wherry/filesystem.h"

namespace wherry::vfs {

class NameFilter {
public:
    explicit NameFilter(NameRules rules);

    // No operation may use this path: it, or a directory on the way to it, has a forbidden name.
    bool denies(const Path& path) const;
    // A listing of `directory` leaves out this name.
    bool hides(const Path& directory, std::string_view name) const;

private:
    // A pattern of one component, or of a whole path from the root.
    struct Pattern {
        std::vector<std::string> parts;
        bool whole = false;
    };
    static std::vector<Pattern> compile(const std::vector<std::string>& patterns);
    static bool matches(const Pattern& pattern, std::span<const std::string_view> path);

    std::vector<Pattern> hide_;
    std::vector<Pattern> deny_;
    DotFiles dot_files_;
};

}  // namespace wherry::vfs
