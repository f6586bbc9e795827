#include "i2ftp/client.h"

#include <gtest/gtest.h>

#include "i2ftp/words.h"

namespace wherry::i2ftp {
namespace {

TEST(ParseListing, ReadsWhatTheOriginalWrites) {
    const auto listed = parse_listing(
        R"({"b": {"is_dir": true, "size": 4096, "time": 1600000000.25}, "a": {"is_dir": false, "size": 11, "time": 1.0}})");
    ASSERT_TRUE(listed);
    ASSERT_EQ(listed->size(), 2U);
    EXPECT_EQ(listed->front().name, "a");
    EXPECT_EQ(listed->front().size, 11U);
    EXPECT_FALSE(listed->front().directory);
    EXPECT_EQ(listed->back().name, "b");
    EXPECT_TRUE(listed->back().directory);
    EXPECT_DOUBLE_EQ(listed->back().time, 1600000000.25);
    EXPECT_TRUE(parse_listing("{}")->empty());
}

// A single name that is not UTF-8 made the whole directory unreadable for our client.
TEST(ParseListing, NamesThatAreNotUtf8ComeBackAsTheyAre) {
    for (const std::string name :
         {"caf\xe9", "\x80\xff", "\xc3\xa9\xe9", "plain", "a\\udce9", "\xf0\x9f\x9b\xb6", "\"\\"}) {
        std::string out = "{";
        append_listed(out, name, false, 1, 0, 0);
        out += ", ";
        append_listed(out, "other", false, 2, 0, 0);
        const auto listed = parse_listing(out + '}');
        ASSERT_TRUE(listed) << out;
        ASSERT_EQ(listed->size(), 2U) << out;
        EXPECT_TRUE(listed->front().name == name || listed->back().name == name) << out;
    }
}

TEST(ParseListing, SurrogatesThatMeanNothingSpoilNothingElse) {
    const auto listed = parse_listing(R"({"\ud800": {"size": 1}, "\udc00x": {"size": 2}})");
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->size(), 2U);
}

TEST(ParseListing, WhatIsNoListingIsRefused) {
    for (const char* bad : {"", "[]", "{", R"({"a": 5})", R"({"a": {)", R"({"\u12)", "\\"}) {
        EXPECT_FALSE(parse_listing(bad)) << bad;
    }
}

}  // namespace
}  // namespace wherry::i2ftp
