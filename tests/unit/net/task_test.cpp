#include "net/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "support/coroutines.h"

namespace wherry::net {
namespace {

using testing::HandTurned;

Task<int> number(int value, int& started) {
    ++started;
    co_return value;
}
Task<int> sum(int count, int& started) {
    int total = 0;
    for (int i = 0; i < count; ++i) total += co_await number(1, started);
    co_return total;
}
Task<std::unique_ptr<int>> owned(Loop& loop) {
    co_await loop.yield();
    co_return std::make_unique<int>(7);
}
Task<int> failing(Loop& loop) {
    co_await loop.yield();
    throw std::runtime_error("no number");
}
Task<std::string> catching(Loop& loop) {
    try {
        const int value = co_await failing(loop);
        co_return std::to_string(value);
    } catch (const std::runtime_error& error) {
        co_return error.what();
    }
}
Task<void> hold(std::shared_ptr<int> what, Loop& loop) {
    co_await loop.yield();
    *what = 1;
}

TEST(Task, StartsWhenItIsAwaited) {
    int started = 0;
    auto task = number(3, started);
    EXPECT_EQ(started, 0);
    HandTurned hand;
    std::optional<int> result;
    hand.start(std::move(task), result);
    EXPECT_EQ(started, 1);
    EXPECT_EQ(result, 3);
}

TEST(Task, NotAwaitedItNeverRunsAndGivesBackItsParameters) {
    HandTurned hand;
    auto kept = std::make_shared<int>(0);
    {
        auto first = hold(kept, hand.loop);
        auto second = std::move(first);
        EXPECT_EQ(kept.use_count(), 2);
    }
    EXPECT_EQ(kept.use_count(), 1);
    EXPECT_EQ(*kept, 0);
}

TEST(Task, GivesBackWhatCanOnlyBeMoved) {
    HandTurned hand;
    std::optional<std::unique_ptr<int>> result;
    hand.start(owned(hand.loop), result);
    ASSERT_TRUE(result);
    EXPECT_EQ(**result, 7);
}

TEST(Task, PassesExceptionsToWhoeverAwaits) {
    HandTurned hand;
    std::optional<std::string> result;
    hand.start(catching(hand.loop), result);
    EXPECT_EQ(result, "no number");
}

TEST(Task, AwaitingManyInARowNeedsNoStack) {
    HandTurned hand;
    std::optional<int> result;
    int started = 0;
    hand.start(sum(200'000, started), result);
    EXPECT_EQ(result, 200'000);
}

}  // namespace
}  // namespace wherry::net
