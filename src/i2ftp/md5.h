#pragma once
// MD5 (RFC 1321), which I2TCP uses for tokens and as the sum of every frame. Against accidents only: nobody should take
// it for security. Many messages of the same length at once are computed side by side in the lanes of vector registers,
// which is several times quicker than one after the other.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "i2ftp/bytes.h"

namespace wherry::i2ftp {

using Md5Sum = std::array<Byte, 16>;

// Bytes in, in any pieces; finish() once.
class Md5 {
public:
    void update(View bytes) noexcept;
    Md5Sum finish() noexcept;

private:
    std::array<std::uint32_t, 4> state_{0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U};
    std::array<Byte, 64> block_{};
    std::uint64_t length_ = 0;
};

Md5Sum md5(View bytes) noexcept;
inline Md5Sum md5(std::string_view bytes) noexcept { return md5(view(bytes)); }

// How many lanes md5_many may use; up to four need no special instructions. `best`: all that there are.
enum class Lanes : std::uint8_t { one, four, eight, sixteen, best };
// The widest that may be used here (instructions.h).
Lanes widest_lanes() noexcept;
// sums[i] of messages[i]. Runs of at least four neighbours of the same length are computed side by side.
void md5_many(std::span<const View> messages, std::span<Md5Sum> sums, Lanes lanes = Lanes::best) noexcept;

}  // namespace wherry::i2ftp
