#include "net/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/coroutines.h"

namespace wherry::net {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::HandTurned;
using ::testing::IsEmpty;

using Said = std::vector<std::string>;

Task<void> slices(Loop& loop, std::string name, int count, Said& said) {
    for (int i = 0; i < count; ++i) {
        co_await loop.bulk_turn();
        said.push_back(name + std::to_string(i));
    }
}
Task<void> control(Loop& loop, std::string name, int count, Said& said) {
    for (int i = 0; i < count; ++i) {
        co_await loop.yield();
        said.push_back(name + std::to_string(i));
    }
}

bool readable(const Loop& loop) {
    pollfd waiting{loop.descriptor(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 1;
}

// --- order ---------------------------------------------------------------------------------------

TEST(Loop, OneSliceOfBulkWorkWaitsForAllControlWorkThatIsReady) {
    HandTurned hand;
    Said said;
    hand.scope.start(slices(hand.loop, "bulk", 2, said));
    hand.scope.start(control(hand.loop, "a", 2, said));
    hand.scope.start(control(hand.loop, "b", 1, said));
    hand.loop.run_until_idle();
    EXPECT_THAT(said, ElementsAre("a0", "b0", "bulk0", "a1", "bulk1"));
}

TEST(Loop, BulkWorkTakesTurns) {
    HandTurned hand;
    Said said;
    hand.scope.start(slices(hand.loop, "x", 2, said));
    hand.scope.start(slices(hand.loop, "y", 2, said));
    EXPECT_TRUE(hand.loop.has_bulk());
    hand.loop.run_until_idle();
    EXPECT_THAT(said, ElementsAre("x0", "y0", "x1", "y1"));
    EXPECT_FALSE(hand.loop.has_bulk());
}

Task<void> slices_that_take(std::chrono::microseconds span, ManualClock& clock, Loop& loop, int count, Said& said) {
    for (int i = 0; i < count; ++i) {
        co_await loop.bulk_turn();
        clock.advance(span);
        said.push_back("bulk" + std::to_string(i));
    }
}

TEST(Loop, ATurnRunsALongSliceAlone) {
    ManualClock clock;
    Loop loop(clock);
    Scope scope(loop);
    Said said;
    scope.start(slices_that_take(1ms, clock, loop, 2, said));
    scope.start(control(loop, "a", 2, said));
    loop.turn(0s);
    EXPECT_THAT(said, ElementsAre("a0", "bulk0"));
    loop.turn(0s);
    EXPECT_THAT(said, ElementsAre("a0", "bulk0", "a1", "bulk1"));
}

TEST(Loop, ATurnRunsSmallSlicesForASmallTime) {
    ManualClock clock;
    Loop loop(clock);
    Scope scope(loop);
    Said said;
    scope.start(slices_that_take(30us, clock, loop, 3, said));
    loop.turn(0s);
    EXPECT_THAT(said, ElementsAre("bulk0", "bulk1"));
    loop.turn(0s);
    EXPECT_THAT(said, ElementsAre("bulk0", "bulk1", "bulk2"));
}

struct Ender final : EndOfTurn {
    Ender(Loop& where, std::string what, Said& into) : loop(where), name(std::move(what)), said(into) {}
    ~Ender() { loop.forget(*this); }
    void end_of_turn() override {
        said.push_back(name);
        if (then) loop.at_end_of_turn(*then);
    }
    Loop& loop;
    std::string name;
    Said& said;
    EndOfTurn* then = nullptr;
};

TEST(Loop, EndsOfTurnComeAfterControlAndBeforeBulkOnceEachAndInOrder) {
    HandTurned hand;
    Said said;
    Ender first(hand.loop, "first", said);
    Ender second(hand.loop, "second", said);
    Ender third(hand.loop, "third", said);
    first.then = &third;
    hand.scope.start(slices(hand.loop, "bulk", 1, said));
    hand.scope.start(control(hand.loop, "a", 1, said));
    hand.loop.at_end_of_turn(first);
    hand.loop.at_end_of_turn(second);
    hand.loop.at_end_of_turn(first);
    hand.loop.run_until_idle();
    EXPECT_THAT(said, ElementsAre("a0", "first", "second", "third", "bulk0"));
}

TEST(Loop, AForgottenEndOfTurnIsNotCalled) {
    HandTurned hand;
    Said said;
    auto gone = std::make_unique<Ender>(hand.loop, "gone", said);
    Ender stays(hand.loop, "stays", said);
    hand.loop.at_end_of_turn(*gone);
    hand.loop.at_end_of_turn(stays);
    gone.reset();
    hand.loop.run_until_idle();
    EXPECT_THAT(said, ElementsAre("stays"));
}

// --- time ----------------------------------------------------------------------------------------

Task<void> sleep_then_say(Loop& loop, Duration span, std::string what, Said& said) {
    co_await loop.sleep_for(span);
    said.push_back(what);
}

TEST(Loop, SleepersWakeByTheClock) {
    HandTurned hand;
    Said said;
    hand.scope.start(sleep_then_say(hand.loop, 2s, "two", said));
    hand.scope.start(sleep_then_say(hand.loop, 1s, "one", said));
    hand.scope.start(sleep_then_say(hand.loop, 0s, "zero", said));
    EXPECT_THAT(said, ElementsAre("zero"));
    hand.loop.run_until_idle();
    hand.advance(1500ms);
    EXPECT_THAT(said, ElementsAre("zero", "one"));
    hand.advance(500ms);
    EXPECT_THAT(said, ElementsAre("zero", "one", "two"));
    EXPECT_FALSE(hand.loop.run_until_idle());
}

// --- watches -------------------------------------------------------------------------------------

Task<void> wait_readable(Watch& watch, std::string what, Said& said) {
    co_await watch.readable();
    said.push_back(what);
}
Task<void> wait_writable(Watch& watch, std::string what, Said& said) {
    co_await watch.writable();
    said.push_back(what);
}

TEST(Watch, AnEventThatFindsNobodyIsRemembered) {
    HandTurned hand;
    Said said;
    Watch watch(hand.loop, -1);
    watch.signal(true, false);
    hand.scope.start(wait_readable(watch, "at once", said));
    EXPECT_THAT(said, ElementsAre("at once"));
    hand.scope.start(wait_readable(watch, "later", said));
    hand.scope.start(wait_writable(watch, "writer", said));
    hand.loop.run_until_idle();
    EXPECT_THAT(said, ElementsAre("at once"));
    watch.signal_all();
    hand.loop.run_until_idle();
    EXPECT_THAT(said, ElementsAre("at once", "later", "writer"));
}

TEST(Watch, BulkWaitersComeAfterControl) {
    HandTurned hand;
    Said said;
    Watch bulk(hand.loop, -1, Watch::Class::bulk);
    Watch control(hand.loop, -1);
    hand.scope.start(wait_readable(bulk, "bulk", said));
    hand.scope.start(wait_readable(control, "control", said));
    bulk.signal_all();
    control.signal_all();
    hand.loop.run_until_idle();
    EXPECT_THAT(said, ElementsAre("control", "bulk"));
}

TEST(Watch, WakesForADescriptor) {
    const SteadyClock clock;
    Loop loop(clock);
    Scope scope(loop);
    Said said;
    const int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    {
        Watch watch(loop, descriptor);
        scope.start(wait_readable(watch, "ready", said));
        loop.turn(0s);
        EXPECT_THAT(said, IsEmpty());
        eventfd_write(descriptor, 1);
        EXPECT_TRUE(testing::turn_until(loop, [&] { return !said.empty(); }));
        scope.start(wait_readable(watch, "forgotten", said));
        watch.forget();
        eventfd_write(descriptor, 1);
        loop.turn(0s);
        loop.turn(0s);
        EXPECT_THAT(said, ElementsAre("ready"));
        watch.signal_all();
        loop.turn(0s);
    }
    close(descriptor);
    EXPECT_THAT(said, ElementsAre("ready", "forgotten"));
}

TEST(Watch, WhatCameWhileItWasForgottenWakesTheNextWait) {
    const SteadyClock clock;
    Loop loop(clock);
    Scope scope(loop);
    Said said;
    const int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    {
        Watch watch(loop, descriptor);
        scope.start(wait_readable(watch, "first", said));
        eventfd_write(descriptor, 1);
        EXPECT_TRUE(testing::turn_until(loop, [&] { return !said.empty(); }));
        watch.forget();
        eventfd_write(descriptor, 1);
        loop.turn(0s);
        scope.start(wait_readable(watch, "second", said));
        EXPECT_TRUE(testing::turn_until(loop, [&] { return said.size() == 2; }));
    }
    close(descriptor);
}

TEST(Watch, ADescriptorThatCannotBeWatchedWakesAtOnce) {
    const SteadyClock clock;
    Loop loop(clock);
    Scope scope(loop);
    Said said;
    Watch watch(loop, 1'000'000);  // nobody has opened that many
    scope.start(wait_readable(watch, "try and fail", said));
    loop.turn(0s);
    EXPECT_THAT(said, ElementsAre("try and fail"));
}

// --- other threads -------------------------------------------------------------------------------

TEST(Loop, RunsWhatOtherThreadsPostInTheirOrder) {
    constexpr int threads = 4;
    constexpr int jobs = 2'000;
    const SteadyClock clock;
    Loop loop(clock);
    std::vector<std::vector<int>> seen(threads);
    std::thread runner([&loop] { loop.run(); });
    std::vector<std::thread> posters;
    for (int t = 0; t < threads; ++t) {
        posters.emplace_back([&loop, &list = seen[static_cast<std::size_t>(t)]] {
            for (int i = 0; i < jobs; ++i) loop.post([&list, i] { list.push_back(i); });
        });
    }
    for (auto& poster : posters) poster.join();
    loop.stop();  // what was posted before is still run
    runner.join();
    for (const auto& list : seen) {
        ASSERT_EQ(list.size(), static_cast<std::size_t>(jobs));
        EXPECT_TRUE(std::ranges::is_sorted(list));
    }
}

TEST(Loop, WakesASleepingThreadForEachPost) {
    const SteadyClock clock;
    Loop loop(clock);
    std::thread runner([&loop] { loop.run(); });
    for (int i = 0; i < 500; ++i) {
        std::atomic<bool> done{false};
        loop.post([&done] {
            done.store(true);
            done.notify_one();
        });
        done.wait(false);
    }
    loop.stop();
    runner.join();
}

struct Job : Posted {
    explicit Job(std::vector<int>& into, int n) : list(into), number(n) {
        Posted::run = [](Posted& self) {
            auto& job = static_cast<Job&>(self);
            job.list.push_back(job.number);
        };
    }
    std::vector<int>& list;
    int number;
};

TEST(Loop, JobsThatAreLeftAreRunAtItsEnd) {
    const SteadyClock clock;
    std::vector<int> list;
    Job first(list, 1);
    Job second(list, 2);
    {
        Loop loop(clock, Loop::Kind::simulated);
        loop.post(first);
        loop.post(second);
    }
    EXPECT_THAT(list, ElementsAre(1, 2));
}

// --- an event loop of somebody else --------------------------------------------------------------

TEST(Loop, TellsAnOutsideLoopWhenItsNextTimerIsDue) {
    const ManualClock clock;
    Loop loop(clock);
    Scope scope(loop);
    Said said;
    EXPECT_EQ(loop.milliseconds_to_next(), -1);
    const TimePoint due = clock.now() + 1h;
    Timer timer(loop.timers(), [](void* where) { static_cast<Said*>(where)->push_back("fired"); }, &said);
    timer.set(due);
    EXPECT_GT(loop.milliseconds_to_next(), 3'000'000);
    EXPECT_LE(loop.milliseconds_to_next(), 3'600'000);
    timer.set(clock.now());
    EXPECT_EQ(loop.milliseconds_to_next(), 0);
}

// A post woke only a loop that waited itself: who polled descriptor() heard of it when something else came.
TEST(Loop, TellsAnOutsideLoopOfWhatIsPosted) {
    const SteadyClock clock;
    Loop loop(clock);
    loop.turn(0s);
    EXPECT_FALSE(readable(loop));
    bool done = false;
    std::thread([&] { loop.post([&done] { done = true; }); }).join();
    EXPECT_TRUE(readable(loop));
    loop.turn(0s);
    EXPECT_TRUE(done);
    EXPECT_FALSE(readable(loop));
}

// The work that a turn's last events and timers had made ready stayed undone until the next event.
TEST(Loop, TellsAnOutsideLoopThatThereIsMoreToDo) {
    const SteadyClock clock;
    Loop loop(clock);
    Scope scope(loop);
    Said said;
    Watch watch(loop, -1);
    scope.start(wait_readable(watch, "woken", said));
    loop.turn(0s);
    EXPECT_FALSE(readable(loop));
    Timer timer(loop.timers(), [](void* self) { static_cast<Watch*>(self)->signal_all(); }, &watch);
    timer.set(loop.now());
    loop.turn(0s);
    EXPECT_THAT(said, IsEmpty());
    EXPECT_TRUE(readable(loop));
    loop.turn(0s);
    EXPECT_THAT(said, ElementsAre("woken"));
    EXPECT_FALSE(readable(loop));
}

}  // namespace
}  // namespace wherry::net
