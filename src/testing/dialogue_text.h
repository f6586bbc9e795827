#pragma once
// The words of a dialogue's steps. Each function throws Mismatch for what it cannot read.
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace wherry::testing {

// A step that did not go as written; its message says what was expected or what came.
struct Mismatch : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// In quotes, fit for a message.
std::string shown(std::string_view text);
// The text between the quotes, with \r, \n, \t, \0, \xNN, \" and \\ resolved.
std::string unquote(std::string_view text);
// The first word, taken off the front of `rest`.
std::string_view word(std::string_view& rest);
// "300s", "5m", "250ms", "1h".
std::chrono::nanoseconds span_of(std::string_view text);

}  // namespace wherry::testing
