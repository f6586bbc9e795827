// TFTP while a disk, or the whole machine, is slow.
#include <gtest/gtest.h>

#include "testing/faulty_fs.h"
#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::FaultyFilesystem;
using testing::TftpHarness;
using namespace std::chrono_literals;

class TftpSlowDisk : public ::testing::Test {
protected:
    TftpSlowDisk() {
        server.base.disk_threads = 1;
        server.base.files = disk;
        server.settings.cache_chunk = 65536;
        server.network.mtu = 65536;
        server.base.put("/file", std::string(200'000, 'f'));
    }
    ~TftpSlowDisk() override {
        disk->release();  // a test that fails must not leave a worker behind
        server.serve().stop();
        server.base.run_disk();
    }
    // What is sent until the disk has done its work, beside what has been sent `already`.
    std::string all(std::string already = {}) {
        server.base.run_disk();
        const std::string more = server.wait(1ns);
        return already.empty() || more.empty() ? already + more : already + " " + more;
    }
    // That were begun.
    std::uint64_t loads() { return server.serve().cache().counts().loads; }
    std::shared_ptr<FaultyFilesystem> disk = std::make_shared<FaultyFilesystem>(memory_filesystem());
    TftpHarness server;
};

TEST_F(TftpSlowDisk, T072_nothing_is_repeated_while_it_reads) {
    server.settings.cache_read_ahead = 0;
    EXPECT_EQ(all(server.rrq("file", {{"blksize", "16384"}})), "OACK{blksize=16384}");
    EXPECT_EQ(all(server.ack(0)), "DATA(1,16384)");
    for (unsigned block = 1; block < 4; ++block) EXPECT_NE(all(server.ack(block)), "");
    disk->hang();
    EXPECT_EQ(server.ack(4), "");
    disk->wait_until_hanging();
    EXPECT_EQ(server.wait(200ms), "");
    disk->release();
    EXPECT_EQ(all(), "DATA(5,16384)");
    EXPECT_EQ(server.metric(Metric::tftp_data_repeated_total), 0);
    EXPECT_GE(server.metric(Metric::tftp_starved_total), 1);
    for (unsigned block = 5; block < 8; ++block) EXPECT_NE(all(server.ack(block)), "");
    disk->hang();
    EXPECT_EQ(server.ack(8), "");
    disk->wait_until_hanging();
    EXPECT_EQ(server.wait(29s), "");
    EXPECT_EQ(server.wait(2s), "ERR(0,Internal error)");
    EXPECT_TRUE(server.logged("io_error"));
}

// When a chunk is sent from, the next one is on its way already, and only that.
TEST_F(TftpSlowDisk, the_next_chunk_is_read_ahead) {
    all(server.rrq("file", {{"blksize", "16384"}}));
    EXPECT_EQ(loads(), 0U);
    EXPECT_EQ(all(server.ack(0)), "DATA(1,16384)");
    EXPECT_EQ(loads(), 2U);
    disk->hang();
    const std::int64_t starved = server.metric(Metric::tftp_starved_total);
    for (unsigned block = 1; block < 8; ++block) {
        EXPECT_EQ(server.ack(block), "DATA(" + std::to_string(block + 1) + ",16384)");
    }
    disk->wait_until_hanging();
    EXPECT_EQ(loads(), 3U);
    EXPECT_EQ(server.metric(Metric::tftp_starved_total), starved);
    EXPECT_EQ(server.ack(8), "");  // the one that hangs
    disk->release();
    EXPECT_EQ(all(), "DATA(9,16384)");
    for (unsigned block = 9; block < 13; ++block) all(server.ack(block));
    EXPECT_EQ(server.payload.size(), 200'000U - 12U * 16384U);
    EXPECT_EQ(loads(), 4U);
    EXPECT_EQ(server.metric(Metric::tftp_data_repeated_total), 0);
}

// A window that begins in one chunk and ends in the next is repeated while a third one hangs.
TEST_F(TftpSlowDisk, reading_ahead_keeps_nobody_from_what_is_there) {
    server.settings.timing.tail_probe = false;
    server.settings.timing.pace = std::chrono::nanoseconds(0);
    const auto asked = server.rrq("file", {{"blksize", "16384"}, {"windowsize", "3"}});
    EXPECT_EQ(all(asked), "OACK{blksize=16384,windowsize=3}");
    EXPECT_EQ(all(server.ack(0)), "DATA(1,16384) DATA(2,16384) DATA(3,16384)");
    disk->hang();
    EXPECT_EQ(server.ack(3), "DATA(4,16384) DATA(5,16384) DATA(6,16384)");
    disk->wait_until_hanging();
    const std::string again = server.next();
    EXPECT_NE(again.find("ms DATA(4,16384) DATA(5,16384) DATA(6,16384)"), std::string::npos) << again;
}

TEST_F(TftpSlowDisk, more_chunks_are_read_ahead_where_the_operator_says_so) {
    server.settings.cache_read_ahead = 2;
    all(server.rrq("file", {{"blksize", "16384"}}));
    EXPECT_EQ(all(server.ack(0)), "DATA(1,16384)");
    EXPECT_EQ(loads(), 3U);
}

TEST_F(TftpSlowDisk, T115_the_last_ACK_waits_until_the_upload_is_published) {
    server.settings.write.mode = tftp::WriteMode::create;
    EXPECT_EQ(all(server.wrq("up")), "ACK(0)");
    disk->hang();
    EXPECT_EQ(server.data(1, "content"), "");
    disk->wait_until_hanging();
    EXPECT_EQ(server.wait(1s), "");
    EXPECT_EQ(server.data(1, "content"), "");
    EXPECT_EQ(server.wait(1s), "");
    disk->release();
    EXPECT_EQ(all(), "ACK(1)");
    EXPECT_EQ(server.base.content("/up"), "content");
}

TEST_F(TftpSlowDisk, W6_an_upload_that_is_acknowledged_at_receipt) {
    server.settings.write.mode = tftp::WriteMode::create;
    server.settings.write.ack_at_receipt = true;
    EXPECT_EQ(all(server.wrq("up")), "ACK(0)");
    disk->hang();
    EXPECT_EQ(server.data(1, "content"), "ACK(1)");
    disk->wait_until_hanging();
    disk->release();
    EXPECT_EQ(all(), "");
    EXPECT_EQ(server.base.content("/up"), "content");
    EXPECT_EQ(server.data(1, "content"), "ACK(1)");
}

// An empty upload has nothing to write: what hangs is the publishing. It was logged as broken, and was there.
TEST_F(TftpSlowDisk, W6_an_ERROR_comes_too_late_for_what_is_being_published) {
    server.settings.write.mode = tftp::WriteMode::create;
    EXPECT_EQ(all(server.wrq("up")), "ACK(0)");
    disk->hang();
    EXPECT_EQ(server.data(1, ""), "");
    disk->wait_until_hanging();
    EXPECT_EQ(server.error(0, "never mind"), "");
    disk->release();
    EXPECT_EQ(all(), "ACK(1)");
    EXPECT_EQ(server.base.content("/up"), "");
    EXPECT_TRUE(server.logged("\"up\" ok 0 B"));
    EXPECT_FALSE(server.logged("client_error"));
}

TEST_F(TftpSlowDisk, W6_publishing_takes_too_long) {
    server.settings.write.mode = tftp::WriteMode::create;
    EXPECT_EQ(all(server.wrq("up")), "ACK(0)");
    disk->hang();
    EXPECT_EQ(server.data(1, ""), "");
    disk->wait_until_hanging();
    EXPECT_EQ(server.wait(59s), "");
    EXPECT_EQ(server.data(1, ""), "");  // which put the end off
    EXPECT_EQ(server.wait(2s), "ERR(0,Internal error)");
    EXPECT_TRUE(server.logged("tftp.timers.commit"));
    EXPECT_EQ(server.wait(2min), "");
    disk->release();
    EXPECT_EQ(all(), "");
    EXPECT_EQ(server.base.content("/up"), "");
    EXPECT_TRUE(server.logged("\"up\" ok 0 B"));
    EXPECT_FALSE(server.logged("io_error"));
}

TEST_F(TftpSlowDisk, W6_writing_takes_too_long) {
    server.settings.write.mode = tftp::WriteMode::create;
    server.settings.commit_timeout = 5s;
    EXPECT_EQ(all(server.wrq("up")), "ACK(0)");
    disk->hang();
    EXPECT_EQ(server.data(1, "content"), "");
    disk->wait_until_hanging();
    EXPECT_EQ(server.wait(4s), "");
    EXPECT_EQ(server.wait(2s), "ERR(0,Internal error)");
    disk->release();
    EXPECT_EQ(all(), "");
    EXPECT_FALSE(server.base.exists("/up"));
    EXPECT_TRUE(server.logged("io_error"));
}

// The loop does not run for three seconds: all alarms are due at once.
TEST(TftpSlowMachine, T134_no_burst_after_a_stall) {
    TftpHarness server;
    server.base.put("/s5000", std::string(5000, 's'));
    constexpr std::uint16_t clients = 20;
    for (std::uint16_t i = 0; i < clients; ++i) {
        server.client = server.client.with_port(static_cast<std::uint16_t>(3000 + i));
        EXPECT_EQ(server.rrq("s5000"), "DATA(1,512)");
        EXPECT_EQ(server.ack(1), "DATA(2,512)");
    }
    const std::size_t before = server.sent.size();
    server.base.clock().advance(3s);
    server.run();
    EXPECT_EQ(server.sent.size() - before, clients);
}

}  // namespace
}  // namespace wherry
