#include "ftp/words.h"

#include <algorithm>

#include "core/text.h"

namespace wherry::ftp {

namespace {

std::string_view without_blanks(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    return text;
}

// The word in quotes that `rest` begins with, taken off.
Result<std::string> take_quoted(std::string_view& rest) {
    std::string word;
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (rest[i] != '"') {
            word += rest[i];
        } else if (rest.substr(i + 1).starts_with('"')) {
            word += rest[++i];
        } else {
            rest.remove_prefix(i + 1);
            return word;
        }
    }
    return fail(Code::invalid, "a quote is not closed");
}

Result<std::vector<std::string>> split_by(std::string_view text, char separator) {
    std::vector<std::string> words;
    for (std::string_view rest = without_blanks(text); !rest.empty();) {
        if (words.size() == most_words) return fail(Code::invalid, "too many words");
        if (rest.front() == '"') {
            auto word = take_quoted(rest);
            if (!word) return std::unexpected(std::move(word.error()));
            words.push_back(std::move(*word));
            const bool apart = rest.empty() || rest.front() == ' ' || rest.front() == separator;
            if (!apart) return fail(Code::invalid, "something follows a quote");
        } else {
            const std::size_t end = std::min(rest.find(separator), rest.size());
            std::string_view word = rest.substr(0, end);
            while (word.ends_with(' ')) word.remove_suffix(1);
            words.emplace_back(word);
            rest.remove_prefix(end);
        }
        if (words.back().empty()) return fail(Code::invalid, "an empty word");
        rest = without_blanks(rest);
        if (separator == ' ' || rest.empty()) continue;
        if (rest.front() != separator) return fail(Code::invalid, "something follows a quote");
        rest = without_blanks(rest.substr(1));
        if (rest.empty()) return fail(Code::invalid, "nothing follows a comma");
    }
    return words;
}

// A number at the end of `text`, behind a blank and something else, taken off with that blank.
std::optional<std::uint64_t> take_last_number(std::string_view& text) {
    const std::size_t blank = text.rfind(' ');
    if (blank == std::string_view::npos || blank == 0) return std::nullopt;
    const auto number = parse_u63(text.substr(blank + 1));
    if (number) text = text.substr(0, blank);
    return number;
}

Result<RangedPath> parse_quoted(std::string_view text) {
    const auto words = split_words(text);
    if (!words) return std::unexpected(words.error());
    RangedPath result{.path = words->front()};
    std::uint64_t* const numbers[] = {&result.from, &result.to};
    if (words->size() > 3) return fail(Code::invalid, "too many words");
    for (std::size_t i = 1; i < words->size(); ++i) {
        const auto number = parse_u63((*words)[i]);
        if (!number) return fail(Code::invalid, "not a number");
        *numbers[i - 1] = *number;
    }
    return result;
}

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view text) { return split_by(text, ' '); }
Result<std::vector<std::string>> split_list(std::string_view text) { return split_by(text, ','); }

std::string one_word(std::string_view text) {
    if (!text.empty() && !text.starts_with('"') && text.find_first_of(" ,") == std::string_view::npos) {
        return std::string(text);
    }
    std::string out = "\"";
    for (const char c : text) out.append(c == '"' ? 2 : 1, c);
    return out += '"';
}

Result<RangedPath> parse_ranged_path(std::string_view text) {
    if (text.starts_with('"')) return parse_quoted(text);
    RangedPath result{.path = std::string(text)};
    std::string_view rest = text;
    const auto last = take_last_number(rest);
    if (!last) return result;
    const auto first = take_last_number(rest);
    result.whole = std::move(result.path);
    result.path = rest;
    result.from = first.value_or(*last);
    if (first) result.to = *last;
    return result;
}

}  // namespace wherry::ftp
