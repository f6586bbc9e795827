#pragma once
// What a user name may be, for every authenticator and before any of them is asked.
#include <cstddef>
#include <string_view>

#include "core/text.h"

namespace wherry {

inline constexpr std::size_t max_user_name = 255;  // bytes

// 1 to 255 bytes, none of them 0-31 or 127: a NUL has ended names early for others (CVE-2025-47812), a line end forges
// lines of a log. Bytes above 127 pass, valid UTF-8 or not.
inline bool is_user_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= max_user_name && !has_control(name);
}

}  // namespace wherry
