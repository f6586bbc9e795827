#pragma once
// "Did you mean ...?": the known word nearest to a mistyped one. For keys and names in files of the operator.
#include <cstddef>
#include <span>
#include <string_view>

namespace wherry {

// The words compared are cut to this many bytes, so that a line of a megabyte costs nothing.
inline constexpr std::size_t max_suggest_length = 64;

// How many single-byte slips lie between two words: a byte left out, put in, exchanged, or two neighbours swapped.
// ASCII case does not count.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The one of `known` with the fewest slips to `word`; of equals the first. Empty if none is near: more slips than a
// third of the word's length (but one is always allowed).
std::string_view suggest(std::string_view word, std::span<const std::string_view> known);

}  // namespace wherry
