#include "auth/bans.h"

#include <gtest/gtest.h>

#include <string>

namespace wherry {
namespace {

using namespace std::chrono_literals;

constexpr Bans::TimePoint start{1000h};

TEST(Bans, come_with_the_last_allowed_failure) {
    Bans bans({.failures = 3});
    EXPECT_FALSE(bans.failed("a", "x", start));
    EXPECT_FALSE(bans.failed("a", "y", start + 1s));
    EXPECT_FALSE(bans.banned("a", start + 1s));
    EXPECT_TRUE(bans.failed("a", "z", start + 2s));
    EXPECT_EQ(bans.banned("a", start + 2s), 900s);
    EXPECT_FALSE(bans.banned("b", start + 2s)) << "somebody else";
}

TEST(Bans, end_and_then_it_starts_anew) {
    Bans bans({.failures = 2, .duration = 60s});
    bans.failed("a", "x", start);
    bans.failed("a", "x", start);
    EXPECT_TRUE(bans.banned("a", start + 59s));
    EXPECT_FALSE(bans.banned("a", start + 60s));
    EXPECT_EQ(bans.failures("a", start + 60s), 0U);
    EXPECT_FALSE(bans.failed("a", "x", start + 60s));
}

TEST(Bans, double_each_time_up_to_the_longest) {
    Bans bans({.failures = 1, .duration = 60s, .longest = 200s});
    auto now = start;
    for (const auto expected : {60s, 120s, 200s, 200s}) {
        EXPECT_TRUE(bans.failed("a", "x", now));
        EXPECT_EQ(bans.banned("a", now), expected);
        now += expected;
    }
    EXPECT_TRUE(bans.failed("a", "x", now + 200s)) << "long after the last ban";
    EXPECT_EQ(bans.banned("a", now + 200s), 60s);
}

TEST(Bans, forget_failures_after_the_window) {
    Bans bans({.failures = 2, .window = 10s});
    bans.failed("a", "x", start);
    EXPECT_EQ(bans.failures("a", start + 9s), 1U);
    EXPECT_EQ(bans.failures("a", start + 10s), 0U);
    EXPECT_FALSE(bans.failed("a", "x", start + 10s));
}

// One good account must not cover for guesses at others.
TEST(Bans, a_success_takes_back_the_failures_of_that_user_only) {
    Bans bans({.failures = 4});
    bans.failed("a", "alice", start);
    bans.failed("a", "root", start);
    bans.failed("a", "root", start);
    bans.succeeded("a", "alice");
    EXPECT_EQ(bans.failures("a", start), 2U);
    bans.succeeded("b", "alice");
    EXPECT_EQ(bans.failures("a", start), 2U);
}

TEST(Bans, zero_failures_is_never) {
    Bans bans({.failures = 0});
    for (int i = 0; i < 5000; ++i) EXPECT_FALSE(bans.failed("a", "x", start));
    EXPECT_LE(bans.failures("a", start), Bans::most_failures);
}

TEST(Bans, an_operator_lifts_one) {
    Bans bans({.failures = 1});
    bans.failed("a", "x", start);
    EXPECT_TRUE(bans.lift("a"));
    EXPECT_FALSE(bans.lift("a"));
    EXPECT_FALSE(bans.banned("a", start));
}

TEST(Bans, a_change_holds_at_once) {
    Bans bans({.failures = 100});
    bans.failed("a", "x", start);
    bans.set({.failures = 2});
    EXPECT_TRUE(bans.failed("a", "x", start));
}

TEST(Bans, what_is_forgotten_takes_no_memory) {
    Bans bans({.failures = 10, .window = 10s, .longest = 10s});
    for (int i = 0; i < 3000; ++i) bans.failed(std::to_string(i), "x", start);
    for (int i = 0; i < 3000; ++i) bans.failed("late" + std::to_string(i), "x", start + 1h);
    EXPECT_LT(bans.addresses(), 6000U);
}

// Whoever has more addresses than we remember must not thereby free those that are banned.
TEST(Bans, a_flood_of_addresses_does_not_lift_bans) {
    Bans bans({.failures = 2});
    bans.failed("bad", "x", start);
    bans.failed("bad", "x", start);
    for (std::size_t i = 0; i < Bans::most_addresses + 5; ++i) bans.failed(std::to_string(i), "x", start + 1s);
    EXPECT_EQ(bans.addresses(), Bans::most_addresses);
    EXPECT_TRUE(bans.banned("bad", start + 1s));
}

}  // namespace
}  // namespace wherry
