#include "testing/slow_lane.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wherry::testing {
namespace {

using namespace std::chrono_literals;

class SlowLaneTest : public ::testing::Test {
protected:
    void begin(const std::string& name, std::chrono::nanoseconds takes) {
        takes_ = takes;
        lane.run_detached(loop, [this, name] { done.push_back(name); });
    }
    std::chrono::nanoseconds takes_{};
    ManualClock clock;
    Metrics metrics;
    net::Loop loop{clock, net::Loop::Kind::simulated};
    std::vector<std::string> done;
    SlowLane lane{clock, metrics, [this] { return takes_; }};
};

TEST_F(SlowLaneTest, does_jobs_when_their_time_is_over) {
    const auto start = clock.now();
    EXPECT_EQ(lane.due(), net::TimePoint::max());
    begin("long", 20ms);
    begin("short", 10ms);
    EXPECT_EQ(lane.due(), start + 10ms);
    EXPECT_FALSE(lane.run(start + 9ms));
    EXPECT_TRUE(lane.run(start + 10ms));
    EXPECT_EQ(done, std::vector<std::string>{"short"});
    EXPECT_EQ(lane.due(), start + 20ms);
    clock.advance(20ms);
    begin("at once", 0ms);
    EXPECT_TRUE(lane.run(clock.now()));
    EXPECT_EQ(done, (std::vector<std::string>{"short", "long", "at once"}));
    loop.run_until_idle();
}

TEST_F(SlowLaneTest, leaves_nothing_undone) {
    {
        SlowLane other(clock, metrics, [] { return 1h; });
        other.run_detached(loop, [this] { done.emplace_back("late"); });
    }
    EXPECT_EQ(done, std::vector<std::string>{"late"});
    loop.run_until_idle();
}

}  // namespace
}  // namespace wherry::testing
