#include "testing/tftp_crowd.h"

#include <gtest/gtest.h>

namespace wherry::tftp::world {
namespace {

constexpr int crowd_shards = 10;
constexpr std::uint64_t crowds_per_shard = 250;

class TftpCrowd : public ::testing::TestWithParam<int> {};

TEST_P(TftpCrowd, is_served_as_it_must_be) {
    const auto first = static_cast<std::uint64_t>(GetParam()) * crowds_per_shard;
    for (std::uint64_t seed = first; seed < first + crowds_per_shard; ++seed) {
        const Crowd crowd = random_crowd(seed);
        const std::string broken = broken_property(crowd, run(crowd));
        ASSERT_EQ(broken, "") << describe(crowd) << "\nshrunk: " << describe(shrunk(crowd, broken));
    }
}

INSTANTIATE_TEST_SUITE_P(Shard, TftpCrowd, ::testing::Range(0, crowd_shards));

// One that nothing happens to.
Member quiet_member(const std::string& name, bool put, std::uint64_t size) {
    Member member;
    member.name = name;
    member.scene.seed = size;
    member.scene.put = put;
    member.scene.size = size;
    return member;
}

// P7: RFC 1123 4.2.3.1, by the server as a whole.
TEST(TftpCrowdLockStep, T055_sends_each_block_once_when_every_packet_is_doubled) {
    for (const auto mode : {TidMode::pool, TidMode::unique, TidMode::single}) {
        Crowd crowd;
        crowd.tid_mode = mode;
        crowd.members = {quiet_member("a", false, 51'200), quiet_member("b", false, 20'000)};
        for (Member& member : crowd.members) member.scene.doubling = 0.6;
        crowd.members[1].host = 2;
        const CrowdOutcome outcome = run(crowd);
        ASSERT_EQ(broken_property(crowd, outcome), "");
        EXPECT_EQ(outcome.members[0].data_packets, 101U);
        EXPECT_EQ(outcome.members[1].data_packets, 40U);
    }
}

// It reports the same gap for ever: the block that is missing is too long for its way.
TEST(TftpCrowdStall, ends_a_download_that_gets_nowhere) {
    Crowd crowd;
    crowd.members = {quiet_member("get", false, 1651)};
    crowd.members[0].path_mtu = 1400;
    crowd.members[0].scene.blksize = 1428;
    crowd.members[0].scene.window = 64;
    crowd.members[0].scene.temper = Temper::naive;
    const CrowdOutcome outcome = run(crowd);
    EXPECT_EQ(broken_property(crowd, outcome), "");
    EXPECT_EQ(outcome.members[0].client, "error 0");
}

// The probe at the end of a window was taken for that end itself when its block had to be read again: it was sent every
// few milliseconds, to a client that had long gone.
TEST(TftpCrowdSlowDisk, a_probe_that_has_to_wait_for_its_block_is_not_sent_for_ever) {
    Crowd crowd;
    crowd.members = {quiet_member("get", false, 42'840)};
    crowd.members[0].path_mtu = 1400;
    crowd.members[0].scene.blksize = 1428;
    crowd.members[0].scene.window = 16;
    crowd.chunk = crowd.cache = 2048;
    crowd.disk_time = 0.001;
    const CrowdOutcome outcome = run(crowd);
    EXPECT_EQ(broken_property(crowd, outcome), "");
    EXPECT_LT(outcome.steps, 5000U);
}

// They read ahead what pushed out what the other had read ahead, whereupon that one did the same, and so on: the turn
// of the loop had no end.
TEST(TftpCrowdSmallCache, two_downloads_do_not_read_ahead_against_each_other) {
    Crowd crowd;
    crowd.members = {quiet_member("one", false, 20'000), quiet_member("two", false, 20'001)};
    crowd.members[1].host = 2;
    crowd.chunk = crowd.cache = 2048;
    for (Member& member : crowd.members) member.text = true;
    const CrowdOutcome outcome = run(crowd);
    EXPECT_EQ(broken_property(crowd, outcome), "");
    EXPECT_LT(outcome.steps, 1000U);
}

TEST(TftpCrowdRestart, those_who_come_later_are_served) {
    for (const bool silent : {false, true}) {
        Crowd crowd;
        crowd.members = {quiet_member("early", false, 200'000), quiet_member("up", true, 200'000),
                         quiet_member("late", false, 5000)};
        crowd.members[1].host = 2;
        crowd.members[2].host = 3;
        crowd.members[2].begins = 0.2;
        crowd.restart = {.at = 0.1, .lasts = 0.05, .silent = silent};
        const CrowdOutcome outcome = run(crowd);
        EXPECT_EQ(broken_property(crowd, outcome), "");
        EXPECT_EQ(outcome.members[0].client, silent ? "timeout" : "error 0");
        EXPECT_EQ(outcome.members[1].client, silent ? "timeout" : "error 0");
        EXPECT_EQ(outcome.members[1].content, "");
        EXPECT_EQ(outcome.members[2].client, "ok");
    }
}

// A line end may lie on both sides of the end of a block.
TEST(TftpCrowdText, is_what_the_other_side_has_encoded) {
    Crowd crowd;
    crowd.members = {quiet_member("get", false, 9'000), quiet_member("put", true, 9'000)};
    crowd.members[1].host = 2;
    for (Member& member : crowd.members) member.text = true;
    CrowdOutcome outcome = run(crowd);
    EXPECT_EQ(broken_property(crowd, outcome), "");
    EXPECT_GT(outcome.members[0].content.size(), 10'000U);
    EXPECT_EQ(outcome.members[1].content, file_of(crowd.members[1].scene));
    outcome.members[0].content = file_of(crowd.members[0].scene);
    EXPECT_EQ(broken_property(crowd, outcome).substr(0, 2), "P1");
}

// The properties must be able to fail.
TEST(TftpCrowdProperties, see_what_is_wrong) {
    Crowd crowd;
    crowd.members = {quiet_member("get", false, 1000), quiet_member("put", true, 1000)};
    const CrowdOutcome good = run(crowd);
    ASSERT_EQ(broken_property(crowd, good), "");
    const auto broken_by = [&](auto spoil) {
        CrowdOutcome outcome = good;
        spoil(outcome);
        const std::string broken = broken_property(crowd, outcome);
        return broken.substr(0, broken.find(':'));
    };
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.members[0].content[3] ^= 1; }), "P1");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.members[0].content.resize(50); }), "P2");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.members[1].published_in_time = false; }), "P2");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.longest_end = 91; }), "P3");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { ++one.members[0].data_packets; }), "P4");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.members[1].client = "error 0"; }), "P5");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.most_cached = 2U << 20U; }), "P6");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.most_sockets = 24; }), "P6");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.members[0].repeats_identical = false; }), "P8");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.forged_files = 1; }), "P9");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.beyond_allowance = 1; }), "P10");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.answers_to_errors = 1; }), "P11");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.members[1].from_asked_address = false; }), "P12");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.most_idle_in_second = 100; }), "P14");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.members[0].soonest_repeat = Span(1); }), "P14");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.files_left_open = 1; }), "P15");
    EXPECT_EQ(broken_by([](CrowdOutcome& one) { one.waits_for_something = true; }), "P15");
}

