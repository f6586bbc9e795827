#pragma once
// Glob: `*` and `?` in file names, for one path component.
//
// `*` stands for any run of characters, `?` for one (a whole UTF-8 character where the bytes are one, else a byte). All
// else stands for itself, character by character: a torn UTF-8 character matches no part of a whole one. There are no
// brackets, braces or escapes, since each of these has made a server search for minutes (CVE-2011-0418). The work is
// bounded by pattern times name whatever the pattern, because only the last `*` is ever tried again. Patterns of
// strangers are still to be refused above max_glob_stars, before a big directory is gone through with them.
#include <cstddef>
#include <string_view>

namespace wherry {

inline constexpr std::size_t max_glob_stars = 4;

bool has_wildcard(std::string_view pattern) noexcept;
// Runs of `*`; several in a row count as one.
std::size_t count_glob_stars(std::string_view pattern) noexcept;
// True if all of `name` matches. No case folding, and a leading dot is no special case.
bool glob_matches(std::string_view pattern, std::string_view name) noexcept;

}  // namespace wherry
