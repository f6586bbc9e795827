#pragma once
// The little that libsodium wants before and around its calls.
#include <sodium.h>

#include <string_view>

namespace wherry {

// libsodium initialised, by whichever thread comes first. False: it cannot be (no source of random bytes), and nothing
// that needs secrets may go on.
inline bool sodium_ready() {
    static const bool ready = sodium_init() >= 0;
    return ready;
}

inline const unsigned char* byte_pointer(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace wherry
