// TFTP downloads with windows (RFC 7440): what is repeated, and when.
#include <gtest/gtest.h>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::chrono_literals;

// 100000 bytes are 69 blocks of 1468 bytes. The round trip is 2 ms.
class TftpWindow : public ::testing::Test {
protected:
    void SetUp() override { server.base.put("/big", std::string(100000, 'b')); }
    std::string begin(const TftpHarness::Options& more = {}) {
        TftpHarness::Options options{{"blksize", "1468"}, {"windowsize", "4"}};
        options.insert(options.end(), more.begin(), more.end());
        server.rrq("big", options);
        server.wait(2ms);
        return server.ack(0);
    }
    std::string window(unsigned first, unsigned last) {
        std::string out;
        for (unsigned block = first; block <= last; ++block) {
            out += (out.empty() ? "" : " ") + ("DATA(" + std::to_string(block) + ",1468)");
        }
        return out;
    }
    std::string later_ack(unsigned block) {
        server.wait(2ms);
        return server.ack(block);
    }
    TftpHarness server;
};

TEST_F(TftpWindow, T081_window_by_window) {
    EXPECT_EQ(begin(), window(1, 4));
    for (unsigned block = 4; block < 64; block += 4) EXPECT_EQ(later_ack(block), window(block + 1, block + 4));
    EXPECT_EQ(later_ack(64), window(65, 68));
    EXPECT_EQ(later_ack(68), "DATA(69,176)");
    EXPECT_EQ(later_ack(69), "");
    EXPECT_TRUE(server.logged("ok 100000 B"));
    EXPECT_EQ(server.metric(Metric::tftp_data_packets_total), 69);
}

TEST_F(TftpWindow, T082_T083_a_gap_is_filled_once) {
    begin();
    EXPECT_EQ(later_ack(4), window(5, 8));
    EXPECT_EQ(later_ack(5), "");
    EXPECT_EQ(server.ack(5), "");
    EXPECT_EQ(server.ack(5), "");
    EXPECT_EQ(server.wait(8ms), window(6, 9));
    // After a loss blocks leave one after the other.
    EXPECT_EQ(later_ack(9), "DATA(10,1468)");
    EXPECT_EQ(server.wait(1ms), window(11, 13));
}

TEST_F(TftpWindow, T084_a_client_that_acknowledges_every_block) {
    begin();
    for (unsigned block = 1; block < 69; ++block) {
        const std::string came = server.ack(block);
        if (block % 4 != 0) EXPECT_EQ(came, "") << block;
    }
    server.ack(69);
    EXPECT_EQ(server.metric(Metric::tftp_data_packets_total), 69);
}

TEST_F(TftpWindow, T085_T086_the_tail_is_probed) {
    begin();
    EXPECT_EQ(later_ack(4), window(5, 8));
    EXPECT_EQ(server.next(), "10ms DATA(8,1468)");
    EXPECT_EQ(server.ack(8), window(9, 12));
}

TEST_F(TftpWindow, T087_a_whole_window_is_lost) {
    begin();
    EXPECT_EQ(later_ack(4), window(5, 8));
    EXPECT_EQ(server.next(), "10ms DATA(8,1468)");
    EXPECT_EQ(server.ack(4), "");
    EXPECT_EQ(server.wait(5ms).substr(0, 12), "DATA(5,1468)");
}

TEST_F(TftpWindow, T088_no_probe_where_the_client_set_the_time) {
    begin({{"timeout", "2"}});
    EXPECT_EQ(later_ack(4), window(5, 8));
    EXPECT_EQ(server.next().substr(0, 13), "2000ms DATA(5");
}

// A client may have more than the repeat has come to, and say so only once (atftp does).
TEST_F(TftpWindow, an_ACK_of_what_was_sent_before_the_repeat_counts) {
    begin({{"timeout", "2"}});
    EXPECT_EQ(later_ack(4), window(5, 8));
    EXPECT_EQ(server.wait(2s), "DATA(5,1468)");
    EXPECT_EQ(server.ack(7), "DATA(8,1468)");
    EXPECT_EQ(server.wait(1ms), window(9, 11));
    EXPECT_EQ(later_ack(11).substr(0, 13), "DATA(12,1468)");
}

TEST_F(TftpWindow, T102_fragments_are_not_cut_by_the_kernel) {
    server.settings.options.mtu_policy = tftp::MtuPolicy::allow;
    EXPECT_EQ(server.download("big", {{"blksize", "8192"}, {"windowsize", "4"}}), std::string(100000, 'b'));
    EXPECT_EQ(server.network.cut_by_kernel, 0U);
    EXPECT_EQ(server.download("big", {{"blksize", "1468"}, {"windowsize", "4"}}), std::string(100000, 'b'));
    EXPECT_GT(server.network.cut_by_kernel, 0U);
}

TEST_F(TftpWindow, T089_a_late_copy_of_an_ACK) {
    begin();
    EXPECT_EQ(later_ack(4), window(5, 8));
    EXPECT_EQ(server.ack(4), "");
    EXPECT_EQ(server.ack(8), window(9, 12));
    EXPECT_EQ(server.metric(Metric::tftp_data_repeated_total), 0);
}

TEST_F(TftpWindow, blocks_of_a_window_leave_together_and_whole) {
    std::string image(300000, '\0');
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<char>(i * 2654435761U >> 24U);
    server.base.put("/image", image);
    for (const std::size_t segments : {std::size_t{1}, std::size_t{3}, std::size_t{64}, std::size_t{128}}) {
        server.network.most_segments = segments;
        EXPECT_EQ(server.download("image", {{"blksize", "1428"}, {"windowsize", "64"}}), image) << segments;
        EXPECT_EQ(server.download("image", {{"blksize", "512"}, {"windowsize", "33"}}), image) << segments;
    }
}

// The system's queue is full for a while: nothing is lost, nothing comes out of order.
TEST_F(TftpWindow, T101_a_full_socket) {
    std::string image(300000, 'i');
    server.base.put("/image", image);
    EXPECT_EQ(server.rrq("image", {{"windowsize", "64"}}), "OACK{windowsize=64}");
    server.network.room = 0;
    EXPECT_EQ(server.ack(0), "");
    EXPECT_EQ(server.wait(20ms), "");
    server.network.room = 1'000'000;
    EXPECT_EQ(server.wait(1ms).substr(0, 23), "DATA(1,512) DATA(2,512)");
}

}  // namespace
}  // namespace wherry
