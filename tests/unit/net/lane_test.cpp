#include "net/lane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <latch>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "net/scope.h"
#include "support/coroutines.h"

namespace wherry::net {
namespace {

using testing::HandTurned;
using ::testing::HasSubstr;
using testing::turn_until;

// --- inline: whole-server tests in one thread ----------------------------------------------------

Task<void> run_inline(Lane& lane, Loop& loop, std::vector<std::string>& said) {
    const auto here = std::this_thread::get_id();
    const bool same = co_await lane.run(loop, [here] { return std::this_thread::get_id() == here; });
    said.push_back(same ? "here" : "elsewhere");
    co_await lane.run(loop, [&said] { said.push_back("nothing to give back"); });
    const auto moved = co_await lane.run(loop, [] { return std::make_unique<int>(3); });
    said.push_back(std::to_string(*moved));
}

TEST(Lane, InlineItRunsJobsAtOnceWhereTheyAreAsked) {
    HandTurned hand;
    Metrics metrics;
    Lane lane("disk", 0, metrics);
    EXPECT_TRUE(lane.is_inline());
    std::vector<std::string> said;
    bool ended = false;
    hand.scope.start(testing::keep_end(run_inline(lane, hand.loop, said), ended));
    EXPECT_TRUE(ended);  // without a turn of the loop
    EXPECT_THAT(said, ::testing::ElementsAre("here", "nothing to give back", "3"));
    bool detached = false;
    lane.run_detached(hand.loop, [&] { detached = true; });
    EXPECT_TRUE(detached);
}

struct Odd {};
Task<Result<int>> throw_for_result(Lane& lane, Loop& loop, bool odd) {
    co_return co_await lane.run(loop, [odd]() -> Result<int> {
        if (odd) throw Odd();
        throw std::runtime_error("the disk fell off");
    });
}
Task<std::string> throw_plainly(Lane& lane, Loop& loop) {
    try {
        co_await lane.run(loop, [] { throw std::runtime_error("broken"); });
    } catch (const std::runtime_error& error) {
        co_return error.what();
    }
    co_return "nothing was thrown";
}

class LaneExceptions : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Threads, LaneExceptions, ::testing::Values(0, 2));

TEST_P(LaneExceptions, BecomeAnErrorOfAFunctionThatReturnsAResultAndPassThroughElse) {
    const SteadyClock clock;
    Loop loop(clock);
    Metrics metrics;
    Lane lane("disk", GetParam(), metrics);
    Scope scope(loop);
    std::optional<Result<int>> error;
    std::optional<Result<int>> odd;
    std::optional<std::string> thrown;
    scope.start(testing::keep_result(throw_for_result(lane, loop, false), error));
    scope.start(testing::keep_result(throw_for_result(lane, loop, true), odd));
    scope.start(testing::keep_result(throw_plainly(lane, loop), thrown));
    ASSERT_TRUE(turn_until(loop, [&] { return scope.empty(); }));
    EXPECT_EQ(error->error().code, Code::internal);
    EXPECT_THAT(error->error().message, HasSubstr("on lane disk: the disk fell off"));
    EXPECT_EQ(odd->error().code, Code::internal);
    EXPECT_EQ(thrown, "broken");
}

// --- threads -------------------------------------------------------------------------------------

// A gate at which jobs wait until the test opens it.
class Gate {
public:
    void pass() {
        std::unique_lock lock(mutex_);
        most_ = std::max(most_, ++inside_);
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
        --inside_;
    }
    void wait_for(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return inside_ >= count; });
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    int most() const { return most_; }  // at the same time; when all is over

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int inside_ = 0;
    int most_ = 0;
    bool open_ = false;
};

Task<void> pass(Lane& lane, Loop& loop, Gate& gate, int& passed) {
    co_await lane.run(loop, [&gate] { gate.pass(); });
    ++passed;  // on the loop's thread: needs no lock
}

