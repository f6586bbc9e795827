// Patterns of NLST and LIST against a table of all positions. Input: the pattern, LF, the name.
#include "core/glob.h"

#include <vector>

#include "core/text.h"
#include "fuzz.h"

namespace {

// A text as its characters: UTF-8 ones where the bytes are such, else bytes.
std::vector<std::string_view> characters(std::string_view text) {
    std::vector<std::string_view> all;
    while (!text.empty()) {
        const std::size_t length = std::max<std::size_t>(wherry::utf8_length(text), 1);
        all.push_back(text.substr(0, length));
        text.remove_prefix(length);
    }
    return all;
}

// All pairs of a place in the pattern and one in the name, without any cleverness.
bool model(std::string_view pattern_text, std::string_view name_text) {
    const auto pattern = characters(pattern_text);
    const auto name = characters(name_text);
    std::vector<bool> reached(name.size() + 1, false);
    reached[0] = true;
    for (const std::string_view wanted : pattern) {
        std::vector<bool> next(name.size() + 1, false);
        if (wanted == "*") {
            bool any = false;
            for (std::size_t i = 0; i <= name.size(); ++i) next[i] = any = any || reached[i];
        } else {
            for (std::size_t i = 0; i < name.size(); ++i) {
                next[i + 1] = reached[i] && (wanted == "?" || wanted == name[i]);
            }
        }
        reached = std::move(next);
    }
    return reached[name.size()];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using wherry::fuzz::require;
    if (size > 4096) return 0;  // longer ones are refused by the limits of paths
    wherry::fuzz::Input input(data, size);
    const std::string_view pattern = input.until('\n');
    const std::string_view name = input.rest();
    require(wherry::glob_matches(pattern, name) == model(pattern, name), "matching is that of the model");
    require(wherry::glob_matches("*", name), "a star matches everything");
    require(wherry::glob_matches(name, name) || wherry::has_wildcard(name), "a name matches itself");
    require(wherry::count_glob_stars(pattern) == 0 || wherry::has_wildcard(pattern), "a star is a wildcard");
    return 0;
}
