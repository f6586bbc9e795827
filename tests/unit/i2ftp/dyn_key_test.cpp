#include "i2ftp/dyn_key.h"

#include <gtest/gtest.h>

#include "i2ftp/key_ring.h"
#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

TEST(DynKey, TheRecordedTokens) {
    const Json all = vectors("tokens");
    for (const Json& row : all["t64"]) {
        const auto window = t64_window(row["time"].get<double>()) + row["offset"].get<int>();
        EXPECT_EQ(window, row["window"].get<std::int64_t>()) << row;
        EXPECT_EQ(hex(t64(unhex(row["key"]), window)), row["token"].get<std::string>()) << row;
    }
    EXPECT_EQ(all["t64"].size(), 29U);
}

TEST(DynKey16, TheRecordedTokens) {
    const Json all = vectors("tokens");
    for (const Json& row : all["t16"]) {
        const auto window = t16_window(row["time"].get<double>()) + row["offset"].get<int>();
        EXPECT_EQ(window, row["window"].get<std::int64_t>()) << row;
        EXPECT_EQ(hex(t16(unhex(row["secret"]), window).value()), row["token"].get<std::string>()) << row;
    }
    for (const Json& row : all["preauth"]) {
        const auto window = t16_window(row["time"].get<double>()) + row["offset"].get<int>();
        EXPECT_EQ(hex(t16(preauth_secret(unhex(row["key"])), window).value()), row["token"].get<std::string>()) << row;
    }
    EXPECT_EQ(all["t16"].size() + all["preauth"].size(), 52U);
}

TEST(DynKey16, ThereIsNoneBefore1970) {
    EXPECT_FALSE(t16(view("secret"), -1));
    EXPECT_FALSE(t16(view("secret"), std::int64_t{1} << 32));
    EXPECT_TRUE(t16(view("secret"), 0));
}

TEST(MaskedToken, TheRecordedAnswers) {
    const Json all = vectors("tokens");
    for (const Json& row : all["masked"]) {
        const auto window = t64_window(row["time"].get<double>()) + row["offset"].get<int>();
        const auto answer = masked_token(unhex(row["key"]), fixed<64>(row["challenge"]), window);
        EXPECT_EQ(hex(answer), row["answer"].get<std::string>());
    }
    EXPECT_EQ(all["masked"].size(), 5U);
}

class Ring : public testing::Test {
protected:
    static constexpr double now = 1'700'000'030.5;
    KeyRing ring{{SharedKey("first key"), SharedKey("second key"), SharedKey("third key")}};
    Token64 challenge = fixed<64>(hex(pattern(64, 9)));

    static Token16 preauth(std::string_view key, int offset) {
        return t16(preauth_secret(view(key)), t16_window(now) + offset).value();
    }
    Token64 answer(std::string_view key, int offset) const {
        return masked_token(view(key), challenge, t64_window(now) + offset);
    }
};

TEST_F(Ring, NeighbouringWindowsAreAcceptedAndNoOthers) {
    const Json all = vectors("tokens");
    for (const Json& offset : all["accepted_offsets"]) {
        const auto by_16 = ring.match(preauth("second key", offset.get<int>()), now);
        ASSERT_TRUE(by_16) << offset;
        EXPECT_EQ(by_16->key, 1U);
        EXPECT_EQ(by_16->offset, offset.get<int>());
        EXPECT_TRUE(ring.match(1, challenge, answer("second key", offset.get<int>()), now)) << offset;
    }
    for (const Json& offset : all["refused_offsets"]) {
        EXPECT_FALSE(ring.match(preauth("second key", offset.get<int>()), now)) << offset;
        EXPECT_FALSE(ring.match(1, challenge, answer("second key", offset.get<int>()), now)) << offset;
        EXPECT_FALSE(ring.match_any(challenge, answer("second key", offset.get<int>()), now)) << offset;
    }
}

TEST_F(Ring, AnotherKeyDoesNotMatch) {
    EXPECT_FALSE(ring.match(preauth("fourth key", 0), now));
    EXPECT_FALSE(ring.match(0, challenge, answer("second key", 0), now));
    EXPECT_FALSE(ring.match_any(challenge, answer("fourth key", 0), now));
    EXPECT_EQ(ring.match_any(challenge, answer("third key", 0), now)->key, 2U);
}

TEST_F(Ring, AnAnswerIsForOneChallengeOnly) {
    const Token64 said = answer("first key", 0);
    challenge[5] ^= 1;
    EXPECT_FALSE(ring.match(0, challenge, said, now));
}

// Clocks that differ lock people out; the operator must be able to see by how much.
TEST_F(Ring, FindsOutByHowMuchAClockIsWrong) {
    EXPECT_FALSE(ring.match(preauth("first key", -30), now));
    EXPECT_EQ(ring.match(preauth("first key", -30), now, 60)->offset, -30);
    EXPECT_EQ(ring.match(preauth("first key", 60), now, 60)->offset, 60);
}

}  // namespace
}  // namespace wherry::i2ftp
