// Rates of TFTP uploads: ACKs wait until what they acknowledge is paid for.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::chrono_literals;
using tftp::WriteMode;

class TftpUploadRates : public ::testing::Test {
protected:
    void SetUp() override { server.settings.write.mode = WriteMode::create; }
    static std::string block(std::size_t size = 512) { return std::string(size, 'u'); }
    auto now() { return server.base.clock().now(); }

    // Sends a window of blocks and waits for what is said to it.
    std::string send_window(unsigned first, unsigned count, std::size_t blksize) {
        std::string said;
        for (unsigned n = first; n < first + count; ++n) said += server.data(n, block(blksize));
        const auto asked = now();
        if (said.empty()) {
            const std::string came = server.next(1min);
            said = came.substr(came.find(' ') + 1);
        }
        longest = std::max<std::chrono::nanoseconds>(longest, now() - asked);
        return said;
    }
    // A whole upload by a client that waits for each ACK; how long it took.
    std::chrono::nanoseconds lock_step(std::string_view name, unsigned blocks) {
        const auto begun = now();
        EXPECT_EQ(server.wrq(name), "ACK(0)");
        for (unsigned n = 1; n <= blocks; ++n) {
            EXPECT_EQ(send_window(n, 1, 512), "ACK(" + std::to_string(n) + ")");
        }
        EXPECT_EQ(server.data(blocks + 1, "end"), "ACK(" + std::to_string(blocks + 1) + ")");
        return now() - begun;
    }

    TftpHarness server;
    std::chrono::nanoseconds longest{0};  // that an ACK took
};

TEST_F(TftpUploadRates, of_a_session) {
    server.base.rates.session_upload = 51200;
    const auto took = lock_step("slow", 200);  // the first quarter of a second passes at once
    EXPECT_GT(took, 1700ms);
    EXPECT_LT(took, 1800ms);
    EXPECT_LT(longest, 20ms);
    EXPECT_EQ(server.base.content("/slow")->size(), 200U * 512 + 3);
}

TEST_F(TftpUploadRates, of_each_upload) {
    server.settings.write.rate_per_transfer = 51200;
    server.settings.rate_per_transfer = 1;  // of downloads
    const auto took = lock_step("slow", 200);
    EXPECT_GT(took, 1700ms);
    EXPECT_LT(took, 1800ms);
}

TEST_F(TftpUploadRates, of_those_that_a_rule_is_about) {
    tftp::Rule& rule = server.settings.rules.emplace_back();
    rule.name = "slow*";
    rule.op = tftp::Rule::Direction::write;
    rule.rate = 51200;
    EXPECT_GT(lock_step("slow", 200), 1700ms);
    server.client = server.client.with_port(3001);
    EXPECT_EQ(lock_step("quick", 200), 0ms);
    server.client = server.client.with_port(3002);
    const auto begun = now();
    EXPECT_EQ(server.download("slow").size(), 200U * 512 + 3);
    EXPECT_EQ(now() - begun, 0ms);
}

// No window owes more than what passes in a quarter of a second, and so no ACK waits until the client's time-out.
TEST_F(TftpUploadRates, windows_are_no_larger_than_what_passes_soon) {
    server.settings.write.rate_per_transfer = 51200;
    EXPECT_EQ(server.wrq("w", {{"blksize", "1468"}, {"windowsize", "64"}}), "OACK{blksize=1468,windowsize=8}");
    const auto begun = now();
    for (unsigned first = 1; first < 400; first += 8) {
        ASSERT_EQ(send_window(first, 8, 1468), "ACK(" + std::to_string(first + 7) + ")");
    }
    EXPECT_EQ(server.data(401, "end"), "ACK(401)");
    const std::chrono::duration<double> took = now() - begun;
    EXPECT_NEAR(took.count(), 400 * 1468 / 51200.0 - 0.25, 0.1);
    EXPECT_LT(longest, 250ms);
    EXPECT_EQ(server.base.content("/w")->size(), 400U * 1468 + 3);
    EXPECT_EQ(std::ranges::count_if(server.sent, [](const auto& one) { return one.bytes[1] == 4; }), 51);
}

TEST_F(TftpUploadRates, blocks_are_no_larger_either) {
    server.network.mtu = 65536;
    server.settings.write.rate_per_transfer = 8192;
    EXPECT_EQ(server.wrq("w", {{"blksize", "65464"}, {"windowsize", "2"}}), "OACK{blksize=2048,windowsize=1}");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.wrq("v", {{"blksize", "1024"}, {"windowsize", "4"}}), "OACK{blksize=1024,windowsize=2}");
}

