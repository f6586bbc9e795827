#pragma once
// A user who may have so much and no more.
#include <cstdint>
#include <string>

#include "wherry/user.h"

namespace wherry {

inline User limited(const std::string& name, std::uint64_t bytes, std::uint64_t files = 0) {
    User user;
    user.name = name;
    user.limits.storage = bytes;
    user.limits.files = files;
    return user;
}

}  // namespace wherry
