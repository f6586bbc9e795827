#include "testing/dialogue_text.h"

#include "core/text.h"

namespace wherry::testing {

std::string shown(std::string_view text) { return "\"" + for_log(text, 400) + "\""; }

std::string unquote(std::string_view text) {
    text = trim(text);
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') throw Mismatch("needs a text in quotes");
    std::string out;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        switch (text[++i]) {
            case 'r': out += '\r'; break;
            case 'n': out += '\n'; break;
            case 't': out += '\t'; break;
            case '0': out += '\0'; break;
            case 'x':
                out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
                i += 2;
                break;
            default: out += text[i];
        }
    }
    return out;
}

std::string_view word(std::string_view& rest) {
    rest = trim(rest);
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view first = rest.substr(0, end);
    rest = trim(rest.substr(end));
    return first;
}

std::chrono::nanoseconds span_of(std::string_view text) {
    const std::size_t unit = text.find_first_not_of("0123456789");
    const long count = std::stol(std::string(text.substr(0, unit)));
    const std::string_view name = text.substr(std::min(unit, text.size()));
    if (name == "ms") return std::chrono::milliseconds(count);
    if (name == "s") return std::chrono::seconds(count);
    if (name == "m") return std::chrono::minutes(count);
    if (name == "h") return std::chrono::hours(count);
    throw Mismatch("not a time: " + std::string(text));
}

}  // namespace wherry::testing
