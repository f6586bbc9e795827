#include "ftp/new_facts.h"

#include <gtest/gtest.h>

namespace wherry::ftp {
namespace {

constexpr std::int64_t new_year = 1704067200;  // 2024-01-01 00:00:00 UTC

TEST(ParseMode, TakesThreeOrFourOctalDigits) {
    EXPECT_EQ(parse_mode("644"), 0644U);
    EXPECT_EQ(parse_mode("0755"), 0755U);
    EXPECT_EQ(parse_mode("000"), 0U);
    for (const std::string_view bad : {"", "64", "4755", "1777", "888", "64 ", "+644", "00644", "rwx"}) {
        EXPECT_EQ(parse_mode(bad), std::nullopt) << bad;
    }
}

TEST(NewFacts, AreReadInAnyOrderAndCase) {
    const auto facts = parse_new_facts("UNIX.MODE=0640;Modify=20240101000000; a b; c").value();
    EXPECT_EQ(facts.mode, 0640U);
    EXPECT_EQ(facts.modified, new_year);
    EXPECT_EQ(facts.path, "a b; c");
    EXPECT_EQ(facts.text(), "Modify=20240101000000;UNIX.mode=0640; a b; c");
    EXPECT_EQ(parse_new_facts("modify=20240101000000; x").value().text(), "Modify=20240101000000; x");
    EXPECT_EQ(parse_new_facts("unix.mode=007; x").value().text(), "UNIX.mode=0007; x");
}

TEST(NewFacts, UnknownOnesAreUnsupportedAndBadOnesInvalid) {
    EXPECT_EQ(parse_new_facts("create=20240101000000; x").error().code, Code::unsupported);
    EXPECT_EQ(parse_new_facts("modify=20240101000000;size=3; x").error().code, Code::unsupported);
    for (const std::string_view bad :
         {"", " ", "x", ";", "; x", ";; x", "modify; x", "modify=; x", "modify=20240101000000 x",
          "modify=20240101000000;", "modify=20240101000000; ", "modify=20240101000000;modify=20240101000000; x",
          "modify=20241301000000; x", "unix.mode=0640;unix.mode=0640; x", "unix.mode=99; x",
          " modify=20240101000000; x"}) {
        const auto facts = parse_new_facts(bad);
        ASSERT_FALSE(facts) << bad;
        EXPECT_NE(facts.error().code, Code::ok) << bad;
    }
}

TEST(Utime, HasTwoForms) {
    EXPECT_EQ(parse_utime("202401010000 a b").value().modified, new_year);
    EXPECT_EQ(parse_utime("202401010000 a b").value().path, "a b");
    EXPECT_EQ(parse_utime("20240101000005 a").value().modified, new_year + 5);
    const auto old = parse_utime("a b 20230101000000 20240101000000 20250101000000 utc").value();
    EXPECT_EQ(old.modified, new_year);
    EXPECT_EQ(old.path, "a b");
    for (const std::string_view bad :
         {"", "202401010000", "202401010000 ", "2024 a", "20240101 a", "202413010000 a", "a 20240101000000 UTC",
          "20230101000000 20240101000000 20250101000000 UTC x y"}) {
        const auto time = parse_utime(bad);
        if (bad.starts_with("2023")) continue;  // the short form: a path with blanks
        EXPECT_FALSE(time) << bad;
    }
}

TEST(Owner, IsNumbersOnly) {
    EXPECT_EQ(parse_owner("7 a b").value().uid, 7U);
    EXPECT_EQ(parse_owner("7 a b").value().gid, std::nullopt);
    EXPECT_EQ(parse_owner("7 a b").value().path, "a b");
    EXPECT_EQ(parse_owner("7:8 a").value().gid, 8U);
    EXPECT_EQ(parse_owner("4294967294:0 a").value().uid, 4294967294U);
    for (const std::string_view bad : {"", "7", "7 ", "root a", "7:root a", ":7 a", "7: a", "-1 a", "4294967295 a",
                                       "7:4294967295 a", "+7 a", "7:8:9 a"}) {
        EXPECT_FALSE(parse_owner(bad)) << bad;
    }
}

}  // namespace
}  // namespace wherry::ftp
