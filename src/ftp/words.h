#pragma once
// Arguments of several words, for the commands that no RFC has written a grammar for (COMB, XCRC, SITE COPY ...). Pure.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/result.h"

namespace wherry::ftp {

inline constexpr std::size_t most_words = 64;

// The words of `text`, separated by blanks. A word in quotes may hold blanks, and a doubled quote is one quote, as in
// 257 and in CSV. Code::invalid for a quote that is not closed or has no blank behind it, for an empty word, and for
// more than most_words.
Result<std::vector<std::string>> split_words(std::string_view text);
// The same, separated by commas with blanks around them; blanks inside a word need no quotes.
Result<std::vector<std::string>> split_list(std::string_view text);
// `text` in quotes if split_words() would not give it back as one word.
std::string one_word(std::string_view text);

// "path", "path from", "path from to": what XCRC and its like take. A path with blanks may be in quotes; if it is not,
// numbers at the end may belong to its name: `whole` is to be looked for first.
struct RangedPath {
    std::string path;
    std::string whole;       // the path if the numbers are part of it; empty: they are not, or there are none
    std::uint64_t from = 0;  // first byte
    std::uint64_t to = 0;    // behind the last byte; 0: to the end
};
Result<RangedPath> parse_ranged_path(std::string_view text);

}  // namespace wherry::ftp
