#include "i2ftp/md5.h"

#include <gtest/gtest.h>

#include <utility>

#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

constexpr std::pair<std::string_view, std::string_view> rfc1321[]{
    {"", "d41d8cd98f00b204e9800998ecf8427e"},
    {"a", "0cc175b9c0f1b6a831c399e269772661"},
    {"abc", "900150983cd24fb0d6963f7d28e17f72"},
    {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
    {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
     "57edf4a22be3c955ac49da2e2107b67a"},
};

TEST(Md5, TheSuiteOfRfc1321) {
    for (const auto& [message, sum] : rfc1321) EXPECT_EQ(hex(md5(message)), sum) << message;
}

TEST(Md5, AnyPiecesGiveTheSameSum) {
    const Bytes whole = pattern(1000, 3);
    SeededRandom random(1);
    for (int round = 0; round < 50; ++round) {
        Md5 sum;
        for (View rest = whole; !rest.empty();) {
            const std::size_t taken = 1 + random.below(rest.size());
            sum.update(rest.first(taken));
            rest = rest.subspan(taken);
        }
        EXPECT_EQ(sum.finish(), md5(View(whole)));
    }
}

TEST(Md5, EveryLengthMatchesLibcrypto) {
    for (std::size_t length = 0; length < 260; ++length) {
        const Bytes message = pattern(length, static_cast<unsigned>(length));
        Digest other(Digest::Kind::md5);
        other.update(message);
        EXPECT_EQ(hex(md5(View(message))), other.finish()) << length;
    }
}

class Md5Lanes : public testing::TestWithParam<Lanes> {};

TEST_P(Md5Lanes, ManyAtOnceAreWhatTheyAreAlone) {
    for (const std::size_t length : {0U, 1U, 55U, 56U, 63U, 64U, 65U, 119U, 120U, 128U, 1000U, 32758U}) {
        for (const std::size_t count : {1U, 3U, 4U, 7U, 8U, 15U, 16U, 17U, 35U}) {
            std::vector<Bytes> messages;
            for (std::size_t i = 0; i < count; ++i) messages.push_back(pattern(length, static_cast<unsigned>(i * 5)));
            std::vector<View> views(messages.begin(), messages.end());
            std::vector<Md5Sum> sums(count);
            md5_many(views, sums, GetParam());
            for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(sums[i], md5(views[i])) << length << " x " << count;
        }
    }
}

TEST_P(Md5Lanes, TheSuiteOfRfc1321) {
    for (const auto& [message, sum] : rfc1321) {
        const std::vector<View> views(16, view(message));
        std::vector<Md5Sum> sums(views.size());
        md5_many(views, sums, GetParam());
        for (const Md5Sum& one : sums) EXPECT_EQ(hex(one), sum) << message;
    }
}

TEST_P(Md5Lanes, NeighboursMayDifferInLength) {
    std::vector<Bytes> messages;
    for (std::size_t i = 0; i < 60; ++i) messages.push_back(pattern(100 + (i / 7) * 13, static_cast<unsigned>(i)));
    std::vector<View> views(messages.begin(), messages.end());
    std::vector<Md5Sum> sums(messages.size());
    md5_many(views, sums, GetParam());
    for (std::size_t i = 0; i < messages.size(); ++i) EXPECT_EQ(sums[i], md5(views[i])) << i;
}

// Wider than the processor has is taken as the widest that it has.
INSTANTIATE_TEST_SUITE_P(All, Md5Lanes,
                         testing::Values(Lanes::one, Lanes::four, Lanes::eight, Lanes::sixteen, Lanes::best));

}  // namespace
}  // namespace wherry::i2ftp
