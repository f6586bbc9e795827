#include "auth/crypt_hash.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace wherry {
namespace {

struct Golden {
    std::string_view form;
    std::string_view cost;
    std::string_view hash;
    std::string_view password = "correct horse";
};

// Made by crypt(3) of libxcrypt; $1$, $5$ and $6$ without rounds also by openssl passwd. The last two bcrypt lines are
// from the test of the reference implementation.
constexpr std::array golden{
    Golden{"$1$", "$1$", "$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80"},
    Golden{"$5$", "$5$", "$5$saltsaltsaltsalt$vzxOvVGSAthqKsVBFh1uWPorUBPL5g6mz42rSF1xpk5"},
    Golden{"$5$", "$5$rounds=1000$", "$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8"},
    Golden{"$6$", "$6$",
           "$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0"},
    Golden{"$6$", "$6$rounds=1000$",
           "$6$rounds=1000$saltsalt$4GMtaIz3E1AdDi2SmCokEW0ehi.HdxNDcL3fGE1XXuzvo6kbx7UOloZKONqEk5H3JrQA4NOfU8BmqFPrpG"
           "qwA1"},
    Golden{"$2a$", "$2a$04$", "$2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"},
    Golden{"$2b$", "$2b$04$", "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"},
    Golden{"$2y$", "$2y$04$", "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"},
    Golden{"$2a$", "$2a$05$", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
    Golden{"$2a$", "$2a$05$", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
    Golden{"$y$", "$y$j75$",
           "$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$PIXfxkMnVnTGkm11bblLyiZ5dMS9R8YnFBqe0UoF.q9"},
    Golden{"$y$", "$y$j75$", "$y$j75$saltsalt$5wlMXHz82Iqiv0ywbT8h3LCVssbi3h0Xh43jM7E7Tr2"},
    Golden{"$gy$", "$gy$j75$",
           "$gy$j75$k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$5bpQVSvpKJRd/WxiW4jR0r3ZdMTShX37Sk5o6w1hxPA"},
    Golden{"$7$", "$7$BU..../....",
           "$7$BU..../....k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$0GznWaXs..KTrM9kwBeDlnNE1aqivtnmxC7N3jN9yO/"},
};

class CryptHash : public ::testing::TestWithParam<Golden> {};

TEST_P(CryptHash, FormAndCostAreKnown) {
    const CryptForm* form = crypt_form(GetParam().hash);
    ASSERT_NE(form, nullptr);
    EXPECT_EQ(form->prefix, GetParam().form);
    EXPECT_EQ(form->weak, GetParam().form == "$1$");
    EXPECT_EQ(crypt_cost(GetParam().hash), GetParam().cost);
}

TEST_P(CryptHash, RightPasswordMatches) {
    EXPECT_EQ(verify_crypt(GetParam().hash, GetParam().password), CryptAnswer::match);
}

TEST_P(CryptHash, OtherPasswordsDoNot) {
    const std::string right(GetParam().password);
    for (const std::string& wrong : {right + "x", right.substr(1), std::string(), right + " ", std::string("x")}) {
        EXPECT_EQ(verify_crypt(GetParam().hash, wrong), CryptAnswer::mismatch) << wrong;
    }
}

TEST_P(CryptHash, ChangedDigestDoesNotMatch) {
    std::string hash(GetParam().hash);
    // Not the last digit: of bcrypt's it holds bits that do not count.
    char& digit = hash[hash.size() - 10];
    digit = digit == 'a' ? 'b' : 'a';
    EXPECT_EQ(verify_crypt(hash, GetParam().password), CryptAnswer::mismatch);
}

TEST_P(CryptHash, HashCutShortOrLengthenedIsNoHash) {
    const std::string hash(GetParam().hash);
    for (std::size_t length = 0; length < hash.size(); ++length) {
        EXPECT_EQ(crypt_form(hash.substr(0, length)), nullptr) << hash.substr(0, length);
    }
    EXPECT_EQ(crypt_form(hash + "a"), nullptr);
    EXPECT_EQ(crypt_form(hash + "\n"), nullptr);
    EXPECT_EQ(crypt_form(hash + std::string(1, '\0')), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Golden, CryptHash, ::testing::ValuesIn(golden));

class NoCryptHash : public ::testing::TestWithParam<std::string_view> {};

TEST_P(NoCryptHash, IsRefused) {
    EXPECT_EQ(crypt_form(GetParam()), nullptr);
    for (const std::string_view password : {"", "correct horse", "x", "*", "!"}) {
        EXPECT_EQ(verify_crypt(GetParam(), password), CryptAnswer::mismatch);
    }
    EXPECT_EQ(verify_crypt(GetParam(), GetParam()), CryptAnswer::mismatch);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, NoCryptHash,
    ::testing::Values("", "*", "!", "!!", "x", "*0", "*1", "!*", "$", "$$", "$1$", "$1$$", "$6$", "$6$saltsalt$", "$y$",
                      "$7$", "$2b$", "$2b$04$", "$5$a$b$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8",
                      "$y$k2XAnEHBqQ1Ct2aMXFKNa$PIXfxkMnVnTGkm11bblLyiZ5dMS9R8YnFBqe0UoF.q9", "correct horse",
                      "hunter2",
                      // DES and its extended form, NT, SHA-1 and Sun MD5: crypt(3) can, we do not
                      "abhfCpXqd4GrI", "_J9..abcdtIvPUrZYa6w", "$3$$cfc43211ba8dc470832267827cac1407",
                      "$sha1$249552$qI1BtUnBX7KMaJ4Nm21ApEnAsQXBW3KCZFqM$Z9JRkxS6faKrza29F4UVAPnKpF.E",
                      "$md5,rounds=45105$mA1BpMnB$$oUw5OxkTTGCSWpnVyMtSR0",
                      "$2x$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
                      // locked as passwd -l does it
                      "!$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80"));

// Its salt and digest are sound, but its N of 2^63 is not.
TEST(VerifyCrypt, CostBeyondAllBoundsFails) {
    const std::string hash = "$7$zU..../....saltsalt$0GznWaXs..KTrM9kwBeDlnNE1aqivtnmxC7N3jN9yO/";
    ASSERT_NE(crypt_form(hash), nullptr);
    EXPECT_EQ(verify_crypt(hash, "correct horse"), CryptAnswer::failed);
}

TEST(VerifyCrypt, LongPasswordsAreCutNotOverrun) {
    const std::string_view hash = golden[2].hash;
    EXPECT_EQ(verify_crypt(hash, std::string(511, 'a')), CryptAnswer::mismatch);
    EXPECT_EQ(verify_crypt(hash, std::string(512, 'a')), CryptAnswer::mismatch);
    EXPECT_EQ(verify_crypt(hash, std::string(100'000, 'a')), CryptAnswer::mismatch);
}

}  // namespace
}  // namespace wherry
