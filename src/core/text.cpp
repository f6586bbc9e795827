#include "core/text.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/hex.h"

namespace wherry {

namespace {

constexpr unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }
constexpr bool is_continuation(unsigned byte) { return (byte & 0xC0U) == 0x80U; }

constexpr char32_t code_point(std::string_view character) {
    if (character.size() == 1) return byte_at(character, 0);
    char32_t value = byte_at(character, 0) & (0x7FU >> character.size());
    for (std::size_t i = 1; i < character.size(); ++i) value = (value << 6U) | (byte_at(character, i) & 0x3FU);
    return value;
}

// C1 controls (CSI among them), line and paragraph separators, and the marks that turn the direction of writing.
constexpr bool deceives_reader(char32_t c) {
    return (c >= 0x80 && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

void append_escaped(std::string& out, std::string_view bytes) {
    for (const char c : bytes) {
        out += "\\x";
        append_hex(out, static_cast<std::uint8_t>(c), upper_hex_digits);
    }
}

}  // namespace

std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), ascii_upper);
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), ascii_lower);
    return out;
}

bool iequals(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

bool istarts_with(std::string_view text, std::string_view start) noexcept {
    return text.size() >= start.size() && iequals(text.substr(0, start.size()), start);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> pieces;
    while (true) {
        const std::size_t at = text.find(separator);
        pieces.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return pieces;
        text.remove_prefix(at + 1);
    }
}

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<std::uint64_t> parse_at_most(std::string_view text, std::uint64_t most) noexcept {
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (value > most / 10 || value * 10 > most - std::min(most, digit)) return std::nullopt;
        value = value * 10 + digit;
    }
    return value <= most ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> parse_u63(std::string_view text) noexcept {
    return parse_at_most(text, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

void append_decimal(std::string& out, std::uint64_t number) {
    char digits[std::numeric_limits<std::uint64_t>::digits10 + 1];
    out.append(digits, std::to_chars(std::begin(digits), std::end(digits), number).ptr);
}

bool has_control(std::string_view text) noexcept {
    bool found = false;  // no early exit: without one the loop becomes a vector loop
    for (const char c : text) found |= is_control(c);
    return found;
}

std::string printable(std::string_view text) {
    std::string out;
    append_printable(out, text);
    return out;
}

void append_printable(std::string& out, std::string_view text) {
    const std::size_t start = out.size();
    out.append(text);
    if (!has_control(text)) return;
    std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), is_control, '?');
}

std::size_t utf8_length(std::string_view text) noexcept {
    if (text.empty()) return 0;
    const unsigned first = byte_at(text, 0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(byte_at(text, i))) return 0;
    }
    const unsigned second = byte_at(text, 1);
    const bool over_long = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
    const bool surrogate = first == 0xED && second >= 0xA0;
    const bool too_large = first == 0xF4 && second >= 0x90;
    return over_long || surrogate || too_large ? 0 : length;
}

bool valid_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string for_log(std::string_view text, std::size_t max) {
    constexpr std::string_view cut = "...";
    std::string out;
    std::size_t fits = 0;  // length of `out` that leaves room for the mark
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
        const bool plain = length != 0 && !is_control(text[0]) && text[0] != '\\' &&
                           !(length > 1 && deceives_reader(code_point(character)));
        if (plain) {
            out.append(character);
        } else {
            append_escaped(out, character);
        }
        if (out.size() > max) {
            out.resize(fits);
            return out.append(cut.substr(0, max));
        }
        if (out.size() + cut.size() <= max) fits = out.size();
        text.remove_prefix(character.size());
    }
    return out;
}

}  // namespace wherry
