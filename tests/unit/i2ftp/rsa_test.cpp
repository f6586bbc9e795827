#include "i2ftp/rsa.h"

#include <gtest/gtest.h>

#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

TEST(Rsa, TheRecordedExchange) {
    const Json all = vectors("rsa");
    const auto key = RsaKey::from_pem(all["private_pem"].get<std::string>());
    ASSERT_TRUE(key);
    EXPECT_EQ(key->public_pem(), all["public_pem"].get<std::string>());
    ScriptedRandom random;
    random.will_give(unhex(all["padding"]));
    const Bytes session_key = unhex(all["session_key"]);
    const auto block = rsa_seal(key->public_pem(), session_key, random);
    ASSERT_TRUE(block);
    EXPECT_EQ(hex(*block), all["block"].get<std::string>());
    random.will_give(Bytes(64));
    EXPECT_EQ(key->open(*block, random), session_key);
}

TEST(Rsa, AnyLengthOfKeyThatTheOriginalTakes) {
    const auto key = RsaKey::from_pem(vectors("rsa")["private_pem"].get<std::string>()).value();
    SeededRandom random(1);
    for (const std::size_t size : {2U, 16U, 117U}) {
        const Bytes session_key = pattern(size, 1);
        EXPECT_EQ(key.open(rsa_seal(key.public_pem(), session_key, random).value(), random), session_key);
    }
    EXPECT_FALSE(rsa_seal(key.public_pem(), pattern(118, 1), random));
}

// A key of 0 or 1 bytes ends the original's service.
TEST(Rsa, ATooShortKeyIsReplacedByARandomOne) {
    const auto key = RsaKey::from_pem(vectors("rsa")["private_pem"].get<std::string>()).value();
    SeededRandom random(2);
    for (const std::size_t size : {0U, 1U}) {
        EXPECT_EQ(key.open(rsa_seal(key.public_pem(), Bytes(size, 9), random).value(), random).size(), 64U);
    }
}

TEST(Rsa, WhatIsNoKeyIsRefused) {
    SeededRandom random(3);
    for (const std::string_view pem : {"", "-----BEGIN RSA PUBLIC KEY-----\n",
                                       "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n",
                                       "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
        EXPECT_FALSE(rsa_seal(pem, pattern(64, 1), random)) << pem;
    }
    EXPECT_FALSE(RsaKey::from_pem("nothing of the kind"));
}

TEST(Rsa, AFreshKeyWorks) {
    const auto key = RsaKey::generate(1024);
    ASSERT_TRUE(key);
    EXPECT_TRUE(key->public_pem().starts_with("-----BEGIN RSA PUBLIC KEY-----\n"));
    EXPECT_TRUE(key->public_pem().ends_with("-----END RSA PUBLIC KEY-----\n"));
    SeededRandom random(4);
    const Bytes session_key = pattern(64, 8);
    EXPECT_EQ(key->open(rsa_seal(key->public_pem(), session_key, random).value(), random), session_key);
}

}  // namespace
}  // namespace wherry::i2ftp
