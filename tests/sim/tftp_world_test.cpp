#include "testing/tftp_world.h"

#include <gtest/gtest.h>

namespace wherry::tftp::world {
namespace {

constexpr int shards = 20;
constexpr std::uint64_t seeds_per_shard = 1000;

class TftpWorld : public ::testing::TestWithParam<int> {};

TEST_P(TftpWorld, holds_for_a_thousand_seeds) {
    const auto first = static_cast<std::uint64_t>(GetParam()) * seeds_per_shard;
    for (std::uint64_t seed = first; seed < first + seeds_per_shard; ++seed) {
        const Scene setup = random_scene(seed);
        const Outcome outcome = run(setup);
        ASSERT_EQ(broken_property(setup, outcome), "")
            << describe(setup) << ": server " << (outcome.server ? name_of(*outcome.server) : "-") << ", client "
            << outcome.client;
    }
}

INSTANTIATE_TEST_SUITE_P(Shard, TftpWorld, ::testing::Range(0, shards));

// P7: RFC 1123 4.2.3.1.
TEST(TftpWorldLockStep, T055_sends_each_block_once_when_every_packet_is_doubled) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Scene setup;
        setup.seed = seed;
        setup.doubling = 0.6;
        setup.size = std::uint64_t{100} * 512;
        const Outcome outcome = run(setup);
        ASSERT_EQ(broken_property(setup, outcome), "");
        ASSERT_EQ(outcome.data_packets, 101U) << seed;
    }
}

// More blocks than there are numbers, with losses where the numbers end and begin again.
TEST(TftpWorldRollover, T070_T071_T090_goes_on_behind_block_65535) {
    for (const auto rollover : {std::uint16_t{0}, std::uint16_t{1}}) {
        for (const auto window : {std::uint16_t{1}, std::uint16_t{16}}) {
            for (const bool put : {false, true}) {
                Scene setup;
                setup.seed = rollover + window + 2U;
                setup.put = put;
                setup.blksize = 8;
                setup.window = window;
                setup.rollover = rollover;
                setup.lost_late = {65534, 0, 1};
                setup.delay = 0.0001;
                setup.size = std::uint64_t{65536} * 8 + 24;
                const Outcome outcome = run(setup);
                EXPECT_EQ(broken_property(setup, outcome), "") << describe(setup);
                EXPECT_EQ(outcome.client, "ok");
            }
        }
    }
}

// The figures of a sender that repeats at every ACK inside a window are 60 and more here.
TEST(TftpWorldEfficiency, repeats_little_at_one_percent_loss) {
    for (const Temper temper : {Temper::strict, Temper::naive, Temper::eager, Temper::mute}) {
        double sent = 0;
        double seconds = 0;
        for (std::uint64_t seed = 900; seed < 905; ++seed) {
            Scene setup;
            setup.seed = seed;
            setup.window = 64;
            setup.blksize = 1468;
            setup.loss = 0.01;
            setup.delay = 0.0005;
            setup.temper = temper;
            setup.size = std::uint64_t{1500} * 1468;
            const Outcome outcome = run(setup);
            ASSERT_EQ(broken_property(setup, outcome), "");
            sent += static_cast<double>(outcome.data_packets) / 1501 / 5;
            seconds += outcome.seconds / 5;
        }
        EXPECT_LT(sent, 2.3) << static_cast<int>(temper);
        EXPECT_LT(seconds, 5.0) << static_cast<int>(temper);
    }
}

// The properties must be able to fail.
TEST(TftpWorldProperties, see_what_is_wrong) {
    Scene setup;
    setup.size = 100;
    Outcome outcome = run(setup);
    ASSERT_EQ(broken_property(setup, outcome), "");
    outcome.received.back() ^= 1;
    EXPECT_EQ(broken_property(setup, outcome).substr(0, 2), "P1");
    outcome.received.resize(50);
    outcome.received = content_of(setup).substr(0, 50);
    EXPECT_EQ(broken_property(setup, outcome).substr(0, 2), "P2");
    outcome = run(setup);
    outcome.data_repeated = 1;
    EXPECT_EQ(broken_property(setup, outcome).substr(0, 2), "P4");
}

}  // namespace
}  // namespace wherry::tftp::world
