#pragma once
// Random: where ids, challenges and session keys come from. Tests bring their own, so that a recorded conversation can
// be had again byte for byte.
#include <span>

#include "i2ftp/bytes.h"

namespace wherry::i2ftp {

class Random {
public:
    virtual ~Random() = default;
    // From any thread.
    virtual void fill(std::span<Byte> out) = 0;

    Byte byte() {
        Byte one = 0;
        fill({&one, 1});
        return one;
    }
};

// The system's own, fit for secrets. Lives for ever and holds nothing.
Random& system_random();

}  // namespace wherry::i2ftp
