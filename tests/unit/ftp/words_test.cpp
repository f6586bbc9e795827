#include "ftp/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace wherry::ftp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> words(std::string_view text) {
    return split_words(text).value_or(std::vector<std::string>{"<failed>"});
}
std::vector<std::string> list(std::string_view text) {
    return split_list(text).value_or(std::vector<std::string>{"<failed>"});
}

TEST(SplitWords, SeparatesByBlanks) {
    EXPECT_THAT(words("a"), ElementsAre("a"));
    EXPECT_THAT(words("  a   b c  "), ElementsAre("a", "b", "c"));
    EXPECT_THAT(words(""), IsEmpty());
    EXPECT_THAT(words("   "), IsEmpty());
}

TEST(SplitWords, ReadsQuotes) {
    EXPECT_THAT(words(R"("a b" c)"), ElementsAre("a b", "c"));
    EXPECT_THAT(words(R"("say ""hi""" "x")"), ElementsAre(R"(say "hi")", "x"));
    EXPECT_THAT(words(R"(a"b c)"), ElementsAre(R"(a"b)", "c"));  // a quote inside a word is content
    EXPECT_THAT(words(R"("""")"), ElementsAre("\""));
}

TEST(SplitWords, RefusesWhatCannotBeMeant) {
    for (const std::string_view bad : {R"("a)", R"("a"b)", R"("")", R"(a "")", R"("a""b)", "\""}) {
        EXPECT_FALSE(split_words(bad)) << bad;
    }
}

TEST(SplitWords, HasALimit) {
    std::string text;
    for (std::size_t i = 0; i < most_words; ++i) text += "x ";
    EXPECT_EQ(words(text).size(), most_words);
    EXPECT_FALSE(split_words(text + "x"));
}

TEST(SplitList, SeparatesByCommas) {
    EXPECT_THAT(list("a, b c ,d"), ElementsAre("a", "b c", "d"));
    EXPECT_THAT(list(R"("a, b" , c)"), ElementsAre("a, b", "c"));
    for (const std::string_view bad : {"a,", ",a", "a,,b", R"("a" b)", R"("a"b, c)", ","}) {
        EXPECT_FALSE(split_list(bad)) << bad;
    }
}

TEST(OneWord, IsReadBackAsTheSame) {
    std::mt19937 dice(7);
    const std::string_view letters = "ab\" ,";
    for (int i = 0; i < 20000; ++i) {
        std::string text;
        for (unsigned n = 1 + dice() % 6; n > 0; --n) text += letters[dice() % letters.size()];
        EXPECT_THAT(words(one_word(text)), ElementsAre(text)) << one_word(text);
        EXPECT_THAT(list(one_word(text)), ElementsAre(text)) << one_word(text);
    }
    EXPECT_EQ(one_word("plain"), "plain");
}

TEST(RangedPath, TakesNumbersOffTheEnd) {
    const auto one = parse_ranged_path("a.txt").value();
    EXPECT_EQ(one.path, "a.txt");
    EXPECT_EQ(one.whole, "");
    EXPECT_EQ(one.from, 0U);
    EXPECT_EQ(one.to, 0U);
    const auto two = parse_ranged_path("a b.txt 5").value();
    EXPECT_EQ(two.path, "a b.txt");
    EXPECT_EQ(two.whole, "a b.txt 5");
    EXPECT_EQ(two.from, 5U);
    EXPECT_EQ(two.to, 0U);
    const auto three = parse_ranged_path("a b 5 9").value();
    EXPECT_EQ(three.path, "a b");
    EXPECT_EQ(three.whole, "a b 5 9");
    EXPECT_EQ(three.from, 5U);
    EXPECT_EQ(three.to, 9U);
    EXPECT_EQ(parse_ranged_path("1 2 3").value().path, "1");
    EXPECT_EQ(parse_ranged_path("5").value().path, "5");
    EXPECT_EQ(parse_ranged_path(" 5").value().path, " 5");
    EXPECT_EQ(parse_ranged_path("a +5").value().path, "a +5");
    EXPECT_EQ(parse_ranged_path("a 9223372036854775808").value().path, "a 9223372036854775808");
}

TEST(RangedPath, InQuotesIsUnmistakable) {
    const auto path = parse_ranged_path(R"("a 7" 1 2)").value();
    EXPECT_EQ(path.path, "a 7");
    EXPECT_EQ(path.whole, "");
    EXPECT_EQ(path.from, 1U);
    EXPECT_EQ(path.to, 2U);
    for (const std::string_view bad : {R"("a" x)", R"("a" 1 2 3)", R"("a" -1)", R"("a)", R"("" 1)"}) {
        EXPECT_FALSE(parse_ranged_path(bad)) << bad;
    }
}

}  // namespace
}  // namespace wherry::ftp
