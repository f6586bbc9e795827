#pragma once
// One block of MD5 (RFC 1321 3.4), for one message in a std::uint32_t or for several in the lanes of a vector type.
// Everything is inlined into whoever calls it, so that it is compiled for the instructions which that function may use.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "i2ftp/bytes.h"

namespace wherry::i2ftp::md5_rounds {

inline constexpr std::array<std::uint32_t, 64> sines{
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
inline constexpr std::array<int, 16> shifts{7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
inline constexpr std::array<std::uint32_t, 4> start{0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U};

template <std::size_t step>
constexpr std::size_t word_of() {
    if constexpr (step < 16) return step;
    if constexpr (step < 32) return (5 * step + 1) % 16;
    if constexpr (step < 48) return (3 * step + 5) % 16;
    return (7 * step) % 16;
}

template <std::size_t step, class Word>
[[gnu::always_inline]] inline void one_step(std::array<Word, 4>& s, const std::array<Word, 16>& words) {
    Word& a = s[(64 - step) % 4];
    const Word b = s[(65 - step) % 4];
    const Word c = s[(66 - step) % 4];
    const Word d = s[(67 - step) % 4];
    Word f;
    if constexpr (step < 16) {
        f = d ^ (b & (c ^ d));
    } else if constexpr (step < 32) {
        f = c ^ (d & (b ^ c));
    } else if constexpr (step < 48) {
        f = b ^ c ^ d;
    } else {
        f = c ^ (b | ~d);
    }
    constexpr int shift = shifts[(step / 16) * 4 + step % 4];
    const Word sum = a + f + words[word_of<step>()] + sines[step];
    a = b + ((sum << shift) | (sum >> (32 - shift)));
}

template <class Word, std::size_t... step>
[[gnu::always_inline]] inline void all_steps(std::array<Word, 4>& s, const std::array<Word, 16>& words,
                                             std::index_sequence<step...>) {
    (one_step<step>(s, words), ...);
}

template <class Word>
[[gnu::always_inline]] inline void block(std::array<Word, 4>& state, const std::array<Word, 16>& words) {
    std::array<Word, 4> s = state;
    all_steps(s, words, std::make_index_sequence<64>());
    for (std::size_t i = 0; i < 4; ++i) state[i] += s[i];
}

// --- several messages ----------------------------------------------------------------------------

template <std::size_t lanes>
struct VectorOf {
    typedef std::uint32_t type __attribute__((vector_size(4 * lanes)));
};

// One stage of turning a square of lanes x lanes words: exchanges the halves of `stride` words.
template <int stride, class Vector, int... j>
[[gnu::always_inline]] inline void exchange(Vector& upper, Vector& lower, std::integer_sequence<int, j...>) {
    constexpr int lanes = sizeof...(j);
    const Vector first = __builtin_shufflevector(upper, lower, ((j & stride) == 0 ? j : lanes + j - stride)...);
    lower = __builtin_shufflevector(upper, lower, ((j & stride) == 0 ? j + stride : lanes + j)...);
    upper = first;
}

template <int stride, class Vector, std::size_t lanes>
[[gnu::always_inline]] inline void turn(std::array<Vector, lanes>& rows) {
    if constexpr (stride > 0) {
        for (std::size_t i = 0; i < lanes; ++i) {
            if ((i & static_cast<std::size_t>(stride)) == 0) {
                exchange<stride>(rows[i], rows[i + static_cast<std::size_t>(stride)],
                                 std::make_integer_sequence<int, static_cast<int>(lanes)>());
            }
        }
        turn<stride / 2>(rows);
    }
}

// words[w][lane] = word w of the 64 bytes at from[lane].
template <std::size_t lanes, class Vector>
[[gnu::always_inline]] inline void load(const std::array<const Byte*, lanes>& from, std::array<Vector, 16>& words) {
    for (std::size_t group = 0; group < 16; group += lanes) {
        std::array<Vector, lanes> rows;
        for (std::size_t lane = 0; lane < lanes; ++lane) std::memcpy(&rows[lane], from[lane] + 4 * group, 4 * lanes);
        turn<static_cast<int>(lanes / 2)>(rows);
        for (std::size_t i = 0; i < lanes; ++i) words[group + i] = rows[i];
    }
}

// The sums of `lanes` messages of `length` bytes each. Little-endian machines only, as all of Wherry.
template <std::size_t lanes>
[[gnu::always_inline]] inline void several(const View* messages, std::array<Byte, 16>* sums) {
    using Vector = typename VectorOf<lanes>::type;
    const std::size_t length = messages[0].size();
    std::array<Vector, 4> state;
    for (std::size_t i = 0; i < 4; ++i) state[i] = Vector{} + start[i];
    std::array<const Byte*, lanes> at;
    for (std::size_t lane = 0; lane < lanes; ++lane) at[lane] = messages[lane].data();
    std::array<Vector, 16> words;
    for (std::size_t done = 0; done + 64 <= length; done += 64) {
        load<lanes>(at, words);
        block(state, words);
        for (const Byte*& one : at) one += 64;
    }
    // What is left, the one bit and the length: one block or two.
    const std::size_t rest = length % 64;
    const std::size_t padded = rest < 56 ? 64 : 128;
    std::array<std::array<Byte, 128>, lanes> tails{};
    const std::uint64_t bits = std::uint64_t{length} * 8;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        if (rest > 0) std::memcpy(tails[lane].data(), at[lane], rest);
        tails[lane][rest] = 0x80;
        std::memcpy(tails[lane].data() + padded - 8, &bits, 8);
        at[lane] = tails[lane].data();
    }
    for (std::size_t done = 0; done < padded; done += 64) {
        load<lanes>(at, words);
        block(state, words);
        for (const Byte*& one : at) one += 64;
    }
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        for (std::size_t i = 0; i < 4; ++i) {
            const std::uint32_t word = state[i][lane];
            std::memcpy(sums[lane].data() + 4 * i, &word, 4);
        }
    }
}

}  // namespace wherry::i2ftp::md5_rounds
