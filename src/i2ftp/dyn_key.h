#pragma once
// The two time tokens of I2TCP 2.1: T64 ("DynKey") and T16 ("DynKey16"). Pure arithmetic on a key and a window of time.
//
// Source: the description of the wire in docs/i2ftp.md, "Tokens". The original computes T64 in binary64; the integer
// form here gives the same for every operand that can occur.
#include <array>
#include <cstdint>
#include <optional>

#include "i2ftp/bytes.h"

namespace wherry::i2ftp {

using Token64 = std::array<Byte, 64>;
using Token16 = std::array<Byte, 16>;

// Which window a moment lies in. `unix_time`: seconds since 1970-01-01, with fractions.
std::int64_t t64_window(double unix_time) noexcept;  // of 100 seconds
std::int64_t t16_window(double unix_time) noexcept;  // of 60 seconds

Token64 t64(View key, std::int64_t window);
// `secret` is not the key itself: preauth_secret(key). nullopt: the window is not within 0 to 2^32 - 1 (a clock that
// stands before 1970).
std::optional<Token16> t16(View secret, std::int64_t window);
Token16 preauth_secret(View key) noexcept;

}  // namespace wherry::i2ftp
