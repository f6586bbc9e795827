#include "core/clock.h"

#include <gtest/gtest.h>

namespace wherry {
namespace {

using namespace std::chrono_literals;

TEST(Clock, the_manual_one_stands_still_until_it_is_advanced) {
    ManualClock clock;
    const auto now = clock.now();
    const auto wall = clock.wall();
    EXPECT_EQ(clock.now(), now);
    clock.advance(1500ms);
    EXPECT_EQ(clock.now() - now, 1500ms);
    EXPECT_EQ(clock.wall() - wall, 1500ms);
    EXPECT_EQ(clock.wall_seconds(), ManualClock::start_wall + 1);
}

TEST(Clock, setting_the_wall_does_not_move_deadlines) {
    ManualClock clock;
    const auto now = clock.now();
    clock.set_wall(std::chrono::system_clock::time_point(-1500ms));
    EXPECT_EQ(clock.now(), now);
    EXPECT_EQ(clock.wall_seconds(), -2);
}

TEST(Clock, the_manual_one_starts_at_no_special_moment) {
    EXPECT_NE(ManualClock().now().time_since_epoch().count(), 0);
    EXPECT_EQ(ManualClock(42).wall_seconds(), 42);
}

TEST(Clock, the_systems_goes_forward) {
    const SteadyClock clock;
    const auto first = clock.now();
    EXPECT_LE(first, clock.now());
    EXPECT_GT(clock.wall_seconds(), 1'700'000'000);
}

}  // namespace
}  // namespace wherry
