#include "auth/password.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace wherry {
namespace {

using namespace std::string_literals;

constexpr PasswordCost cheap = PasswordCost::minimal();

std::string hash_of(const std::string& password) {
    const auto hash = hash_password(Password(password), cheap);
    EXPECT_TRUE(hash);
    return hash.value_or("");
}

bool matches(std::string_view hash, const std::string& password) {
    return verify_password(hash, Password(password), cheap).match;
}

bool lies_in(const Password& object, std::string_view text) {
    const std::string_view bytes(reinterpret_cast<const char*>(&object), sizeof(object));
    return bytes.contains(text);
}

// --- Password ------------------------------------------------------------------------------------

TEST(Password, MatchesItsEqualOnly) {
    const Password secret("s3cret");
    EXPECT_TRUE(secret.matches(Password("s3cret")));
    EXPECT_TRUE(secret.matches(secret));
    for (const std::string& other : {""s, "s3cre"s, "s3cret "s, "S3cret"s, "s3cret\0"s, std::string(5000, 's')}) {
        EXPECT_FALSE(secret.matches(Password(other))) << other;
        EXPECT_FALSE(Password(other).matches(secret)) << other;
    }
    EXPECT_TRUE(Password().matches(Password("")));
}

TEST(Password, CopiesAreEqualAndIndependent) {
    for (const std::string& text : {"short"s, std::string(100, 'x')}) {
        Password original(text);
        Password copy(original);
        original = Password("other");
        EXPECT_EQ(copy.text(), text);
        original = copy;
        EXPECT_EQ(original.text(), text);
        const Password& same = original;
        original = same;
        EXPECT_EQ(original.text(), text);
    }
}

// Short texts lie inside the object: moving leaves their bytes behind unless somebody wipes them.
TEST(Password, MovedFromHoldsNothing) {
    for (const std::string& text : {"short"s, std::string(100, 'x')}) {
        Password from(text);
        const Password to(std::move(from));
        EXPECT_EQ(to.text(), text);
        EXPECT_EQ(from.text(), "");  // NOLINT(bugprone-use-after-move)
        EXPECT_FALSE(lies_in(from, text.substr(1, 4)));

        Password source(text);
        Password target("something else that is longer than the small buffer");
        target = std::move(source);
        EXPECT_EQ(target.text(), text);
        EXPECT_EQ(source.text(), "");  // NOLINT(bugprone-use-after-move)
        EXPECT_FALSE(lies_in(source, text.substr(1, 4)));
    }
}

TEST(Password, DestructorWipesTheBytesInPlace) {
    alignas(Password) std::array<std::byte, sizeof(Password)> place{};
    auto* password = new (place.data()) Password("s3cret");
    const std::string_view bytes(reinterpret_cast<const char*>(place.data()), place.size());
    ASSERT_NE(bytes.find("s3cret"), std::string_view::npos);
    password->~Password();
    EXPECT_EQ(bytes.find("s3c"), std::string_view::npos);
    EXPECT_EQ(bytes.find("cret"), std::string_view::npos);
}

// --- making hashes -------------------------------------------------------------------------------

TEST(HashPassword, IsArgon2idOfTheAskedCostWithANewSaltEachTime) {
    const std::string hash = hash_of("s3cret");
    EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$")) << hash;
    EXPECT_NE(hash, hash_of("s3cret"));
    EXPECT_TRUE(is_password_hash(hash));
}

TEST(HashPassword, DefaultIsTheInteractiveCostOfLibsodium) {
    const auto hash = hash_password(Password("s3cret"));
    ASSERT_TRUE(hash);
    EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << *hash;
}

TEST(HashPassword, RefusesWhatCannotBeAPassword) {
    for (const auto& text : {""s, std::string(max_password + 1, 'a')}) {
        const auto hash = hash_password(Password(text), cheap);
        ASSERT_FALSE(hash);
        EXPECT_EQ(hash.error().code, Code::invalid);
    }
    EXPECT_TRUE(hash_password(Password(std::string(max_password, 'a')), cheap));
}

TEST(HashPassword, RefusesCostsOutOfRange) {
    for (const PasswordCost cost : {PasswordCost{0, 8192}, PasswordCost{1, 8191}, PasswordCost{1ULL << 33U, 8192}}) {
        const auto hash = hash_password(Password("s3cret"), cost);
        ASSERT_FALSE(hash);
        EXPECT_EQ(hash.error().code, Code::invalid);
    }
}

// --- checking them -------------------------------------------------------------------------------

TEST(VerifyPassword, TellsRightFromWrong) {
    for (const std::string& password :
         {"s3cret"s, "a"s, "p\xc3\xa4ss w\xc3\xb6rd"s, "\xff\xfe"s, "a\0b"s, "\n"s, std::string(max_password, 'a')}) {
        const std::string hash = hash_of(password);
        EXPECT_TRUE(matches(hash, password));
        EXPECT_FALSE(matches(hash, password + "x"));
        EXPECT_FALSE(matches(hash, password.substr(1)));
        EXPECT_FALSE(matches(hash, ""));
    }
}

TEST(VerifyPassword, NulByteEndsNothing) {
    EXPECT_FALSE(matches(hash_of("a"), "a\0b"s));
    EXPECT_FALSE(matches(hash_of("a\0b"s), "a"));
    EXPECT_FALSE(matches(hash_of("a\0b"s), "a\0c"s));
    // crypt(3) itself would stop there.
    const std::string md5 = "$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80";
    EXPECT_TRUE(matches(md5, "correct horse"));
    EXPECT_FALSE(matches(md5, "correct horse\0"s));
    EXPECT_FALSE(matches(md5, "correct horse\0 and more"s));
}

TEST(VerifyPassword, OverLongPasswordMatchesNothing) {
    const std::string longest(max_password, 'a');
    EXPECT_FALSE(matches(hash_of(longest), longest + "a"));
    EXPECT_FALSE(matches(hash_of(longest), std::string(1U << 20U, 'a')));
}

// From the test vectors of the reference implementation of Argon2, salt "somesalt".
TEST(VerifyPassword, GoldenArgon2) {
    EXPECT_TRUE(
        matches("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password"));
    EXPECT_TRUE(
        matches("$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password"));
    EXPECT_TRUE(
        matches("$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8", "password"));
    EXPECT_FALSE(
        matches("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "Password"));
}

// Both are true hashes of the empty password; accounts without a password must not be open ones.
TEST(VerifyPassword, EmptyPasswordMatchesNotEvenItsOwnHash) {
    const std::string_view argon2 =
        "$argon2id$v=19$m=8,t=1,p=1$1HOjnrD1XZnmP8GskOkAug$tKD5sDEa3VVWBOvbASdhuGwzJRo3Na5H9EWp0OrXVP0";
    const std::string_view md5 = "$1$abcdefgh$M55TzYaaccxVGbptZWaxX/";
    for (const std::string_view hash : {argon2, md5}) {
        ASSERT_TRUE(is_password_hash(hash));
        EXPECT_FALSE(matches(hash, ""));
        EXPECT_FALSE(matches(hash, "\0"s));
    }
}

TEST(VerifyPassword, AsksForANewHashWhereFormOrCostDiffer) {
    const Password right("s3cret");
    const std::string hash = hash_of("s3cret");
    EXPECT_FALSE(verify_password(hash, right, cheap).needs_rehash);
    EXPECT_TRUE(verify_password(hash, right, {2, 8192}).needs_rehash);
    EXPECT_TRUE(verify_password(hash, right).needs_rehash);
    EXPECT_FALSE(verify_password(hash, Password("wrong")).needs_rehash);

    const std::string_view argon2i =
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8";
    EXPECT_TRUE(verify_password(argon2i, Password("password"), {2, 256 * 1024}).needs_rehash);
    const std::string_view bcrypt = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
    EXPECT_TRUE(verify_password(bcrypt, Password("correct horse"), cheap).needs_rehash);
    EXPECT_FALSE(verify_password(bcrypt, Password("wrong"), cheap).needs_rehash);
}

class RefusedHash : public ::testing::TestWithParam<std::string_view> {};

TEST_P(RefusedHash, MatchesNothing) {
    EXPECT_FALSE(is_password_hash(GetParam()));
    EXPECT_EQ(cost_of_hash(GetParam()), "");
    for (const std::string& password : {""s, "x"s, "*"s, "!"s, "password"s, std::string(GetParam())}) {
        const PasswordVerdict verdict = verify_password(GetParam(), Password(password), cheap);
        EXPECT_FALSE(verdict.match);
        EXPECT_FALSE(verdict.needs_rehash);
        EXPECT_FALSE(verdict.failed);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, RefusedHash,
    ::testing::Values("", "*", "!", "x", "!!", "*LK*", "password", "abhfCpXqd4GrI", "$", "$argon2id$", "$argon2i$",
                      "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=256,t=2,p=1$",
                      "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4 ",
                      "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4$x",
                      "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                      "$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                      "$argon2id$v=19$m=0,t=0,p=0$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                      "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
                      "$apr1$abcdefgh$kZ2pXj6qPWvJsJW6Kj0Vv1"));

TEST(VerifyPassword, RefusesArgonOfMoreThanTheBufferOfLibsodiumAndNul) {
    const std::string hash = hash_of("s3cret");
    EXPECT_FALSE(is_password_hash(hash + std::string(200, 'A')));
    EXPECT_FALSE(is_password_hash(hash + "\0"s));
    EXPECT_FALSE(matches(hash + "\0"s, "s3cret"));
}

TEST(CostOfHash, IsTheFrontWithoutTheSalt) {
    EXPECT_EQ(cost_of_hash(hash_of("a")), "$argon2id$v=19$m=8,t=1,p=1$");
    EXPECT_EQ(cost_of_hash("$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"), "$2b$04$");
}

TEST(WeakHash, IsMd5Only) {
    EXPECT_TRUE(is_weak_password_hash("$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80"));
    EXPECT_FALSE(is_weak_password_hash("$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"));
    EXPECT_FALSE(is_weak_password_hash(hash_of("a")));
    EXPECT_FALSE(is_weak_password_hash(""));
}

TEST(VerifyPassword, FromManyThreadsAtOnce) {
    const std::array<std::string, 3> hashes{hash_of("correct horse"), "$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80",
                                            "$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8"};
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i) {
                const std::string& hash = hashes[static_cast<std::size_t>(i) % hashes.size()];
                EXPECT_TRUE(matches(hash, "correct horse"));
                EXPECT_FALSE(matches(hash, "incorrect horse"));
            }
        });
    }
}

}  // namespace
}  // namespace wherry
