#pragma once

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>
#include <string_view>

namespace wherry::bench {

/// A value, or one sentence that says what went wrong. The tools know no error that could be handled: a sentence ends
/// the session it came from, is counted, and appears in the report.
template <class T = void>
using Result = std::expected<T, std::string>;

inline std::unexpected<std::string> fail(std::string sentence) { return std::unexpected(std::move(sentence)); }

/// "what: reason", with the reason of the given errno.
inline std::unexpected<std::string> fail_errno(std::string_view what, int error = errno) {
    return fail(std::string(what) + ": " + std::strerror(error));
}

}  // namespace wherry::bench
