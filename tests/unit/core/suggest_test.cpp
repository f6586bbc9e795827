#include "core/suggest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace wherry {
namespace {

TEST(EditDistance, CountsEachKindOfSlipOnce) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("home", "home"), 0U);
    EXPECT_EQ(edit_distance("hme", "home"), 1U);
    EXPECT_EQ(edit_distance("hoome", "home"), 1U);
    EXPECT_EQ(edit_distance("hame", "home"), 1U);
    EXPECT_EQ(edit_distance("hoem", "home"), 1U);
    EXPECT_EQ(edit_distance("", "home"), 4U);
    EXPECT_EQ(edit_distance("home", ""), 4U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(EditDistance, IgnoresCaseOfAsciiOnly) {
    EXPECT_EQ(edit_distance("HOME", "home"), 0U);
    EXPECT_EQ(edit_distance("\xc3\x84", "\xc3\xa4"), 1U);
}

TEST(EditDistance, IsSymmetric) {
    constexpr std::array<std::string_view, 6> words{"", "a", "home", "password", "passwrod", "permissions"};
    for (const auto a : words) {
        for (const auto b : words) EXPECT_EQ(edit_distance(a, b), edit_distance(b, a)) << a << ' ' << b;
    }
}

TEST(EditDistance, LooksAtTheFrontOfLongWordsOnly) {
    const std::string long_word(1'000'000, 'a');
    EXPECT_EQ(edit_distance(long_word, std::string(max_suggest_length, 'a')), 0U);
    EXPECT_EQ(edit_distance(long_word, ""), max_suggest_length);
}

class Suggest : public ::testing::Test {
protected:
    static constexpr std::array<std::string_view, 6> known{"password", "home",      "permissions",
                                                           "start",    "read_only", "rules"};
};

TEST_F(Suggest, FindsTheNearest) {
    EXPECT_EQ(suggest("pasword", known), "password");
    EXPECT_EQ(suggest("passwrod", known), "password");
    EXPECT_EQ(suggest("permission", known), "permissions");
    EXPECT_EQ(suggest("readonly", known), "read_only");
    EXPECT_EQ(suggest("read-only", known), "read_only");
    EXPECT_EQ(suggest("Home", known), "home");
    EXPECT_EQ(suggest("rule", known), "rules");
}

TEST_F(Suggest, FindsNothingWhereNothingIsNear) {
    EXPECT_EQ(suggest("", known), "");
    EXPECT_EQ(suggest("x", known), "");
    EXPECT_EQ(suggest("colour", known), "");
    EXPECT_EQ(suggest("homepage", known), "");
    EXPECT_EQ(suggest("home", {}), "");
}

TEST(SuggestAmongEquals, TakesTheFirst) {
    constexpr std::array<std::string_view, 2> known{"cat", "car"};
    EXPECT_EQ(suggest("cas", known), "cat");
}

TEST(SuggestAmongEquals, OneLetterWordsAreNotNearEachOther) {
    constexpr std::array<std::string_view, 2> known{"a", "b"};
    EXPECT_EQ(suggest("c", known), "");
    EXPECT_EQ(suggest("B", known), "b");
}

}  // namespace
}  // namespace wherry
