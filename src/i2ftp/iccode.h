#pragma once
// Iccode: the stream cipher of I2TCP. It hides little (the lowest bit of every byte stays as it is, and equal messages
// have equal ciphertexts): compatibility, not security.
//
// Each of 1024 columns has one byte of the key and the sum of what went through it. Belongs to one thread.
#include <array>
#include <span>

#include "i2ftp/bytes.h"
#include "i2ftp/instructions.h"

namespace wherry::i2ftp {

class Iccode {
public:
    static constexpr std::size_t columns = 1024;
    static constexpr std::size_t least_key = 2;  // bytes; the original takes no shorter key

    static constexpr int session_level = 3;
    static constexpr int handshake_level = 6;

    // `level`: how often the mask is folded; 1 is not at all. `most`: what it may use, of what there is.
    Iccode(View key, int level, Instructions most = Instructions::avx512);

    // In place; goes on where the last call ended.
    void encode(std::span<Byte> data) noexcept;
    void decode(std::span<Byte> data) noexcept;
    // To the beginning: each message starts there.
    void reset() noexcept;

private:
    template <bool encoding>
    void run(std::span<Byte> data) noexcept;
    template <bool encoding>
    void run_by_table(std::span<Byte> data, std::size_t column) noexcept;

    alignas(64) std::array<Byte, columns> key_{};
    alignas(64) std::array<Byte, columns> state_{};  // the key byte times (2 + the sum of the column)
    std::array<Byte, 256> mix_{};
    int level_;
    Instructions most_;
    std::size_t column_ = 0;
};

// The key as the cipher uses it.
std::array<Byte, Iccode::columns> expand_key(View key);
// What becomes of each byte of the mask at a level.
std::array<Byte, 256> mix_table(int level) noexcept;

}  // namespace wherry::i2ftp
