#include "wherry/user.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wherry {
namespace {

Path at(std::string_view text) {
    const auto path = Path::resolve(text);
    EXPECT_TRUE(path) << text;
    return path.value_or(Path());
}

TEST(Perm, ParsesLettersOnly) {
    EXPECT_EQ(Perm::parse("elr"), perm::read);
    EXPECT_EQ(Perm::parse(""), perm::none);
    EXPECT_EQ(Perm::parse("rrr"), Perm("r"));
    EXPECT_TRUE(Perm::parse("qZ").has_value());
    for (const std::string_view bad : {"el r", "1", "e-", "\xc3\xa4", "@", "[", "`", "{", " "}) {
        EXPECT_EQ(Perm::parse(bad), std::nullopt) << bad;
    }
    EXPECT_EQ(Perm::parse(std::string_view("e\0", 2)), std::nullopt);
}

TEST(Perm, TextIsInTheOrderOfTheListWithOwnLettersBehind) {
    EXPECT_EQ(Perm().text(), "");
    EXPECT_EQ(Perm("TMwmfdarle").text(), "elradfmwMT");
    EXPECT_EQ(Perm("ODSTr").text(), "rTSDO");
    EXPECT_EQ(Perm("ZrbAe").text(), "erbAZ");
}

TEST(Perm, TextReadsBackAsTheSame) {
    std::string all;
    for (char c = 'a'; c <= 'z'; ++c) all += c;
    for (char c = 'A'; c <= 'Z'; ++c) all += c;
    EXPECT_EQ(Perm(all).text().size(), 52U);
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t j = 0; j < all.size(); ++j) {
            const Perm two(std::string{all[i], all[j]});
            EXPECT_EQ(Perm::parse(two.text()), two);
        }
    }
}

TEST(Perm, UpperAndLowerCaseAreDifferentLetters) {
    EXPECT_TRUE(Perm("M").has('M'));
    EXPECT_FALSE(Perm("M").has('m'));
    EXPECT_FALSE(Perm("elr").writes());
    for (const char letter : std::string_view("adfmwMT")) EXPECT_TRUE(Perm(std::string(1, letter)).writes()) << letter;
}

TEST(PermissionsFor, WithoutARuleTheUsersOwnHold) {
    User user;
    user.permissions = perm::read;
    EXPECT_EQ(user.permissions_for(Path()), perm::read);
    EXPECT_EQ(user.permissions_for(at("/a/b")), perm::read);
}

TEST(PermissionsFor, LongestDirectoryWinsWhateverTheOrder) {
    const PermissionRule top{at("/a"), Perm("l")};
    const PermissionRule deep{at("/a/b/c"), Perm("w")};
    const PermissionRule middle{at("/a/b"), Perm("r")};
    for (const auto& rules : {std::vector{top, middle, deep}, {deep, middle, top}, {middle, top, deep}}) {
        User user;
        user.permissions = Perm("e");
        user.rules = rules;
        EXPECT_EQ(user.permissions_for(at("/")).text(), "e");
        EXPECT_EQ(user.permissions_for(at("/x")).text(), "e");
        EXPECT_EQ(user.permissions_for(at("/a")).text(), "l");
        EXPECT_EQ(user.permissions_for(at("/a/x")).text(), "l");
        EXPECT_EQ(user.permissions_for(at("/a/b")).text(), "r");
        EXPECT_EQ(user.permissions_for(at("/a/b/x/y")).text(), "r");
        EXPECT_EQ(user.permissions_for(at("/a/b/c")).text(), "w");
        EXPECT_EQ(user.permissions_for(at("/a/b/c/d/e")).text(), "w");
    }
}

TEST(PermissionsFor, RuleCoversWholeNamesOnly) {
    User user;
    user.rules = {{at("/in"), perm::all}};
    EXPECT_EQ(user.permissions_for(at("/inbox")), perm::read);
    EXPECT_EQ(user.permissions_for(at("/in/box")), perm::all);
    EXPECT_EQ(user.permissions_for(at("/IN")), perm::read);
}

TEST(PermissionsFor, NonRecursiveRuleCoversItsDirectoryAndWhatLiesDirectlyInIt) {
    User user;
    user.rules = {{at("/drop"), perm::drop, false}};
    EXPECT_EQ(user.permissions_for(at("/drop")), perm::drop);
    EXPECT_EQ(user.permissions_for(at("/drop/file")), perm::drop);
    EXPECT_EQ(user.permissions_for(at("/drop/sub/file")), perm::read);
    EXPECT_EQ(user.permissions_for(at("/dropped")), perm::read);
    EXPECT_EQ(user.permissions_for(Path()), perm::read);
}

TEST(PermissionsFor, NonRecursiveRuleDoesNotHideAHigherRecursiveOne) {
    User user;
    user.rules = {{at("/a"), Perm("w")}, {at("/a/b"), Perm("r"), false}};
    EXPECT_EQ(user.permissions_for(at("/a/b/file")).text(), "r");
    EXPECT_EQ(user.permissions_for(at("/a/b/c/file")).text(), "w");
}

TEST(PermissionsFor, RuleOnTheRoot) {
    User user;
    user.rules = {{Path(), Perm("w"), false}};
    EXPECT_EQ(user.permissions_for(Path()).text(), "w");
    EXPECT_EQ(user.permissions_for(at("/file")).text(), "w");
    EXPECT_EQ(user.permissions_for(at("/a/file")), perm::read);
    user.rules = {{Path(), perm::none}};
    EXPECT_TRUE(user.permissions_for(at("/a/b")).empty());
}

TEST(PermissionsFor, OfEqualRulesTheLastWins) {
    User user;
    user.rules = {{at("/a"), Perm("r")}, {at("/a"), Perm("w")}, {at("/a"), Perm("d"), false}};
    EXPECT_EQ(user.permissions_for(at("/a/file")).text(), "d");
    EXPECT_EQ(user.permissions_for(at("/a/b/file")).text(), "w");
}

}  // namespace
}  // namespace wherry
