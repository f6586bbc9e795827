#include "net/remembered.h"

#include <gtest/gtest.h>

#include <string>

namespace wherry::net {
namespace {

using namespace std::chrono_literals;

TEST(Remembered, an_answer_holds_for_its_time) {
    Remembered<int, std::string> names(10);
    const TimePoint now{1h};
    EXPECT_EQ(names.find(1, now), nullptr);
    EXPECT_EQ(names.put(1, "eth0", now + 30s), "eth0");
    ASSERT_NE(names.find(1, now + 29s), nullptr);
    EXPECT_EQ(*names.find(1, now + 29s), "eth0");
    EXPECT_EQ(names.find(1, now + 30s), nullptr);
    names.put(1, "lan0", now + 60s);
    EXPECT_EQ(*names.find(1, now + 30s), "lan0");
    EXPECT_EQ(names.size(), 1U);
}

TEST(Remembered, takes_no_more_memory_for_more_keys) {
    Remembered<int, int> squares(100);
    const TimePoint now{1h};
    for (int i = 0; i < 100; ++i) squares.put(i, i * i, now + 1s);
    EXPECT_EQ(squares.size(), 100U);
    squares.put(7, 49, now + 2s);  // is there already
    EXPECT_EQ(squares.size(), 100U);
    for (int i = 100; i < 10'000; ++i) {
        squares.put(i, i * i, now + 1s);
        ASSERT_LE(squares.size(), 100U);
        ASSERT_EQ(*squares.find(i, now), i * i);
    }
}

}  // namespace
}  // namespace wherry::net
