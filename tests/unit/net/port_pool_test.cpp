#include "net/port_pool.h"

#include <gtest/gtest.h>

#include <map>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace wherry::net {
namespace {

TEST(PortPool, WithoutARangeTheSystemChooses) {
    PortPool pool(0, 0);
    EXPECT_FALSE(pool.has_range());
    for (int i = 0; i < 3; ++i) {
        const auto lease = pool.take();
        ASSERT_TRUE(lease);
        EXPECT_EQ(lease->port(), 0);
    }
}

TEST(PortPool, ARangeThatRunsBackwardsIsNone) { EXPECT_FALSE(PortPool(5000, 4999).has_range()); }

TEST(PortPool, GivesEveryPortOnceBothEndsIncluded) {
    PortPool pool(50000, 50009);
    std::vector<PortPool::Lease> leases;
    std::set<std::uint16_t> ports;
    while (auto lease = pool.take()) {
        ports.insert(lease->port());
        leases.push_back(std::move(*lease));
    }
    EXPECT_EQ(leases.size(), 10U);
    EXPECT_EQ(ports.size(), 10U);
    EXPECT_EQ(*ports.begin(), 50000);
    EXPECT_EQ(*ports.rbegin(), 50009);
    leases.pop_back();
    EXPECT_TRUE(pool.take());
}

TEST(PortPool, TheHighestPortBelongsToARange) {
    PortPool pool(65535, 65535);
    const auto lease = pool.take();
    ASSERT_TRUE(lease);
    EXPECT_EQ(lease->port(), 65535);
    EXPECT_FALSE(pool.take());
}

TEST(PortPool, AMovedLeaseIsGivenBackOnce) {
    PortPool pool(50000, 50000);
    {
        auto lease = pool.take();
        PortPool::Lease moved = std::move(*lease);
        EXPECT_EQ(lease->port(), 0);
        lease.reset();
        EXPECT_FALSE(pool.take());
        moved = PortPool::Lease();
        EXPECT_TRUE(pool.take());
    }
    const auto first = pool.take();
    EXPECT_TRUE(first);
    EXPECT_FALSE(pool.take());
}

// RFC 2577: which port comes next must not be seen from those before. With 1000 ports the chance that two orders are
// the same, or that one runs upwards, is none.
TEST(PortPool, TheOrderCannotBeForeseen) {
    const auto order = [] {
        PortPool pool(50000, 50999);
        std::vector<PortPool::Lease> leases;
        std::vector<std::uint16_t> ports;
        while (auto lease = pool.take()) {
            ports.push_back(lease->port());
            leases.push_back(std::move(*lease));
        }
        return ports;
    };
    const auto first = order();
    EXPECT_NE(first, order());
    EXPECT_FALSE(std::ranges::is_sorted(first));
}

TEST(PortPool, UnderRandomUseNoPortIsOutTwiceOrOutsideTheRange) {
    std::mt19937 random(11);
    PortPool pool(40000, 40019);
    std::vector<PortPool::Lease> out;
    std::set<std::uint16_t> ports;
    for (int i = 0; i < 20'000; ++i) {
        if (random() % 2 == 0) {
            auto lease = pool.take();
            ASSERT_EQ(lease.has_value(), out.size() < pool.size());
            if (!lease) continue;
            ASSERT_TRUE(lease->port() >= 40000 && lease->port() <= 40019);
            ASSERT_TRUE(ports.insert(lease->port()).second);
            out.push_back(std::move(*lease));
        } else if (!out.empty()) {
            std::swap(out[random() % out.size()], out.back());
            ports.erase(out.back().port());
            out.pop_back();
        }
    }
}

TEST(PortPool, ServesSeveralThreads) {
    PortPool pool(40000, 40003);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&pool] {
            for (int i = 0; i < 2'000; ++i) EXPECT_TRUE(pool.take());  // one each at a time: there is always one
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST(PortPool, ShuffledHasEachPortOnceInAnOrderThatCannotBeForeseen) {
    const PortPool pool(50000, 50099);
    const auto ports = pool.shuffled();
    EXPECT_EQ(ports.size(), 100U);
    EXPECT_EQ(std::set<std::uint16_t>(ports.begin(), ports.end()).size(), 100U);
    EXPECT_NE(ports, pool.shuffled());
    EXPECT_TRUE(PortPool(0, 0).shuffled().empty());
    const PortPool few(50000, 50007);
    std::map<std::uint16_t, int> first;
    for (int i = 0; i < 4000; ++i) ++first[few.shuffled().front()];
    // Chi-square of 500 expected each, 7 degrees of freedom: above 40 comes by chance once in a million runs.
    double chi_square = 0;
    for (const auto& [port, count] : first) chi_square += (count - 500.0) * (count - 500.0) / 500.0;
    EXPECT_EQ(first.size(), 8U);
    EXPECT_LT(chi_square, 40);
}

// --- the system's own ------------------------------------------------------------------------------------------------

TEST(SystemPorts, AreThoseOfTheRangeBothEndsIncluded) {
    const SystemPorts ports("50000\t50002\n", "\n");
    std::set<std::uint16_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(ports.any());
    EXPECT_EQ(seen, (std::set<std::uint16_t>{50000, 50001, 50002}));
}

TEST(SystemPorts, AreLeftToTheSystemWhereOnlyItKnows) {
    for (const char* range : {"", "\n", "x", "50000", "50002 50000", "0 10", "70000 80000", "-5 7"}) {
        EXPECT_EQ(SystemPorts(range, "\n").any(), 0) << range;
    }
    EXPECT_EQ(SystemPorts("50000 50002", "50001\n").any(), 0);
    EXPECT_EQ(SystemPorts("50000 50002", "8080,9000-9010\n").any(), 0);
}

}  // namespace
}  // namespace wherry::net
