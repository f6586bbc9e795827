#pragma once
// Hexadecimal digits: of bytes, and what they stand for. Not for secrets: the time it takes may show what they are.
#include <cstdint>
#include <string>
#include <string_view>

namespace wherry {

inline constexpr std::string_view lower_hex_digits = "0123456789abcdef";
inline constexpr std::string_view upper_hex_digits = "0123456789ABCDEF";

// What a digit of either case stands for; -1: it is none.
constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
constexpr bool is_hex_digit(char c) noexcept { return hex_value(c) >= 0; }

// The two digits of a byte.
inline void append_hex(std::string& out, std::uint8_t byte, std::string_view digits = lower_hex_digits) {
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
}

// The byte of two digits; -1: they are not both digits.
constexpr int hex_byte(char high, char low) noexcept {
    return is_hex_digit(high) && is_hex_digit(low) ? hex_value(high) * 16 + hex_value(low) : -1;
}

}  // namespace wherry
