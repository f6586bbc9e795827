#include "access/deflate.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace wherry {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes(std::string_view text) {
    const auto span = std::as_bytes(std::span(text));
    return {span.begin(), span.end()};
}

Bytes deflated(const Bytes& content, int level, std::size_t piece, std::size_t room) {
    Deflater deflater(level);
    Bytes out;
    Bytes buffer(room);
    for (std::size_t at = 0; at < content.size();) {
        const auto in = std::span(content).subspan(at, std::min(piece, content.size() - at));
        const Converted done = deflater.convert(in, buffer);
        at += done.consumed;
        out.insert(out.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(done.produced));
    }
    for (std::size_t done = 1; done != 0;) {
        done = deflater.finish(buffer);
        out.insert(out.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(done));
    }
    return out;
}

struct Inflated {
    Bytes content;
    Code code = Code::ok;
    bool ended = false;
};

Inflated inflated(const Bytes& packed, std::size_t piece, std::size_t room, std::uint64_t ratio = 0,
                  std::uint64_t free_bytes = 0) {
    Inflater inflater(ratio, free_bytes);
    Inflated result;
    Bytes buffer(room);
    bool full = false;
    for (std::size_t at = 0; at < packed.size() || full;) {
        const auto in = std::span(packed).subspan(at, std::min(piece, packed.size() - at));
        const auto done = inflater.convert(in, buffer);
        if (!done) {
            result.code = done.error().code;
            break;
        }
        at += done->consumed;
        full = done->produced == room;
        result.content.insert(result.content.end(), buffer.begin(),
                              buffer.begin() + static_cast<std::ptrdiff_t>(done->produced));
    }
    result.ended = inflater.ended();
    return result;
}

Bytes mixed_content(std::size_t size) {
    std::mt19937 dice(11);
    Bytes content(size);
    for (std::size_t i = 0; i < size; ++i) content[i] = std::byte(i % 3000 < 1500 ? dice() % 256 : 'a' + i % 7);
    return content;
}

TEST(Deflate, ComesBackWhateverThePieces) {
    const Bytes content = mixed_content(70000);
    for (const int level : {0, 1, 6, 9, -1}) {
        for (const std::size_t room : {std::size_t(1), std::size_t(100), std::size_t(100000)}) {
            const Bytes packed = deflated(content, level, 997, room);
            const Inflated back = inflated(packed, room, 513);
            EXPECT_EQ(back.code, Code::ok);
            EXPECT_TRUE(back.ended);
            EXPECT_TRUE(back.content == content) << level << " " << room;
        }
    }
}

TEST(Deflate, HasTheFormatOfZlib) {
    const Bytes packed = deflated(bytes("abc"), 6, 10, 100);
    ASSERT_GT(packed.size(), 6U);
    // RFC 1950 2.2: deflate with a window of 32 KiB; the two bytes are a multiple of 31.
    EXPECT_EQ(packed[0], std::byte(0x78));
    EXPECT_EQ((std::to_integer<unsigned>(packed[0]) * 256 + std::to_integer<unsigned>(packed[1])) % 31, 0U);
    EXPECT_EQ(Bytes(packed.end() - 4, packed.end()), bytes(std::string_view("\x02\x4d\x01\x27", 4)));
    EXPECT_EQ(deflated({}, 6, 1, 100), bytes(std::string_view("x\x9c\x03\0\0\0\0\x01", 8)));
}

TEST(Inflate, KnowsWhatIsDamaged) {
    const Bytes packed = deflated(bytes("some content"), 6, 100, 100);
    for (std::size_t size = 0; size < packed.size(); ++size) {
        const Inflated cut =
            inflated(Bytes(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size)), 100, 100);
        EXPECT_EQ(cut.code, Code::ok) << size;
        EXPECT_FALSE(cut.ended) << size;
    }
    for (std::size_t at = 0; at < packed.size(); ++at) {
        Bytes damaged = packed;
        damaged[at] ^= std::byte(0x55);
        const Inflated result = inflated(damaged, 100, 100);
        EXPECT_FALSE(result.ended && result.code == Code::ok) << at;
    }
    Bytes longer = packed;
    longer.push_back(std::byte(0));
    EXPECT_EQ(inflated(longer, 100, 100).code, Code::invalid);
    EXPECT_EQ(inflated(bytes("plain text"), 100, 100).code, Code::invalid);
}

// Security row 46: ten megabytes of zeros that travel as ten kilobytes.
TEST(Inflate, BoundsABomb) {
    const Bytes packed = deflated(Bytes(10 << 20), 9, 1 << 16, 1 << 16);
    ASSERT_LT(packed.size(), 20000U);
    EXPECT_EQ(inflated(packed, 4096, 65536).content.size(), 10U << 20U);
    EXPECT_EQ(inflated(packed, 4096, 65536, 200, 32 << 20).code, Code::ok);
    const Inflated bomb = inflated(packed, 4096, 65536, 200, 1 << 20);
    EXPECT_EQ(bomb.code, Code::quota);
    EXPECT_LT(bomb.content.size(), 4U << 20U);
    // What is merely well compressible is none.
    const Bytes text = deflated(mixed_content(1 << 20), 9, 1 << 16, 1 << 16);
    EXPECT_EQ(inflated(text, 4096, 65536, 200, 0).code, Code::ok);
}

}  // namespace
}  // namespace wherry
