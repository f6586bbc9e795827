#include "net/deputy.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <future>
#include <latch>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "net/lane.h"
#include "net/scope.h"

namespace wherry::net {
namespace {

using namespace std::chrono_literals;

// A loop on a thread of its own, with a deputy, and a clock that stands still.
class DeputyTest : public ::testing::Test {
protected:
    ~DeputyTest() override {
        deputy.stop();
        loop.stop();
        for (auto& thread : threads) thread.join();
    }
    void start() {
        deputy.start(std::array{&loop});
        threads.emplace_back([this] { loop.run(); });
    }
    void replace(Loop& stuck, std::uint32_t job) {
        threads.emplace_back([&stuck, job] {
            if (stuck.take_over(job)) stuck.run();
        });
    }
    // Runs `function` on the loop and waits for it.
    template <class Function>
    void on_loop(Function function) {
        std::promise<void> done;
        loop.post([&] {
            function();
            done.set_value();
        });
        done.get_future().wait();
    }
    bool takes_jobs() {
        bool takes = false;
        on_loop([&] { takes = loop.takes_jobs(); });
        return takes;
    }
    void wait_for_children() {
        for (bool empty = false; !empty;) on_loop([&] { empty = scope.empty(); });
    }

    ManualClock clock;
    Metrics metrics;
    Loop loop{clock};
    Lane lane{"disk", 2, metrics};
    Scope scope{loop};
    std::list<std::thread> threads;  // added to by the deputy alone, once started
    Deputy deputy{[this](Loop& stuck, std::uint32_t job) { replace(stuck, job); }};
};

struct Where {
    std::thread::id job;
    std::thread::id after;
};

template <class Function>
Task<void> do_shortly(Lane& lane, Loop& loop, Function function, Where& where) {
    co_await lane.run_short(loop, [&] {
        where.job = std::this_thread::get_id();
        function();
    });
    where.after = std::this_thread::get_id();
}

void nothing() {}

TEST_F(DeputyTest, AShortJobRunsOnTheThreadOfItsLoop) {
    start();
    std::thread::id of_loop;
    Where where;
    on_loop([&] {
        of_loop = std::this_thread::get_id();
        scope.start(do_shortly(lane, loop, nothing, where));
    });
    wait_for_children();
    EXPECT_EQ(where.job, of_loop);
}

TEST_F(DeputyTest, WithoutOneALaneDoesShortJobs) {
    threads.emplace_back([this] { loop.run(); });
    std::thread::id of_loop;
    Where where;
    on_loop([&] {
        of_loop = std::this_thread::get_id();
        scope.start(do_shortly(lane, loop, nothing, where));
    });
    wait_for_children();
    EXPECT_NE(where.job, of_loop);
    EXPECT_EQ(where.after, of_loop);
}

TEST_F(DeputyTest, AStuckJobDoesNotHoldItsLoop) {
    start();
    std::latch release(1);
    Where where;
    on_loop([&] { scope.start(do_shortly(lane, loop, [&] { release.wait(); }, where)); });
    // This is served while the job is stuck: if it were not, nobody would release the job.
    std::thread::id meanwhile;
    on_loop([&] { meanwhile = std::this_thread::get_id(); });
    release.count_down();
    wait_for_children();
    EXPECT_NE(where.job, meanwhile);
    EXPECT_EQ(where.after, meanwhile);
}

TEST_F(DeputyTest, WhileAJobIsStuckAndForAWhileAfterwardsLanesTakeTheNextOnes) {
    start();
    std::latch release(1);
    Where stuck;
    on_loop([&] { scope.start(do_shortly(lane, loop, [&] { release.wait(); }, stuck)); });
    EXPECT_FALSE(takes_jobs());
    clock.advance(1h);
    EXPECT_FALSE(takes_jobs());  // a second thread would get stuck there, too
    release.count_down();
    wait_for_children();
    EXPECT_TRUE(takes_jobs());
    Where again;
    std::latch let_go(1);
    on_loop([&] { scope.start(do_shortly(lane, loop, [&] { let_go.wait(); }, again)); });
    on_loop([&] { let_go.count_down(); });
    wait_for_children();
    EXPECT_FALSE(takes_jobs());
    clock.advance(1s);
    EXPECT_TRUE(takes_jobs());
}

TEST_F(DeputyTest, AfterASlowJobLanesTakeTheNextOnesForAWhile) {
    start();
    Where where;
    on_loop([&] { scope.start(do_shortly(lane, loop, [&] { clock.advance(10ms); }, where)); });
    wait_for_children();
    EXPECT_FALSE(takes_jobs());
    clock.advance(400ms);
    EXPECT_TRUE(takes_jobs());
}

TEST_F(DeputyTest, JobsThatAreQueuedRunBeforeTheLoopEnds) {
    start();
    std::array<Where, 3> where;
    on_loop([&] {
        for (Where& one : where) scope.start(do_shortly(lane, loop, nothing, one));
        loop.stop();
    });
    deputy.stop();
    for (auto& thread : threads) thread.join();
    threads.clear();
    EXPECT_TRUE(scope.empty());
    for (const Where& one : where) EXPECT_EQ(one.job, one.after);
}

TEST_F(DeputyTest, AStuckJobIsWaitedForAtTheEnd) {
    start();
    std::latch release(1);
    Where where;
    on_loop([&] { scope.start(do_shortly(lane, loop, [&] { release.wait(); }, where)); });
    on_loop([&] { loop.stop(); });
    release.count_down();
    deputy.stop();
    for (auto& thread : threads) thread.join();
    threads.clear();
    // The result was posted to the loop, which has ended: a turn by hand takes it.
    loop.turn(0ms);
    EXPECT_TRUE(scope.empty());
}

TEST_F(DeputyTest, WhatAJobThrowsComesOutInTheCoroutine) {
    struct Caught {
        static Task<void> what(Lane& lane, Loop& loop, std::string& text) {
            try {
                co_await lane.run_short(loop, [] { throw std::runtime_error("the disk fell off"); });
            } catch (const std::runtime_error& error) {
                text = error.what();
            }
        }
    };
    start();
    std::string text;
    on_loop([&] { scope.start(Caught::what(lane, loop, text)); });
    wait_for_children();
    EXPECT_EQ(text, "the disk fell off");
}

// Every job hands the loop to another thread, one after the other.
Task<void> get_stuck_again_and_again(Lane& lane, Loop& loop, ManualClock& clock, int times, int& done) {
    for (int i = 0; i < times; ++i) {
        std::latch release(1);
        // Runs on the loop only once another thread has taken it over.
        if (loop.takes_jobs())
            loop.post([&] { release.count_down(); });
        else
            release.count_down();
        co_await lane.run_short(loop, [&] { release.wait(); });
        clock.advance(2s);
        co_await loop.yield();
        ++done;
    }
}

TEST_F(DeputyTest, ALoopMayChangeHandsAgainAndAgain) {
    start();
    int done = 0;
    on_loop([&] { scope.start(get_stuck_again_and_again(lane, loop, clock, 20, done)); });
    wait_for_children();
    on_loop([&] { EXPECT_EQ(done, 20); });
    deputy.stop();
    EXPECT_GT(threads.size(), 1U);
}

}  // namespace
}  // namespace wherry::net
