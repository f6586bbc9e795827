#include "core/token_bucket.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace wherry {
namespace {

using namespace std::chrono_literals;
using TimePoint = TokenBucket::TimePoint;

constexpr TimePoint start{std::chrono::hours(5)};

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

TEST(TokenBucket, without_a_rate_nothing_waits) {
    TokenBucket bucket;
    EXPECT_TRUE(bucket.unlimited());
    EXPECT_EQ(bucket.delay(std::numeric_limits<std::uint64_t>::max(), start), 0ns);
    EXPECT_EQ(bucket.grant(), TokenBucket::most_grant);
}

TEST(TokenBucket, is_full_at_first_and_then_makes_wait) {
    TokenBucket bucket(1000, 500);
    EXPECT_EQ(bucket.delay(500, start), 0ns);
    EXPECT_NEAR(seconds(bucket.delay(250, start)), 0.25, 1e-6);
    EXPECT_NEAR(seconds(bucket.delay(250, start)), 0.5, 1e-6);
}

TEST(TokenBucket, debt_is_paid_by_time_and_the_rest_is_kept_up_to_the_capacity) {
    TokenBucket bucket(1000, 500);
    bucket.delay(1500, start);
    EXPECT_NEAR(seconds(bucket.delay(0, start + 500ms)), 0.5, 1e-6);
    EXPECT_EQ(bucket.delay(0, start + 1001ms), 0ns);
    EXPECT_EQ(bucket.delay(500, start + 1h), 0ns);
    EXPECT_GT(bucket.delay(1, start + 1h), 0ns);
}

TEST(TokenBucket, default_capacity_is_a_quarter_of_a_second) {
    TokenBucket bucket(1000);
    EXPECT_EQ(bucket.delay(250, start), 0ns);
    EXPECT_NEAR(seconds(bucket.delay(1000, start)), 1.0, 1e-6);
}

TEST(TokenBucket, time_that_runs_backwards_pays_nothing) {
    TokenBucket bucket(1000, 1);
    bucket.delay(1001, start);
    const auto wait = bucket.delay(0, start - 1h);
    EXPECT_NEAR(seconds(wait), 1.0, 1e-6);
    EXPECT_NEAR(seconds(bucket.delay(0, start + 500ms)), 0.5, 1e-6);
}

TEST(TokenBucket, the_rate_may_change_while_in_debt) {
    TokenBucket bucket(1000, 1);
    bucket.delay(1001, start);
    bucket.set_rate(2000);
    EXPECT_EQ(bucket.rate(), 2000U);
    EXPECT_NEAR(seconds(bucket.delay(0, start)), 0.5, 1e-6);
    bucket.set_rate(0);
    EXPECT_EQ(bucket.delay(1'000'000, start), 0ns);
    bucket.set_rate(1000);
    EXPECT_NEAR(seconds(bucket.delay(1000, start)), 1.0, 1e-2);
}

TEST(TokenBucket, a_smaller_rate_takes_saved_bytes_back) {
    TokenBucket bucket(1'000'000);
    bucket.delay(0, start);
    bucket.set_rate(1000);
    EXPECT_NEAR(seconds(bucket.delay(1250, start)), 1.0, 1e-6);
}

TEST(TokenBucket, absurd_amounts_wait_long_but_not_for_ever) {
    TokenBucket bucket(1);
    EXPECT_EQ(bucket.delay(std::numeric_limits<std::uint64_t>::max(), start), TokenBucket::longest_delay);
    EXPECT_EQ(bucket.delay(std::numeric_limits<std::uint64_t>::max(), start + 100h), TokenBucket::longest_delay);
    TokenBucket fast(std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(fast.delay(1 << 30, start), 0ns);
    EXPECT_EQ(fast.delay(1 << 30, TimePoint::max()), 0ns);
}

TEST(TokenBucket, grant_is_some_50_milliseconds) {
    EXPECT_EQ(TokenBucket(1'000'000).grant(), 50'000U);
    EXPECT_EQ(TokenBucket(10'000).grant(), 1024U);
    EXPECT_EQ(TokenBucket(100).grant(), 100U);
    EXPECT_EQ(TokenBucket(1).grant(), 1U);
    EXPECT_EQ(TokenBucket(10'000'000'000U).grant(), TokenBucket::most_grant);
}

// Whoever waits as told gets the rate, no more and no less, whatever sizes are taken.
TEST(TokenBucket, the_long_run_has_the_rate) {
    std::mt19937_64 random(4);
    for (const std::uint64_t rate : {std::uint64_t{700}, std::uint64_t{1'000'000}, std::uint64_t{20'000'000'000}}) {
        TokenBucket bucket(rate);
        TimePoint now = start;
        double bytes = 0;
        while (now < start + 1h) {
            const std::uint64_t n = 1 + random() % (rate / 100 + 10'000);
            bytes += static_cast<double>(n);
            now += bucket.delay(n, now);
        }
        const double rates = static_cast<double>(rate);
        const double allowed = seconds(now - start) * rates + rates / 4;
        EXPECT_LE(bytes, allowed + 1);
        EXPECT_GE(bytes, allowed * 0.9999 - 20'000);
    }
}

// Takers of single bytes do not get more than takers of big slices.
TEST(TokenBucket, small_takes_are_not_cheaper) {
    TokenBucket bucket(3'000'000'000U, 1);
    TimePoint now = start;
    double bytes = 0;
    while (now < start + 100us) {
        ++bytes;
        now += bucket.delay(1, now);
    }
    EXPECT_LE(bytes, 300'002);
}

}  // namespace
}  // namespace wherry
