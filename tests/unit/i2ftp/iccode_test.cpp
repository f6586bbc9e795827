#include "i2ftp/iccode.h"

#include <gtest/gtest.h>

#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

// Each test with the portable way and with those of this processor.
class IccodeWays : public testing::TestWithParam<Instructions> {
protected:
    static Iccode coder(View key, int level) { return {key, level, GetParam()}; }
    static Bytes encoded(View key, int level, Bytes data) {
        coder(key, level).encode(data);
        return data;
    }
    static Bytes decoded(View key, int level, Bytes data) {
        coder(key, level).decode(data);
        return data;
    }
};

TEST(Iccode, TheRecordedKeysAndMixTables) {
    const Json all = vectors("cipher");
    for (const Json& row : all["expand"]) {
        EXPECT_EQ(hex(expand_key(unhex(row["key"]))), row["out"].get<std::string>());
    }
    for (const Json& row : all["mix"]) {
        EXPECT_EQ(hex(mix_table(row["level"].get<int>())), row["table"].get<std::string>()) << row["level"];
    }
    EXPECT_EQ(all["expand"].size(), 5U);
    EXPECT_EQ(all["mix"].size(), 7U);
}

TEST_P(IccodeWays, TheRecordedMessages) {
    const Json all = vectors("cipher");
    for (const Json& row : all["whole"]) {
        const Bytes key = unhex(row["key"]);
        const int level = row["level"].get<int>();
        const Bytes input = made(row["input"], row["length"].get<std::size_t>());
        const Bytes forth = encoded(key, level, input);
        const Bytes back = decoded(key, level, input);
        EXPECT_EQ(hex(sha256(forth)), row["encoded_sha256"].get<std::string>()) << row["length"];
        EXPECT_EQ(hex(sha256(back)), row["decoded_sha256"].get<std::string>()) << row["length"];
        EXPECT_EQ(hex(View(forth).first(std::min<std::size_t>(64, forth.size()))), row["encoded"].get<std::string>());
        EXPECT_EQ(decoded(key, level, forth), input);
    }
    EXPECT_EQ(all["whole"].size(), 26U);
}

TEST_P(IccodeWays, TheRecordedCuts) {
    const Json all = vectors("cipher");
    for (const Json& row : all["cuts"]) {
        Iccode one = coder(unhex(row["key"]), row["level"].get<int>());
        std::size_t total = 0;
        for (const Json& cut : row["cuts"]) total += cut.get<std::size_t>();
        Bytes data = made(row["input"], total);
        std::size_t at = 0;
        for (std::size_t i = 0; i < row["cuts"].size(); ++i) {
            const auto part = std::span(data).subspan(at, row["cuts"][i].get<std::size_t>());
            one.encode(part);
            EXPECT_EQ(hex(part), row["chunks"][i].get<std::string>()) << i;
            at += part.size();
        }
    }
}

TEST_P(IccodeWays, AnyCutsGiveTheSame) {
    SeededRandom random(7);
    const Bytes key = pattern(64, 1);
    const Bytes input = pattern(20000, 5);
    const Bytes whole = encoded(key, 3, input);
    for (int round = 0; round < 40; ++round) {
        Iccode one = coder(key, 3);
        Bytes data = input;
        for (std::size_t at = 0; at < data.size();) {
            const std::size_t size = std::min(data.size() - at, random.below(3000));
            one.encode(std::span(data).subspan(at, size));
            at += size;
        }
        EXPECT_EQ(data, whole);
    }
}

TEST_P(IccodeWays, EachMessageBeginsAnew) {
    Iccode one = coder(view("ab"), 3);
    Bytes first = pattern(3000, 1);
    Bytes second = first;
    one.encode(first);
    one.reset();
    one.encode(second);
    EXPECT_EQ(first, second);
}

INSTANTIATE_TEST_SUITE_P(All, IccodeWays, testing::Values(Instructions::portable, Instructions::avx512));

TEST(Iccode, AKeyOfOneByteIsRefused) { EXPECT_THROW(Iccode(view("a"), 3), std::invalid_argument); }

TEST(Instructions, ThePortableOnesAreToBeHadOnEveryMachine) {
    EXPECT_EQ(find_instructions("portable"), Instructions::portable);
    EXPECT_EQ(find_instructions(""), find_instructions("anything else"));
    EXPECT_LE(instructions(), find_instructions(""));
}

}  // namespace
}  // namespace wherry::i2ftp