TEST_F(TftpUploadRates, what_is_repeated_meanwhile_is_neither_answered_nor_paid_for) {
    server.settings.write.rate_per_transfer = 256;
    EXPECT_EQ(server.wrq("w", {{"blksize", "1468"}}), "OACK{blksize=512}");
    const auto begun = now();
    std::string said = server.data(1, block());
    for (int repeat = 0; repeat < 17; ++repeat) said += server.wait(100ms) + server.data(1, block());
    EXPECT_EQ(said, "");
    said += server.wait(49ms);
    EXPECT_EQ(said, "");
    EXPECT_EQ(server.wait(2ms), "ACK(1)");
    EXPECT_EQ(now() - begun, 1751ms);
    EXPECT_EQ(server.data(1, block()), "ACK(1)");  // that one was lost
}

TEST_F(TftpUploadRates, the_last_ACK_waits_for_the_file_alone) {
    server.settings.write.rate_per_transfer = 256;
    server.wrq("w");
    EXPECT_EQ(server.data(1, block(511)), "ACK(1)");
    EXPECT_EQ(server.base.content("/w")->size(), 511U);
}

TEST_F(TftpUploadRates, a_gap_is_told_when_it_is_paid_for) {
    server.settings.write.rate_per_transfer = 8192;
    EXPECT_EQ(server.wrq("w", {{"windowsize", "4"}}), "OACK{windowsize=4}");
    EXPECT_EQ(send_window(1, 4, 512), "ACK(4)");
    EXPECT_EQ(server.data(5, block()) + server.data(6, block()) + server.data(8, block()), "");
    EXPECT_EQ(server.wait(124ms), "");
    EXPECT_EQ(server.wait(2ms), "ACK(6)");
    EXPECT_EQ(server.data(8, block()), "");  // it was on its way already
    EXPECT_EQ(server.data(7, block()), "");  // and now 8 as well
    EXPECT_EQ(send_window(9, 2, 512), "ACK(10)");
    EXPECT_EQ(server.data(11, ""), "ACK(11)");
    EXPECT_EQ(server.base.content("/w")->size(), 5120U);
}

TEST_F(TftpUploadRates, a_gap_that_closes_meanwhile_is_not_told) {
    server.settings.write.rate_per_transfer = 8192;
    server.wrq("w", {{"windowsize", "4"}});
    EXPECT_EQ(send_window(1, 4, 512), "ACK(4)");
    EXPECT_EQ(server.data(5, block()) + server.data(8, block()) + server.data(6, block()), "");
    EXPECT_EQ(server.data(7, block()), "");
    EXPECT_EQ(server.wait(249ms), "");
    EXPECT_EQ(server.wait(2ms), "ACK(8)");
}

// Not even one that knows what its ACKs will say.
TEST_F(TftpUploadRates, a_client_that_waits_for_no_ACK_is_no_faster) {
    server.settings.write.rate_per_transfer = 51200;
    server.wrq("w");
    for (unsigned n = 1; n <= 500; ++n) server.data(n, block());
    server.error(0);
    EXPECT_TRUE(server.logged("13312 B")) << "26 blocks: what passes at once, and one that is owed for";
}

TEST_F(TftpUploadRates, of_the_server_are_shared) {
    server.base.rates.upload = 51200;
    const auto one = server.client;
    const auto other = server.client.with_port(3001);
    const auto begun = now();
    EXPECT_EQ(server.wrq("one"), "ACK(0)");
    const auto tid = server.tid;
    server.client = other;
    EXPECT_EQ(server.wrq("other"), "ACK(0)");
    const auto other_tid = server.tid;
    for (unsigned n = 1; n <= 100; ++n) {
        server.client = one;
        server.tid = tid;
        EXPECT_EQ(send_window(n, 1, 512), "ACK(" + std::to_string(n) + ")");
        server.client = other;
        server.tid = other_tid;
        EXPECT_EQ(send_window(n, 1, 512), "ACK(" + std::to_string(n) + ")");
    }
    EXPECT_GT(now() - begun, 1700ms);
    EXPECT_LT(now() - begun, 1900ms);
}

// A client that goes away while its ACK is held is given up like any other.
TEST_F(TftpUploadRates, a_client_that_dies_while_it_waits) {
    server.settings.write.rate_per_transfer = 1024;
    server.wrq("w");
    server.data(1, block());
    std::string last;
    for (std::string came = server.next(90s); !came.empty(); came = server.next(90s)) last = came;
    EXPECT_TRUE(last.ends_with("ERR(0,Transfer timed out)")) << last;
    EXPECT_FALSE(server.base.exists("/w"));
}

}  // namespace
}  // namespace wherry
