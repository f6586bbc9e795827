#include "access/throttle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <ranges>
#include <thread>

namespace wherry {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr TimePoint start{std::chrono::hours(5)};
constexpr std::uint64_t MB = 1'000'000;

User user_of(const std::string& name, std::uint64_t rate = 0) {
    User user;
    user.name = name;
    user.limits.upload_rate = rate;
    user.limits.download_rate = rate;
    return user;
}

// A transfer that moves a slice, waits as long as it is told, and so on: an endless file on a network that takes 10 us
// for each slice.
struct Mover {
    Throttle throttle;
    TimePoint wakes = start;
    std::uint64_t moved = 0;
    nanoseconds longest{0};

    explicit Mover(Throttle chain) : throttle(std::move(chain)) {}
    void step() {
        const std::uint64_t slice = throttle.slice(64 * MB);
        const nanoseconds delay = throttle.take(slice, wakes);
        moved += slice;
        longest = std::max(longest, delay);
        wakes += delay + std::chrono::microseconds(10);
    }
};

TEST(Throttle, passes_in_a_time_the_least_share) {
    EXPECT_EQ(Throttle().passes_in(seconds(1)), std::numeric_limits<std::uint64_t>::max());
    const auto slow = std::make_shared<SharedBucket>(MB);  // held here as well: by two
    Throttle throttle;
    throttle.add(slow);
    throttle.add(std::make_shared<SharedBucket>(2 * MB));
    EXPECT_EQ(throttle.passes_in(seconds(1)), MB / 2);
    EXPECT_EQ(throttle.passes_in(std::chrono::milliseconds(250)), MB / 8);
    Throttle another;
    another.add(slow);
    EXPECT_EQ(throttle.passes_in(seconds(1)), MB / 3);
    slow->set_rate(0);
    EXPECT_EQ(throttle.passes_in(seconds(1)), 2 * MB);
}

// Lets the movers take their turns, always the one that is due first, until all sleep beyond `end`.
void run(std::vector<Mover>& movers, TimePoint end) {
    while (true) {
        const auto next = std::ranges::min_element(movers, {}, &Mover::wakes);
        if (next->wakes >= end) return;
        next->step();
    }
}

std::uint64_t total(const std::vector<Mover>& movers) {
    std::uint64_t sum = 0;
    for (const Mover& mover : movers) sum += mover.moved;
    return sum;
}

void expect_near(std::uint64_t got, std::uint64_t wanted, double tolerance) {
    EXPECT_NEAR(static_cast<double>(got), static_cast<double>(wanted), tolerance * static_cast<double>(wanted));
}

TEST(Throttle, AnEmptyChainIsFreeOfCharge) {
    Throttle throttle;
    EXPECT_TRUE(throttle.unlimited());
    EXPECT_EQ(throttle.slice(64 * MB), 64 * MB);
    EXPECT_EQ(throttle.take(1'000'000'000'000, start), nanoseconds(0));
}

TEST(Throttle, NullAndRatelessBucketsAreIgnored) {
    Throttle throttle;
    throttle.add(nullptr);
    throttle.add(std::make_shared<SharedBucket>(0));
    EXPECT_TRUE(throttle.unlimited());
    throttle.add(std::make_shared<SharedBucket>(1));
    EXPECT_FALSE(throttle.unlimited());
}

TEST(Throttle, SliceFollowsTheSlowestRateAndWhatIsWanted) {
    Throttle throttle;
    throttle.add(std::make_shared<SharedBucket>(10 * MB));
    EXPECT_EQ(throttle.slice(64 * MB), 10 * MB / 20);
    EXPECT_EQ(throttle.slice(100), 100U);
    EXPECT_EQ(throttle.slice(0), 0U);
    throttle.add(std::make_shared<SharedBucket>(2 * MB));
    EXPECT_EQ(throttle.slice(64 * MB), 2 * MB / 20);
    throttle.add(std::make_shared<SharedBucket>(1));
    EXPECT_EQ(throttle.slice(64 * MB), 1U);
}

TEST(Throttle, TheSlowestBucketOfTheChainSetsThePace) {
    Throttle throttle;
    throttle.add(std::make_shared<SharedBucket>(100 * MB));
    throttle.add(std::make_shared<SharedBucket>(1 * MB));
    std::vector<Mover> movers;
    movers.emplace_back(std::move(throttle));
    run(movers, start + seconds(60));
    expect_near(total(movers), 60 * MB, 0.02);
}

TEST(SharedBucket, RateChangesLive) {
    const auto bucket = std::make_shared<SharedBucket>(MB);
    Throttle throttle;
    throttle.add(bucket);
    std::vector<Mover> movers;
    movers.emplace_back(std::move(throttle));
    run(movers, start + seconds(20));
    const std::uint64_t before = total(movers);
    expect_near(before, 20 * MB, 0.05);
    bucket->set_rate(4 * MB);
    EXPECT_EQ(bucket->rate(), 4 * MB);
    run(movers, start + seconds(40));
    expect_near(total(movers) - before, 80 * MB, 0.05);
}

TEST(Rates, NoLimitsMeanAnEmptyChain) {
    Rates rates;
    EXPECT_TRUE(rates.for_upload(user_of("alice")).unlimited());
    EXPECT_TRUE(rates.for_download(user_of("alice")).unlimited());
    EXPECT_EQ(rates.users(), 0U);
}

TEST(Rates, DirectionsAreIndependent) {
    Rates rates({.upload = MB, .session_download = MB});
    User user = user_of("alice");
    EXPECT_FALSE(rates.for_upload(user).unlimited());
    EXPECT_FALSE(rates.for_download(user).unlimited());
    rates.set({.upload = MB});
    EXPECT_TRUE(rates.for_download(user).unlimited());
    user.limits.download_rate = 5;
    EXPECT_FALSE(rates.for_download(user).unlimited());
}

TEST(Rates, ThreeUsersShareTheServerFairly) {
    Rates rates({.download = 3 * MB});
    std::vector<Mover> movers;
    for (const char* name : {"alice", "bob", "carol"}) movers.emplace_back(rates.for_download(user_of(name, 10 * MB)));
    run(movers, start + seconds(60));
    for (const Mover& mover : movers) expect_near(mover.moved, 60 * MB, 0.03);
}

TEST(Rates, ASlowUserLeavesTheRestToTheOthers) {
    Rates rates({.download = 3 * MB});
    std::vector<Mover> movers;
    movers.emplace_back(rates.for_download(user_of("slow", MB / 2)));
    movers.emplace_back(rates.for_download(user_of("alice")));
    movers.emplace_back(rates.for_download(user_of("bob")));
    run(movers, start + seconds(60));
    expect_near(movers[0].moved, 30 * MB, 0.05);
    expect_near(total(movers), 180 * MB, 0.03);
}

TEST(Rates, AllTransfersOfAUserShareOneBucket) {
    Rates rates;
    std::vector<Mover> movers;
    for (int i = 0; i < 4; ++i) movers.emplace_back(rates.for_upload(user_of("alice", MB)));
    EXPECT_EQ(rates.users(), 1U);
    run(movers, start + seconds(60));
    expect_near(total(movers), 60 * MB, 0.02);
    for (const Mover& mover : movers) expect_near(mover.moved, 15 * MB, 0.05);
}

TEST(Rates, EachTransferHasASessionBucketOfItsOwn) {
    Rates rates({.session_upload = MB});
    std::vector<Mover> movers;
    for (int i = 0; i < 2; ++i) movers.emplace_back(rates.for_upload(user_of("alice")));
    run(movers, start + seconds(60));
    for (const Mover& mover : movers) expect_near(mover.moved, 60 * MB, 0.02);
}

TEST(Rates, WaitsStayShortHoweverManyShare) {
    Rates rates({.download = 100 * MB});
    std::vector<Mover> movers;
    for (int i = 0; i < 200; ++i) movers.emplace_back(rates.for_download(user_of("u" + std::to_string(i))));
    run(movers, start + seconds(2));
    for (const Mover& mover : movers) ASSERT_LT(mover.longest, std::chrono::milliseconds(100));
    const auto [least, most] = std::ranges::minmax(movers | std::views::transform(&Mover::moved));
    EXPECT_LT(static_cast<double>(most), 1.1 * static_cast<double>(least));
}

TEST(Rates, ServerRatesChangeForRunningTransfers) {
    Rates rates({.upload = MB});
    std::vector<Mover> movers;
    movers.emplace_back(rates.for_upload(user_of("alice")));
    run(movers, start + seconds(20));
    const std::uint64_t before = total(movers);
    rates.set({.upload = 2 * MB});
    run(movers, start + seconds(40));
    expect_near(total(movers) - before, 40 * MB, 0.05);
    rates.set({});
    EXPECT_EQ(movers[0].throttle.take(1000 * MB, start + seconds(41)), nanoseconds(0));
    EXPECT_TRUE(rates.for_upload(user_of("alice")).unlimited());
}

TEST(Rates, UserRatesChangeForRunningTransfers) {
    Rates rates;
    Throttle first = rates.for_upload(user_of("alice", MB));
    Throttle second = rates.for_upload(user_of("alice", 20 * MB));
    EXPECT_EQ(first.slice(64 * MB), 20 * MB / 20 / 2);
    const Throttle third = rates.for_upload(user_of("alice", 0));
    EXPECT_TRUE(third.unlimited());
    EXPECT_EQ(first.take(1000 * MB, start), nanoseconds(0));
}

TEST(Rates, BucketsOfUsersWhoAreGoneArePruned) {
    Rates rates;
    const Throttle stays = rates.for_upload(user_of("stays", MB));
    for (int i = 0; i < 5000; ++i) {
        const Throttle gone = rates.for_upload(user_of("u" + std::to_string(i), MB));
        ASSERT_LE(rates.users(), 32U);
    }
    Throttle again = rates.for_upload(user_of("stays", MB));
    EXPECT_EQ(again.slice(64 * MB), MB / 20 / 2) << "the bucket of a user who is here was lost";
}

TEST(RatesStress, ChainsFromManyThreads) {
    Rates rates({.upload = 1000 * MB});
    {
        std::vector<std::jthread> threads;
        for (int who = 0; who < 4; ++who) {
            threads.emplace_back([&rates, who] {
                for (int i = 0; i < 1000; ++i) {
                    Throttle throttle = rates.for_upload(user_of("u" + std::to_string((who + i) % 40), MB));
                    const std::uint64_t slice = throttle.slice(64 * MB);
                    EXPECT_GT(slice, 0U);
                    throttle.take(slice, start + std::chrono::milliseconds(i));
                    if (i % 100 == 0) rates.set({.upload = static_cast<std::uint64_t>(i + 1) * MB});
                }
            });
        }
    }
    EXPECT_LE(rates.users(), 80U);
}

TEST(Rates, ServersRateOfEachUserHoldsWhereTheUserSaysNothing) {
    Rates rates({.user_download = MB});
    std::vector<Mover> movers;
    movers.emplace_back(rates.for_download(user_of("alice")));
    movers.emplace_back(rates.for_download(user_of("bob", 2 * MB)));
    run(movers, start + seconds(20));
    expect_near(movers[0].moved, 20 * MB, 0.05);
    expect_near(movers[1].moved, 40 * MB, 0.05);
    EXPECT_TRUE(rates.for_download(user_of("carol", UserLimits::any_rate)).unlimited());
}

TEST(Rates, AGroupSharesItsRate) {
    Rates rates;
    std::vector<Mover> movers;
    for (const char* name : {"alice", "bob"}) {
        User user = user_of(name);
        user.group = "staff";
        user.group_limits.download_rate = 2 * MB;
        movers.emplace_back(rates.for_download(user));
    }
    run(movers, start + seconds(20));
    expect_near(total(movers), 40 * MB, 0.05);
}

// A session that takes many small files one after the other gets no more than with one large one.
TEST(Rates, ASessionsTransfersPayForOneAnother) {
    Rates rates({.session_download = MB});
    SessionBuckets session;
    TimePoint now = start;
    std::uint64_t moved = 0;
    while (now < start + seconds(20)) {
        Throttle throttle = rates.for_download(user_of("alice"), &session);
        moved += 100'000;
        now += throttle.take(100'000, now);
    }
    expect_near(moved, 20 * MB, 0.05);
    rates.set({});
    EXPECT_TRUE(rates.for_download(user_of("alice"), &session).unlimited())
        << "lifted for the session that has a bucket";
}

TEST(Rates, OfATransferAreItsOwn) {
    Rates rates({.transfer_upload = MB, .transfer_download = 0});
    std::vector<Mover> movers;
    SessionBuckets session;
    for (int i = 0; i < 3; ++i) movers.emplace_back(rates.for_upload(user_of("alice"), &session));
    run(movers, start + seconds(20));
    expect_near(total(movers), 60 * MB, 0.05);
    User fast = user_of("bob");
    fast.limits.transfer_upload_rate = UserLimits::any_rate;
    EXPECT_TRUE(rates.for_upload(fast).unlimited());
}

TEST(Rates, ABurstPassesAtOnce) {
    Rates rates({.user_download = MB, .burst = std::chrono::seconds(3)});
    Throttle throttle = rates.for_download(user_of("alice"));
    EXPECT_EQ(throttle.take(3 * MB, start), nanoseconds(0));
    EXPECT_GT(throttle.take(MB, start), nanoseconds(0));
    User bob = user_of("bob");
    bob.limits.burst = seconds(10);
    Throttle other = rates.for_download(bob);
    EXPECT_EQ(other.take(10 * MB, start), nanoseconds(0));
    EXPECT_GT(other.take(MB, start), nanoseconds(0));
}

}  // namespace
}  // namespace wherry
