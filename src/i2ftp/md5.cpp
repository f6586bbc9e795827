#include "i2ftp/md5.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "i2ftp/instructions.h"
#include "i2ftp/md5_rounds.h"

namespace wherry::i2ftp {
namespace {

static_assert(std::endian::native == std::endian::little);

void one_block(std::array<std::uint32_t, 4>& state, const Byte* bytes) noexcept {
    std::array<std::uint32_t, 16> words;
    std::memcpy(words.data(), bytes, 64);
    md5_rounds::block(state, words);
}

void four_lanes(const View* messages, Md5Sum* sums) noexcept { md5_rounds::several<4>(messages, sums); }
#if defined(__x86_64__)
[[gnu::target("avx2")]] void eight_lanes(const View* messages, Md5Sum* sums) noexcept {
    md5_rounds::several<8>(messages, sums);
}
[[gnu::target("avx512f")]] void sixteen_lanes(const View* messages, Md5Sum* sums) noexcept {
    md5_rounds::several<16>(messages, sums);
}
#endif

// Computes as many neighbours of the same length as `most` lanes allow; how many that were.
std::size_t some(std::span<const View> messages, Md5Sum* sums, std::size_t equal, Lanes most) noexcept {
#if defined(__x86_64__)
    if (most >= Lanes::sixteen && equal >= 16) return sixteen_lanes(messages.data(), sums), 16;
    if (most >= Lanes::eight && equal >= 8) return eight_lanes(messages.data(), sums), 8;
#endif
    if (most >= Lanes::four && equal >= 4) return four_lanes(messages.data(), sums), 4;
    *sums = md5(messages.front());
    return 1;
}

}  // namespace

void Md5::update(View bytes) noexcept {
    const std::size_t have = length_ % 64;
    length_ += bytes.size();
    if (have > 0) {
        const std::size_t taken = std::min(bytes.size(), 64 - have);
        std::copy_n(bytes.begin(), taken, block_.begin() + static_cast<std::ptrdiff_t>(have));
        bytes = bytes.subspan(taken);
        if (have + taken < 64) return;
        one_block(state_, block_.data());
    }
    for (; bytes.size() >= 64; bytes = bytes.subspan(64)) one_block(state_, bytes.data());
    std::copy(bytes.begin(), bytes.end(), block_.begin());
}

Md5Sum Md5::finish() noexcept {
    const std::uint64_t bits = length_ * 8;
    constexpr std::array<Byte, 64> padding{0x80};
    const std::size_t have = length_ % 64;
    update(View(padding).first(have < 56 ? 56 - have : 120 - have));
    std::array<Byte, 8> length;
    std::memcpy(length.data(), &bits, 8);
    update(length);
    Md5Sum sum;
    std::memcpy(sum.data(), state_.data(), 16);
    return sum;
}

Md5Sum md5(View bytes) noexcept {
    Md5 sum;
    sum.update(bytes);
    return sum.finish();
}

Lanes widest_lanes() noexcept {
    switch (instructions()) {
        case Instructions::avx512: return Lanes::sixteen;
        case Instructions::avx2: return Lanes::eight;
        case Instructions::portable: break;
    }
    return Lanes::four;
}

void md5_many(std::span<const View> messages, std::span<Md5Sum> sums, Lanes lanes) noexcept {
    const Lanes most = std::min(lanes, widest_lanes());
    for (std::size_t at = 0; at < messages.size();) {
        std::size_t equal = 1;
        while (at + equal < messages.size() && messages[at + equal].size() == messages[at].size()) ++equal;
        for (const std::size_t end = at + equal; at < end;) {
            at += some(messages.subspan(at), sums.data() + at, end - at, most);
        }
    }
}

}  // namespace wherry::i2ftp
