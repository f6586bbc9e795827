#include "i2ftp/iccode.h"

#include <algorithm>
#include <stdexcept>

#include "i2ftp/digest.h"

namespace wherry::i2ftp {
namespace {

constexpr unsigned low(unsigned number) { return number & 255U; }

// Level 3 of all 1024 columns, written such that the compiler makes vectors of it.
template <bool encoding>
[[gnu::always_inline]] inline void row(Byte* __restrict data, Byte* __restrict state, const Byte* __restrict key) {
    for (std::size_t i = 0; i < Iccode::columns; ++i) {
        const auto u = state[i];
        const auto once = static_cast<Byte>(u + static_cast<Byte>(u * u));
        const auto square = static_cast<Byte>(once * once);
        const auto mask = static_cast<Byte>(once + static_cast<Byte>(square * once));
        const Byte in = data[i];
        const auto out = static_cast<Byte>(encoding ? in + mask : in - mask);
        const Byte plain = encoding ? in : out;
        state[i] = static_cast<Byte>(u + static_cast<Byte>(plain * key[i]));
        data[i] = out;
    }
}

using Step = void (*)(Byte* data, Byte* state, const Byte* key);

template <bool encoding>
void plain_row(Byte* data, Byte* state, const Byte* key) {
    row<encoding>(data, state, key);
}
#if defined(__x86_64__)
template <bool encoding>
[[gnu::target("avx2")]] void avx2_row(Byte* data, Byte* state, const Byte* key) {
    row<encoding>(data, state, key);
}
#endif

template <bool encoding>
Step best_row([[maybe_unused]] Instructions most) noexcept {
#if defined(__x86_64__)
    if (most >= Instructions::avx2) return &avx2_row<encoding>;
#endif
    return &plain_row<encoding>;
}

}  // namespace

std::array<Byte, Iccode::columns> expand_key(View key) {
    Bytes all(key.begin(), key.end());
    for (int i = 0; i < 16; ++i) append(all, View(sha512(all)));
    std::array<Byte, Iccode::columns> out{};
    std::copy(all.begin() + static_cast<std::ptrdiff_t>(key.size()), all.end(), out.begin());
    std::fill(all.begin(), all.end(), Byte{0});
    return out;
}

std::array<Byte, 256> mix_table(int level) noexcept {
    std::array<Byte, 256> table{};
    for (unsigned u = 0; u < 256; ++u) {
        unsigned r = u;
        for (int exponent = 2; exponent <= level; ++exponent) {
            unsigned power = 1;
            for (int i = 0; i < exponent; ++i) power = low(power * r);
            r = low(r + power);
        }
        table[u] = static_cast<Byte>(r);
    }
    return table;
}

Iccode::Iccode(View key, int level, Instructions most)
    : key_(expand_key(key)), mix_(mix_table(level)), level_(level), most_(std::min(most, instructions())) {
    if (key.size() < least_key) throw std::invalid_argument("Iccode: the key is too short");
    reset();
}

void Iccode::reset() noexcept {
    column_ = 0;
    for (std::size_t i = 0; i < columns; ++i) state_[i] = static_cast<Byte>(key_[i] * 2);
}

void Iccode::encode(std::span<Byte> data) noexcept { run<true>(data); }
void Iccode::decode(std::span<Byte> data) noexcept { run<false>(data); }

template <bool encoding>
void Iccode::run_by_table(std::span<Byte> data, std::size_t column) noexcept {
    for (Byte& byte : data) {
        Byte& state = state_[column];
        const Byte mask = mix_[state];
        const Byte in = byte;
        byte = static_cast<Byte>(encoding ? in + mask : in - mask);
        state = static_cast<Byte>(state + (encoding ? in : byte) * key_[column]);
        column = (column + 1) % columns;
    }
}

template <bool encoding>
void Iccode::run(std::span<Byte> data) noexcept {
    const std::size_t begun = std::min(data.size(), (columns - column_) % columns);
    const std::size_t after = (column_ + data.size()) % columns;
    run_by_table<encoding>(data.first(begun), column_);
    data = data.subspan(begun);
    if (level_ == session_level) {
        const Step whole = best_row<encoding>(most_);
        for (; data.size() >= columns; data = data.subspan(columns)) whole(data.data(), state_.data(), key_.data());
    }
    run_by_table<encoding>(data, 0);
    column_ = after;
}

}  // namespace wherry::i2ftp
