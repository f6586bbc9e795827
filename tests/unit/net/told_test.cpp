#include "net/told.h"

#include <gtest/gtest.h>

#include <thread>

#include "net/scope.h"
#include "net/task.h"

namespace wherry::net {
namespace {

using namespace std::chrono_literals;

Task<void> wait_for(const std::shared_ptr<Told>& told, TimePoint due, bool& done) {
    co_await told->until(due);
    done = true;
}

struct ToldTest : ::testing::Test {
    ManualClock clock;
    Loop loop{clock, Loop::Kind::simulated};
    Scope scope{loop};
    std::shared_ptr<Told> told = std::make_shared<Told>(loop);
    bool done = false;
};

TEST_F(ToldTest, goes_on_after_the_word) {
    scope.start(wait_for(told, loop.now() + 1h, done));
    loop.run_until_idle();
    EXPECT_FALSE(done);
    std::thread([&] { told->tell(); }).join();
    loop.run_until_idle();
    EXPECT_TRUE(done);
}

TEST_F(ToldTest, goes_on_at_the_time_and_a_late_word_does_nothing) {
    scope.start(wait_for(told, loop.now() + 5s, done));
    clock.advance(5s);
    loop.run_until_idle();
    EXPECT_TRUE(done);
    EXPECT_FALSE(told->told());
    told->tell();
    loop.run_until_idle();
}

TEST_F(ToldTest, a_word_that_came_before_needs_no_waiting) {
    told->tell();
    scope.start(wait_for(told, loop.now() + 1h, done));
    EXPECT_TRUE(done);
    loop.run_until_idle();
}

}  // namespace
}  // namespace wherry::net
