#include "tftp/patterns.h"

#include <gtest/gtest.h>

namespace wherry::tftp {
namespace {

std::string other(std::string_view text, std::string_view name) {
    const auto parsed = Patterns::parse(text);
    return parsed.patterns ? parsed.patterns->other_name(name).value_or("-") : "?";
}

TEST(Patterns, put_a_name_in_the_place_of_what_matched) {
    EXPECT_EQ(other("^boot/ ppc/", "boot/image"), "ppc/image");
    EXPECT_EQ(other("ab x", "aabb"), "axb");
    EXPECT_EQ(other("a x", "b"), "-");
    EXPECT_EQ(other("", "b"), "-");
    EXPECT_EQ(other("a b rest is passed over", "a"), "b");
}

TEST(Patterns, know_groups) {
    EXPECT_EQ(other("^(.)(.) $2${1}$0", "xyz"), "yxxyz");
    EXPECT_EQ(other("(a)?(b) [$1$2$3]", "b"), "[b]");
    EXPECT_EQ(other("a $$x${1${", "a"), "$$x${1${");
}

TEST(Patterns, the_first_that_matches_counts) {
    EXPECT_EQ(other("# comment\n\n  ^a one\r\n^ab two\n", "abc"), "onebc");
}

TEST(Patterns, bytes_are_no_text) { EXPECT_EQ(other("^\\xff. y", "\xff\xfez"), "yz"); }

TEST(Patterns, mistakes_are_told_with_their_lines) {
    const auto parsed = Patterns::parse("a b\nalone\n(?=a) b\n(a)\\1 b\n(b c");
    EXPECT_EQ(parsed.patterns, nullptr);
    ASSERT_EQ(parsed.errors.size(), 4U);
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(parsed.errors[i].line, i + 2);
}

}  // namespace
}  // namespace wherry::tftp
