#pragma once
// Text as bytes: ASCII case, splitting, numbers, and the two ways a stranger's bytes are made fit to be shown.
//
// Nothing here looks at the locale, and no byte above 127 ever changes its case: toupper() of such a byte has crashed a
// server before. All functions may be called from any thread; those that return views return parts of their argument.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wherry {

constexpr char ascii_upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
constexpr char ascii_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) noexcept { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }
// 0 to 31 and 127.
constexpr bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 32 || c == 127; }

std::string upper(std::string_view text);
std::string lower(std::string_view text);
bool iequals(std::string_view a, std::string_view b) noexcept;
bool istarts_with(std::string_view text, std::string_view start) noexcept;

// The pieces between the separators; there is always one more piece than there are separators.
std::vector<std::string_view> split(std::string_view text, char separator);
// Without blanks, tabs, CR and LF at both ends.
std::string_view trim(std::string_view text) noexcept;

// A decimal number of digits only, at most 2^63 - 1: no sign, no blank, not empty. Leading zeros are digits.
std::optional<std::uint64_t> parse_u63(std::string_view text) noexcept;
// The same with a limit of the caller's.
std::optional<std::uint64_t> parse_at_most(std::string_view text, std::uint64_t most) noexcept;
void append_decimal(std::string& out, std::uint64_t number);

bool has_control(std::string_view text) noexcept;
// For replies and listings: each control byte (CR, LF, ESC, DEL, NUL ...) becomes '?', so that no name can end a line,
// start a reply or move a cursor. All other bytes stay as they are, UTF-8 or not: they are the name.
std::string printable(std::string_view text);
void append_printable(std::string& out, std::string_view text);

// For logs: control bytes, backslashes, bytes that are not UTF-8, and characters that move the cursor or turn the
// direction of writing are written as \xNN. The result has at most `max` bytes; what is cut off is marked by "...".
std::string for_log(std::string_view text, std::size_t max = 512);

// RFC 3629: no over-long forms, no surrogates, nothing above U+10FFFF.
bool valid_utf8(std::string_view text) noexcept;
// Bytes of the UTF-8 character that `text` begins with; 0 if it begins with none.
std::size_t utf8_length(std::string_view text) noexcept;

}  // namespace wherry
