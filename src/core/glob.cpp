#include "core/glob.h"

#include <algorithm>

#include "core/text.h"

namespace wherry {

namespace {

std::size_t character_length(std::string_view text, std::size_t at) {
    return std::max<std::size_t>(utf8_length(text.substr(at)), 1);
}

}  // namespace

bool has_wildcard(std::string_view pattern) noexcept { return pattern.find_first_of("*?") != std::string_view::npos; }

std::size_t count_glob_stars(std::string_view pattern) noexcept {
    std::size_t stars = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '*' && (i == 0 || pattern[i - 1] != '*')) ++stars;
    }
    return stars;
}

bool glob_matches(std::string_view pattern, std::string_view name) noexcept {
    std::size_t p = 0;
    std::size_t n = 0;
    std::size_t after_star = std::string_view::npos;  // where the pattern goes on after the last star
    std::size_t star_end = 0;                         // where the name goes on if that star takes no more
    while (n < name.size()) {
        // Both texts are gone through by whole characters: only then is a match of the last star as good as one of all
        // stars before it.
        const std::string_view character = name.substr(n, character_length(name, n));
        const std::string_view wanted =
            p < pattern.size() ? pattern.substr(p, character_length(pattern, p)) : std::string_view();
        if (wanted == "*") {
            after_star = ++p;
            star_end = n;
        } else if (wanted == "?" || wanted == character) {
            p += wanted.size();
            n += character.size();
        } else if (after_star != std::string_view::npos) {
            star_end += character_length(name, star_end);
            n = star_end;
            p = after_star;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace wherry
