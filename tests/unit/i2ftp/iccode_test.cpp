#include "i2ftp/iccode.h"

#include <gtest/gtest.h>

#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

Bytes encoded(View key, int level, Bytes data) {
    Iccode(key, level).encode(data);
    return data;
}
Bytes decoded(View key, int level, Bytes data) {
    Iccode(key, level).decode(data);
    return data;
}

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

TEST(Iccode, TheRecordedMessages) {
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

TEST(Iccode, TheRecordedCuts) {
    const Json all = vectors("cipher");
    for (const Json& row : all["cuts"]) {
        Iccode coder(unhex(row["key"]), row["level"].get<int>());
        std::size_t total = 0;
        for (const Json& cut : row["cuts"]) total += cut.get<std::size_t>();
        Bytes data = made(row["input"], total);
        std::size_t at = 0;
        for (std::size_t i = 0; i < row["cuts"].size(); ++i) {
            const auto part = std::span(data).subspan(at, row["cuts"][i].get<std::size_t>());
            coder.encode(part);
            EXPECT_EQ(hex(part), row["chunks"][i].get<std::string>()) << i;
            at += part.size();
        }
    }
}

TEST(Iccode, AnyCutsGiveTheSame) {
    SeededRandom random(7);
    const Bytes key = pattern(64, 1);
    const Bytes input = pattern(20000, 5);
    const Bytes whole = encoded(key, 3, input);
    for (int round = 0; round < 40; ++round) {
        Iccode coder(key, 3);
        Bytes data = input;
        for (std::size_t at = 0; at < data.size();) {
            const std::size_t size = std::min(data.size() - at, random.below(3000));
            coder.encode(std::span(data).subspan(at, size));
            at += size;
        }
        EXPECT_EQ(data, whole);
    }
}

TEST(Iccode, EachMessageBeginsAnew) {
    Iccode coder(view("ab"), 3);
    Bytes first = pattern(3000, 1);
    Bytes second = first;
    coder.encode(first);
    coder.reset();
    coder.encode(second);
    EXPECT_EQ(first, second);
}

TEST(Iccode, AKeyOfOneByteIsRefused) { EXPECT_THROW(Iccode(view("a"), 3), std::invalid_argument); }

}  // namespace
}  // namespace wherry::i2ftp
