#include "net/neighbours.h"

#include <gtest/gtest.h>

namespace wherry::net {
namespace {

constexpr Mac card{{0x00, 0x1b, 0x21, 0x0a, 0x0b, 0x0c}};

TEST(Mac, is_written_with_dashes) { EXPECT_EQ(card.text(), "00-1b-21-0a-0b-0c"); }

TEST(Mac, is_read_as_a_whole) {
    EXPECT_EQ(Mac::parse("00:1b:21:0a:0b:0c"), card);
    EXPECT_EQ(Mac::parse("00-1B-21-0A-0B-0C"), card);
    for (const char* text : {"", "00:1b:21", "00:1b:21:0a:0b:0c:0d", "06-00:1b:21:0a:0b:0c", "*"}) {
        EXPECT_FALSE(Mac::parse(text)) << text;
    }
}

TEST(MacPrefix, is_read_in_all_its_forms) {
    for (const char* text : {"00", "00:1b:21", "00-1B-21", "001b21", "00:1b:21:0a:0b:0c"}) {
        const auto prefix = MacPrefix::parse(text);
        ASSERT_TRUE(prefix) << text;
        EXPECT_TRUE(prefix->contains(card)) << text;
    }
    EXPECT_EQ(MacPrefix::parse("001B21")->text(), "00:1b:21");
    EXPECT_FALSE(MacPrefix::parse("00:1b:22")->contains(card));
    EXPECT_FALSE(MacPrefix::parse("00:1b:21:0a:0b:0d")->contains(card));
}

TEST(MacPrefix, refuses_what_is_none) {
    for (const char* text : {"", "0", "0g", "00:", "00::1b", ":00", "00:1b:21:0a:0b:0c:0d", "00 1b"}) {
        EXPECT_FALSE(MacPrefix::parse(text)) << text;
    }
}

}  // namespace
}  // namespace wherry::net
