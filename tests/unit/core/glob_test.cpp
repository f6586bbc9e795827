#include "core/glob.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace wherry {
namespace {

TEST(Glob, matches) {
    EXPECT_TRUE(glob_matches("", ""));
    EXPECT_TRUE(glob_matches("*", ""));
    EXPECT_TRUE(glob_matches("*.txt", "a.txt"));
    EXPECT_TRUE(glob_matches("*.txt", ".txt"));
    EXPECT_TRUE(glob_matches("a*b*c", "aXbYbZc"));
    EXPECT_TRUE(glob_matches("a?c", "abc"));
    EXPECT_TRUE(glob_matches("***a", "a"));
    EXPECT_TRUE(glob_matches("*a", "aaa"));
    EXPECT_TRUE(glob_matches("[a]{b}\\", "[a]{b}\\"));
}

TEST(Glob, does_not_match) {
    EXPECT_FALSE(glob_matches("", "a"));
    EXPECT_FALSE(glob_matches("?", ""));
    EXPECT_FALSE(glob_matches("*.txt", "a.TXT"));
    EXPECT_FALSE(glob_matches("*.txt", "a.txt.gz"));
    EXPECT_FALSE(glob_matches("a?c", "ac"));
    EXPECT_FALSE(glob_matches("[a]", "a"));
    EXPECT_FALSE(glob_matches("\\*", "*"));
}

TEST(Glob, a_question_mark_is_a_character_not_a_byte) {
    EXPECT_TRUE(glob_matches("?.txt", "\xC3\xA9.txt"));
    EXPECT_FALSE(glob_matches("??.txt", "\xC3\xA9.txt"));
    EXPECT_FALSE(glob_matches("*??", "\xC3\xA9"));
    EXPECT_TRUE(glob_matches("a?", "a\xFF"));
    EXPECT_TRUE(glob_matches("?\xA9", "\xC3\x28\xA9") == false);
}

// Half a character in the pattern once matched half of one in the name, and whether it did hung on what an earlier star
// had taken: the third line was true, the fourth false.
TEST(Glob, a_torn_character_matches_no_part_of_a_whole_one) {
    EXPECT_TRUE(glob_matches("*\xC3*\xA9", "\xC3-\xA9"));
    EXPECT_FALSE(glob_matches("\xC3*", "\xC3\xA9"));
    EXPECT_FALSE(glob_matches("*\xC3*\xA9", "\xC3\xA9"));
    EXPECT_FALSE(glob_matches("*\xC3*\xA9", "\xC3\xC3\xA9"));
}

TEST(Glob, counts) {
    EXPECT_FALSE(has_wildcard("[a]{b,c}"));
    EXPECT_TRUE(has_wildcard("a?"));
    EXPECT_TRUE(has_wildcard("*"));
    EXPECT_EQ(count_glob_stars("a?b"), 0U);
    EXPECT_EQ(count_glob_stars("*a**b***"), 3U);
}

// Recursive and slow, over one-byte characters.
bool model(std::string_view pattern, std::string_view name) {
    if (pattern.empty()) return name.empty();
    if (pattern[0] == '*') {
        return model(pattern.substr(1), name) || (!name.empty() && model(pattern, name.substr(1)));
    }
    return !name.empty() && (pattern[0] == '?' || pattern[0] == name[0]) && model(pattern.substr(1), name.substr(1));
}

TEST(Glob, does_as_the_model) {
    std::mt19937 random(3);
    const auto any = [&random](std::string_view letters, std::size_t most) {
        std::string text(random() % (most + 1), '\0');
        for (char& c : text) c = letters[random() % letters.size()];
        return text;
    };
    int matched = 0;
    for (int i = 0; i < 100'000; ++i) {
        const std::string pattern = any("ab*?", 7);
        const std::string name = any("ab", 9);
        const bool expected = model(pattern, name);
        ASSERT_EQ(glob_matches(pattern, name), expected) << pattern << " on " << name;
        matched += expected ? 1 : 0;
    }
    EXPECT_GT(matched, 1'000);
}

// CVE-2011-0418 and its like: a matcher that tries again at every star would not come back from this one.
TEST(Glob, many_stars_do_not_explode) {
    std::string pattern;
    for (int i = 0; i < 2'000; ++i) pattern += "*a";
    pattern += "b";
    EXPECT_FALSE(glob_matches(pattern, std::string(4'000, 'a')));
}

}  // namespace
}  // namespace wherry