TEST(Lane, HasNoMoreThreadsThanItsLimitAndTheRestWaits) {
    const SteadyClock clock;
    Loop loop(clock);
    Metrics metrics;
    Gate gate;
    int passed = 0;
    Lane lane("disk", 3, metrics);
    Scope scope(loop);
    for (int i = 0; i < 10; ++i) scope.start(pass(lane, loop, gate, passed));
    gate.wait_for(3);
    EXPECT_EQ(metrics.value(Metric::lane_jobs_total), 10);
    EXPECT_EQ(metrics.value(Metric::lane_queue_depth), 7);
    EXPECT_EQ(scope.size(), 10U);  // whoever asked waits: nobody can ask for more meanwhile
    gate.open();
    ASSERT_TRUE(turn_until(loop, [&] { return scope.empty(); }));
    EXPECT_EQ(passed, 10);
    EXPECT_EQ(gate.most(), 3);
    EXPECT_EQ(metrics.value(Metric::lane_queue_depth), 0);
}

Task<void> note_thread(Lane& lane, Loop& loop, std::set<std::thread::id>& threads) {
    const auto loop_thread = std::this_thread::get_id();
    for (int i = 0; i < 50; ++i) {
        threads.insert(co_await lane.run(loop, [] { return std::this_thread::get_id(); }));
        EXPECT_EQ(std::this_thread::get_id(), loop_thread);
    }
}

TEST(Lane, OneJobAfterTheOtherNeedsOneThread) {
    const SteadyClock clock;
    Loop loop(clock);
    Metrics metrics;
    Lane lane("disk", 8, metrics);
    Scope scope(loop);
    std::set<std::thread::id> threads;
    scope.start(note_thread(lane, loop, threads));
    ASSERT_TRUE(turn_until(loop, [&] { return scope.empty(); }));
    EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
    // A job may come back before its thread sleeps again: then a second one is made, but never one for each.
    EXPECT_LE(threads.size(), 8U);
}

Task<void> add_many(Lane& lane, Loop& loop, int count, std::uint64_t& sum) {
    for (int i = 1; i <= count; ++i) {
        sum += co_await lane.run(loop, [i](Lane::Worker& worker) {
            const auto scratch = worker.scratch();
            std::ranges::fill(scratch.first(64), static_cast<std::byte>(i));
            EXPECT_EQ(scratch.size(), Lane::Worker::scratch_size);
            return static_cast<std::uint64_t>(std::to_integer<int>(scratch[63]) == i % 256 ? i : 0);
        });
    }
}

TEST(Lane, ServesSeveralLoopsAtOnce) {
    constexpr int loops = 3;
    constexpr int jobs = 2'000;
    const SteadyClock clock;
    Metrics metrics;
    std::vector<std::uint64_t> sums(loops, 0);
    {
        Lane lane("disk", 4, metrics);
        std::vector<std::thread> threads;
        for (int t = 0; t < loops; ++t) {
            threads.emplace_back([&lane, &clock, &sum = sums[static_cast<std::size_t>(t)]] {
                Loop loop(clock);
                Scope scope(loop);
                scope.start(add_many(lane, loop, jobs, sum));
                EXPECT_TRUE(turn_until(loop, [&] { return scope.empty(); }));
            });
        }
        for (auto& thread : threads) thread.join();
    }
    for (const auto sum : sums) EXPECT_EQ(sum, std::uint64_t{jobs} * (jobs + 1) / 2);
}

// --- the end -------------------------------------------------------------------------------------

TEST(Lane, ItsEndWaitsForWhatRunsAndRunsWhatIsQueued) {
    const SteadyClock clock;
    Loop loop(clock);
    Metrics metrics;
    Gate gate;
    std::atomic<int> done{0};
    std::thread opener;
    {
        Lane lane("disk", 1, metrics);
        lane.run_detached(loop, [&] {
            gate.pass();
            ++done;
        });
        for (int i = 0; i < 20; ++i) lane.run_detached(loop, [&done] { ++done; });
        gate.wait_for(1);
        opener = std::thread([&gate] { gate.open(); });
    }
    EXPECT_EQ(done, 21);
    opener.join();
}

TEST(Lane, WithIdleThreadsItEndsAtOnce) {
    const SteadyClock clock;
    Loop loop(clock);
    Metrics metrics;
    Gate gate;
    int passed = 0;
    Lane lane("disk", 4, metrics);
    Scope scope(loop);
    for (int i = 0; i < 4; ++i) scope.start(pass(lane, loop, gate, passed));
    gate.wait_for(4);
    gate.open();
    ASSERT_TRUE(turn_until(loop, [&] { return scope.empty(); }));
}

}  // namespace
}  // namespace wherry::net
