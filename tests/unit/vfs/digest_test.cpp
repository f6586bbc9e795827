#include "vfs/digest.h"

#include <gtest/gtest.h>

#include "testing/files.h"

namespace wherry {
namespace {

std::string digest(Hash hash, std::string_view text, std::size_t piece = 1000) {
    Digest digest = Digest::begin(hash).value();
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
        digest.add(testing::bytes_of(text.substr(0, piece)));
    }
    return digest.finish();
}

// The check values of each algorithm's own specification.
TEST(Digest, GivesTheKnownAnswers) {
    EXPECT_EQ(digest(Hash::crc32, "123456789"), "cbf43926");
    EXPECT_EQ(digest(Hash::md5, "abc"), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(digest(Hash::sha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(digest(Hash::sha256, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digest(Hash::sha512, "abc"),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
              "454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Digest, OfNothingIsOne) {
    EXPECT_EQ(digest(Hash::crc32, ""), "00000000");
    EXPECT_EQ(digest(Hash::md5, ""), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(digest(Hash::sha256, ""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, DoesNotDependOnThePieces) {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += static_cast<char>(i * 7);
    for (const Hash hash : all_hashes) {
        EXPECT_EQ(digest(hash, text, 1), digest(hash, text, 3000)) << hash_name(hash);
        EXPECT_EQ(digest(hash, text, 63), digest(hash, text, 64)) << hash_name(hash);
    }
}

TEST(Digest, HasNames) {
    for (const Hash hash : all_hashes) EXPECT_EQ(hash_named(hash_name(hash)), hash);
    EXPECT_EQ(hash_named("sha-256"), Hash::sha256);
    for (const std::string_view bad : {"", "SHA256", "SHA-2", "MD5 ", "CRC"}) {
        EXPECT_EQ(hash_named(bad), std::nullopt) << bad;
    }
}

}  // namespace
}  // namespace wherry
