#include "tftp/name_regex.h"

#include <gtest/gtest.h>

namespace wherry::tftp {
namespace {

TEST(NameRegex, is_looked_for_anywhere_in_the_name) {
    const NameRegex regex = NameRegex::parse("boot/[a-z]+\\.efi$").value();
    EXPECT_TRUE(regex.is_in("boot/grub.efi"));
    EXPECT_TRUE(regex.is_in("x64/boot/grub.efi"));
    EXPECT_FALSE(regex.is_in("boot/grub.efi.old"));
    EXPECT_FALSE(regex.is_in("boot/GRUB.efi"));
    EXPECT_TRUE(NameRegex::parse("(?i)^boot").value().is_in("BOOT/x"));
    EXPECT_TRUE(NameRegex().is_in("anything"));
}

TEST(NameRegex, a_name_is_bytes) {
    const NameRegex regex = NameRegex::parse("^a.b$").value();
    EXPECT_TRUE(
        regex.is_in("a\xff"
                    "b"));
    EXPECT_FALSE(
        regex.is_in("a\xc3\xa4"
                    "b"));  // two of them
}

TEST(NameRegex, says_what_is_wrong) {
    for (const char* const bad : {"(", "[z-a]", "(a)\\1", "(?=x)", "a{100000}"}) {
        const auto parsed = NameRegex::parse(bad);
        ASSERT_FALSE(parsed) << bad;
        EXPECT_TRUE(parsed.error().message.starts_with("is not a regular expression that can be used: ")) << bad;
    }
    EXPECT_FALSE(NameRegex::parse(std::string(NameRegex::longest + 1, 'a')));
}

TEST(NameRegex, takes_linear_time) {
    const NameRegex regex = NameRegex::parse("^(a+)+$").value();
    EXPECT_FALSE(regex.is_in(std::string(1000, 'a') + "b"));
}

TEST(NameRegex, is_equal_by_its_text) {
    EXPECT_EQ(NameRegex::parse("a").value(), NameRegex::parse("a").value());
    EXPECT_NE(NameRegex::parse("a").value(), NameRegex());
}

}  // namespace
}  // namespace wherry::tftp
