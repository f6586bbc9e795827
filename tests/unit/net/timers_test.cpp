#include "net/timers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace wherry::net {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimePoint start{1000h};

// Timers that write down in which order they fire.
struct Alarms {
    struct One {
        One(Alarms& owner, int n) : all(owner), number(n), timer(owner.timers, &One::fire, this) {}
        static void fire(void* self) {
            auto& one = *static_cast<One*>(self);
            one.all.fired.push_back(one.number);
            if (one.then) one.then();
        }
        Alarms& all;
        int number;
        Timer timer;
        std::function<void()> then;
    };
    Timer& add() { return more().timer; }
    One& more() { return *ones.emplace_back(std::make_unique<One>(*this, static_cast<int>(ones.size()))); }
    std::vector<int> fire(TimePoint now) {
        fired.clear();
        const std::size_t count = timers.fire_due(now);
        EXPECT_EQ(count, fired.size());
        return fired;
    }
    Timers timers;
    std::vector<int> fired;
    std::vector<std::unique_ptr<One>> ones;  // after the timers, so that they go first
};

TEST(Timers, FireInTheOrderOfTheirTimes) {
    Alarms alarms;
    for (const auto after : {3s, 1s, 2s, 5s}) alarms.add().set(start + after);
    EXPECT_EQ(alarms.timers.next(), start + 1s);
    EXPECT_THAT(alarms.fire(start), IsEmpty());
    EXPECT_THAT(alarms.fire(start + 3s), ElementsAre(1, 2, 0));
    EXPECT_EQ(alarms.timers.next(), start + 5s);
    EXPECT_THAT(alarms.fire(start + 1h), ElementsAre(3));
    EXPECT_EQ(alarms.timers.next(), TimePoint::max());
    EXPECT_THAT(alarms.fire(start + 2h), IsEmpty());
}

TEST(Timers, ACancelledTimerDoesNotFire) {
    Alarms alarms;
    Timer& first = alarms.add();
    Timer& second = alarms.add();
    first.set(start + 1s);
    second.set(start + 2s);
    first.cancel();
    EXPECT_FALSE(first.is_set());
    EXPECT_EQ(alarms.timers.next(), start + 2s);
    EXPECT_THAT(alarms.fire(start + 1h), ElementsAre(1));
    EXPECT_FALSE(second.is_set());
    second.cancel();  // of no effect
}

TEST(Timers, ADestroyedTimerDoesNotFire) {
    Alarms alarms;
    alarms.add().set(start);
    alarms.add().set(start);
    alarms.ones.erase(alarms.ones.begin());
    EXPECT_THAT(alarms.fire(start), ElementsAre(1));
}

TEST(Timers, AMovedTimerFiresAtItsNewTimeOnly) {
    Alarms alarms;
    Timer& later = alarms.add();
    Timer& sooner = alarms.add();
    later.set(start + 1s);
    sooner.set(start + 9s);
    later.set(start + 5s);
    sooner.set(start + 2s);
    EXPECT_EQ(later.due(), start + 5s);
    EXPECT_EQ(alarms.timers.next(), start + 2s);
    EXPECT_THAT(alarms.fire(start + 4s), ElementsAre(1));
    EXPECT_TRUE(later.is_set());
    EXPECT_THAT(alarms.fire(start + 5s), ElementsAre(0));
}

// A loop woke up at the old time of each timer that had been moved on, only to find that out: once for each of a
// thousand short transfers a second.
TEST(Timers, NobodyIsWokenForTheOldTimeOfAMovedTimer) {
    Alarms alarms;
    for (int i = 0; i < 100; ++i) alarms.add().set(start + std::chrono::milliseconds(i));
    for (const auto& one : alarms.ones) one->timer.set(start + 10s);
    EXPECT_EQ(alarms.timers.next(), start + 10s);
}

// A timer that had been moved on fired at the place of its old time when both times had passed.
TEST(Timers, AMovedTimerDoesNotOvertakeOneThatIsDueBefore) {
    Alarms alarms;
    Timer& moved = alarms.add();
    moved.set(start + 1s);
    alarms.add().set(start + 3s);
    moved.set(start + 5s);
    EXPECT_THAT(alarms.fire(start + 10s), ElementsAre(1, 0));
}

TEST(Timers, MayBeSetAndCancelledByOneThatFires) {
    Alarms alarms;
    auto& again = alarms.more();
    auto& doomed = alarms.more();
    again.then = [&, left = 1]() mutable {
        if (left-- > 0) again.timer.set(start + 2s);
        doomed.timer.cancel();
    };
    again.timer.set(start + 1s);
    doomed.timer.set(start + 1s);
    EXPECT_THAT(alarms.fire(start + 1s), ElementsAre(0));
    EXPECT_THAT(alarms.fire(start + 2s), ElementsAre(0));
    EXPECT_EQ(alarms.timers.next(), TimePoint::max());
}

// Many timers under random orders, against a list that is searched.
TEST(Timers, DoAsTheModel) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 random(seed);
        Alarms alarms;
        std::vector<TimePoint> due(200, TimePoint::max());
        for (std::size_t i = 0; i < due.size(); ++i) alarms.add();
        TimePoint now = start;
        for (int step = 0; step < 5'000; ++step) {
            const std::size_t i = random() % due.size();
            Timer& timer = alarms.ones[i]->timer;
            switch (random() % 8) {
                case 0:
                    timer.cancel();
                    due[i] = TimePoint::max();
                    break;
                case 1: {
                    now += std::chrono::milliseconds(random() % 300);
                    std::vector<int> expected;
                    for (std::size_t k = 0; k < due.size(); ++k) {
                        if (due[k] <= now) expected.push_back(static_cast<int>(k));
                    }
                    const auto by_time = [&](int k) { return due[static_cast<std::size_t>(k)]; };
                    const auto fired = alarms.fire(now);
                    ASSERT_TRUE(std::ranges::is_sorted(fired, {}, by_time)) << "seed " << seed << " step " << step;
                    auto sorted = fired;
                    std::ranges::sort(sorted);
                    ASSERT_EQ(sorted, expected) << "seed " << seed << " step " << step;
                    for (const int k : fired) due[static_cast<std::size_t>(k)] = TimePoint::max();
                    break;
                }
                default: due[i] = now + std::chrono::milliseconds(random() % 2'000); timer.set(due[i]);
            }
            ASSERT_EQ(timer.is_set(), due[i] != TimePoint::max());
            ASSERT_EQ(alarms.timers.next(), *std::ranges::min_element(due));
        }
    }
}

}  // namespace
}  // namespace wherry::net