TEST(TftpCrowdProperties, see_a_mix_of_two_files) {
    Crowd crowd;
    crowd.members = {quiet_member(shared_name, false, 1000)};
    crowd.change = Crowd::Change::renamed_over;
    crowd.changes_at = 0.003;
    CrowdOutcome outcome = run(crowd);
    ASSERT_EQ(broken_property(crowd, outcome), "");
    std::string& content = outcome.members[0].content;
    content = content.substr(0, 500) + changed_file(crowd, crowd.members[0]).substr(500, 500);
    EXPECT_EQ(broken_property(crowd, outcome).substr(0, 3), "P13");
}

// Two who upload under one name cannot both be served.
TEST(TftpCrowdShrinking, leaves_those_that_matter) {
    Crowd crowd;
    crowd.spoofers = 2;
    crowd.full = 0.05;
    for (std::uint64_t i = 0; i < 8; ++i) {
        crowd.members.push_back(quiet_member("file" + std::to_string(i % 6), true, 4000 + i));
        crowd.members.back().host = static_cast<std::uint8_t>(i);
    }
    crowd.members[7].name = "another";
    const std::string broken = broken_property(crowd, run(crowd));
    ASSERT_NE(broken, "");
    const Crowd small = shrunk(crowd, broken);
    ASSERT_EQ(small.members.size(), 2U);
    EXPECT_EQ(small.members[0].name, "file0");
    EXPECT_EQ(small.members[1].name, "file0");
    EXPECT_EQ(small.spoofers, 0);
    EXPECT_EQ(small.full, 0);
    EXPECT_LT(small.members[0].scene.size, 2000U);
}

}  // namespace
}  // namespace wherry::tftp::world
