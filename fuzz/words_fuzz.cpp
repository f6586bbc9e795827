// Arguments of several words: COMB, SITE COPY, XCRC and its like, MMD5.
#include "ftp/words.h"

#include <string>

#include "fuzz.h"

using namespace wherry::ftp;
using wherry::fuzz::require;

namespace {

void check(const wherry::Result<std::vector<std::string>>& words, bool commas) {
    if (!words) return;
    require(words->size() <= most_words, "there is a limit");
    std::string again;
    for (const std::string& word : *words) {
        require(!word.empty(), "no word is empty");
        again.append(again.empty() ? "" : commas ? ", " : " ").append(one_word(word));
    }
    const auto same = commas ? split_list(again) : split_words(again);
    require(words->empty() || (same && *same == *words), "what was understood can be written down");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = wherry::fuzz::text_of(data, size);
    check(split_words(text), false);
    check(split_list(text), true);
    if (text.empty()) return 0;
    if (const auto path = parse_ranged_path(text)) {
        require(!path->path.empty(), "there is a path");
        require(path->whole.empty() || path->whole == text, "the whole is what came");
    }
    return 0;
}
