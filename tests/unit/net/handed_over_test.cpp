#include "net/handed_over.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wherry::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int self = 4711;

TEST(HandedOver, WithTheirNames) {
    EXPECT_THAT(handed_over("4711", "2", "ftp:tftp", self).value(),
                ElementsAre(HandedOver{3, "ftp"}, HandedOver{4, "tftp"}));
    EXPECT_THAT(handed_over("4711", "2", nullptr, self).value(), ElementsAre(HandedOver{3, ""}, HandedOver{4, ""}));
    EXPECT_THAT(handed_over("4711", "3", "same:same:", self).value(),
                ElementsAre(HandedOver{3, "same"}, HandedOver{4, "same"}, HandedOver{5, ""}));
}

TEST(HandedOver, NothingForThisProcess) {
    EXPECT_THAT(handed_over(nullptr, nullptr, nullptr, self).value(), IsEmpty());
    EXPECT_THAT(handed_over("4711", nullptr, "ftp", self).value(), IsEmpty());
    EXPECT_THAT(handed_over("4712", "1", "ftp", self).value(), IsEmpty());
    EXPECT_THAT(handed_over("04711", "1", "ftp", self).value(), IsEmpty());
    EXPECT_THAT(handed_over("4711", "0", "", self).value(), IsEmpty());
}

TEST(HandedOver, WhatSystemdWouldNotSay) {
    for (const char* const count : {"", "-1", "2x", " 2", "99999999999999999999", "1025"}) {
        const auto got = handed_over("4711", count, nullptr, self);
        ASSERT_FALSE(got) << count;
        EXPECT_THAT(got.error().message, HasSubstr("LISTEN_FDS"));
    }
    EXPECT_EQ(handed_over("4711", "2", "one", self).error().message, "LISTEN_FDNAMES: has 1 names for 2 sockets");
    EXPECT_EQ(handed_over("4711", "1", "a:b", self).error().message, "LISTEN_FDNAMES: has 2 names for 1 sockets");
    EXPECT_THAT(handed_over("4711", "1", "a\nb", self).error().message, HasSubstr("is no name"));
    const std::string longest(255, 'n');
    EXPECT_TRUE(handed_over("4711", "1", longest.c_str(), self));
    EXPECT_FALSE(handed_over("4711", "1", (longest + 'n').c_str(), self));
}

}  // namespace
}  // namespace wherry::net
