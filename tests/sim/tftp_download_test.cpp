// TFTP downloads block by block: repeats, losses, strangers, new requests.
#include <gtest/gtest.h>

#include <array>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr std::array<std::size_t, 7> sizes{0, 511, 512, 513, 1024, 1468, 5000};

class TftpDownload : public ::testing::Test {
protected:
    void SetUp() override {
        server.base.put("/one", "x");
        for (const std::size_t size : sizes) {
            server.base.put("/s" + std::to_string(size), std::string(size, 'f'));
        }
    }
    // Acknowledges up to `block` of a running download.
    void go_on_to(unsigned block) {
        for (unsigned i = 1; i <= block; ++i) server.ack(i);
    }
    std::int64_t repeated() { return server.metric(Metric::tftp_data_repeated_total); }
    TftpHarness server;
};

TEST_F(TftpDownload, T051_a_multiple_of_the_block_size_ends_with_an_empty_block) {
    EXPECT_EQ(server.rrq("s512"), "DATA(1,512)");
    EXPECT_EQ(server.ack(1), "DATA(2,0)");
    EXPECT_EQ(server.ack(2), "");
    EXPECT_TRUE(server.logged("\"s512\" ok 512 B"));
}

TEST_F(TftpDownload, T052_sizes_around_the_block_size) {
    for (const std::size_t size : sizes) {
        if (size > 1024) continue;
        server.client = server.client.with_port(static_cast<std::uint16_t>(3000 + size));
        EXPECT_EQ(server.download("s" + std::to_string(size)), std::string(size, 'f')) << size;
    }
}

TEST_F(TftpDownload, T053_one_whole_block) {
    EXPECT_EQ(server.rrq("s1468", {{"blksize", "1468"}}), "OACK{blksize=1468}");
    EXPECT_EQ(server.ack(0), "DATA(1,1468)");
    EXPECT_EQ(server.ack(1), "DATA(2,0)");
}

TEST_F(TftpDownload, T054_doubled_ACKs_double_nothing) {
    server.rrq("s5000");
    for (unsigned block = 1; block <= 10; ++block) {
        server.ack(block);
        EXPECT_EQ(server.ack(block), "");
    }
    EXPECT_EQ(server.metric(Metric::tftp_data_packets_total), 10);
    EXPECT_EQ(repeated(), 0);
}

TEST_F(TftpDownload, T056_a_lost_block_comes_again_once) {
    server.rrq("s5000");
    server.wait(2ms);
    EXPECT_EQ(server.ack(1), "DATA(2,512)");
    EXPECT_EQ(server.next(), "100ms DATA(2,512)");
    EXPECT_EQ(server.ack(2), "DATA(3,512)");
}

TEST_F(TftpDownload, T057_a_lost_ACK) {
    server.rrq("s5000");
    server.wait(2ms);
    EXPECT_EQ(server.ack(1), "DATA(2,512)");
    // Its ACK is lost, and the client waits.
    EXPECT_EQ(server.next(), "100ms DATA(2,512)");
    EXPECT_EQ(server.ack(2), "DATA(3,512)");
    EXPECT_EQ(server.ack(3), "DATA(4,512)");
    EXPECT_EQ(repeated(), 0) << "told at the end";
}

TEST_F(TftpDownload, T073_a_long_way) {
    server.rrq("s5000");
    for (unsigned block = 1; block < 9; ++block) {
        EXPECT_EQ(server.wait(300ms), "") << block;
        EXPECT_EQ(server.ack(block), "DATA(" + std::to_string(block + 1) + ",512)");
    }
    // The round trip and four times what is left of its variation.
    const int waited = std::stoi(server.next());
    EXPECT_GE(waited, 310);
    EXPECT_LE(waited, 420);
}

TEST_F(TftpDownload, T058_T059_ACKs_of_other_blocks) {
    server.rrq("s5000");
    go_on_to(4);
    EXPECT_EQ(server.ack(1), "");
    EXPECT_EQ(server.ack(9), "");
    EXPECT_EQ(server.ack(5), "DATA(6,512)");
}

TEST_F(TftpDownload, T060_a_client_that_dies) {
    server.settings.timing.stall = 60s;
    server.rrq("s5000");
    go_on_to(2);
    std::string last;
    int repeats = 0;
    for (std::string came = server.next(90s); !came.empty(); came = server.next(90s)) {
        last = came.substr(came.find(' ') + 1);
        if (last == "DATA(3,512)") ++repeats;
    }
    EXPECT_EQ(last, "ERR(0,Transfer timed out)");
    EXPECT_GE(repeats, 8);
    EXPECT_LE(repeats, 15);
    EXPECT_TRUE(server.logged("\"s5000\" timeout"));
}

TEST_F(TftpDownload, T061_no_answer_to_the_first_block) {
    EXPECT_EQ(server.rrq("s5000"), "DATA(1,512)");
    EXPECT_EQ(server.next(), "1000ms DATA(1,512)");
    EXPECT_EQ(server.next(), "");
    EXPECT_TRUE(server.logged("unverified"));
}

TEST_F(TftpDownload, T062_no_answer_to_the_OACK) {
    EXPECT_EQ(server.rrq("s5000", {{"tsize", "0"}}), "OACK{tsize=5000}");
    EXPECT_EQ(server.next(), "1000ms OACK{tsize=5000}");
    EXPECT_EQ(server.next(), "2000ms OACK{tsize=5000}");
    EXPECT_EQ(server.next(), "4000ms OACK{tsize=5000}");
    EXPECT_EQ(server.next(), "");
}

TEST_F(TftpDownload, T063_the_last_ACK_is_lost) {
    server.rrq("s513");
    server.ack(1);
    int repeats = 0;
    for (std::string came = server.next(60s); !came.empty(); came = server.next(60s)) {
        EXPECT_EQ(came.substr(came.find(' ') + 1), "DATA(2,1)");
        ++repeats;
    }
    EXPECT_GE(repeats, 3);
    EXPECT_TRUE(server.logged("ok_unconfirmed"));
    EXPECT_EQ(server.metric(Metric::transfers_failed_total), 0);
}

TEST_F(TftpDownload, T064_an_ERROR_of_the_client_ends_it_quietly) {
    server.rrq("s5000");
    go_on_to(2);
    EXPECT_EQ(server.error(0, "no\x1bway"), "");
    EXPECT_EQ(server.wait(1min), "");
    EXPECT_TRUE(server.logged("client_error"));
    EXPECT_TRUE(server.logged("said \"no?way\""));
    EXPECT_EQ(server.base.commons().metrics.value(Metric::transfers), 0);
}

TEST_F(TftpDownload, T065_T066_T067_strangers) {
    server.rrq("s5000");
    go_on_to(1);
    const auto neighbour = server.client.with_port(server.client.port() + 1);
    const auto stranger = net::Address::parse_ip("203.0.113.9", server.client.port()).value();
    EXPECT_EQ(server.from(neighbour, server.tid, "\0\5\0\3full\0"s), "");
    EXPECT_EQ(server.from(neighbour, server.tid, "\0\4\0\2"s), "ERR(5,Unknown transfer ID)");
    EXPECT_EQ(server.from(stranger, server.tid, "\0\4\0\2"s), "ERR(5,Unknown transfer ID)");
    EXPECT_EQ(server.ack(2), "DATA(3,512)");
}

// A socket that is connected hears nobody else.
TEST_F(TftpDownload, T066_strangers_where_each_transfer_has_a_port) {
    server.settings.tid_mode = tftp::TidMode::unique;
    server.rrq("s5000");
    go_on_to(1);
    const auto neighbour = server.client.with_port(server.client.port() + 1);
    EXPECT_EQ(server.from(neighbour, server.tid, "\0\4\0\2"s), "");
    EXPECT_EQ(server.from(neighbour, server.tid, "\0\5\0\3full\0"s), "");
    EXPECT_EQ(server.ack(2), "DATA(3,512)");
}

// In a filesystem of one's own, whose files have no descriptor.
TEST_F(TftpDownload, T080_a_file_that_is_rewritten_in_place_is_not_mixed) {
    server.settings.cache_chunk = 2048;
    server.settings.cache_read_ahead = 0;  // what had been read before would be sent as it was
    server.base.put("/changing", std::string(10'000, 'a'));
    server.rrq("changing");
    go_on_to(3);
    server.base.put("/changing", std::string(10'000, 'b'));
    EXPECT_EQ(server.ack(4), "ERR(0,File changed)");
    EXPECT_TRUE(server.logged("changed"));
    EXPECT_EQ(server.download("changing"), std::string(10'000, 'b'));
}

// The same client port, but the answer to another address of the server.
TEST_F(TftpDownload, T067_the_servers_address_counts_too) {
    server.rrq("s5000");
    const auto elsewhere = net::Address::parse_ip("192.0.2.2", server.tid.port()).value();
    const auto tid = server.tid;
    EXPECT_EQ(server.from(server.client, elsewhere, "\0\4\0\1"s), "ERR(5,Unknown transfer ID)");
    server.tid = tid;
    EXPECT_EQ(server.ack(2), "");
    EXPECT_EQ(server.ack(1), "DATA(2,512)");
}

TEST_F(TftpDownload, T068_T069_odd_packets) {
    server.rrq("s5000");
    EXPECT_EQ(server.to_tid("\0\4\0"s), "");
    EXPECT_EQ(server.to_tid("\0\3\0\1abc"s), "");
    EXPECT_EQ(server.to_tid("\0\1one\0octet\0"s), "");
    EXPECT_EQ(server.to_tid("\0\4\0\1xx"s), "DATA(2,512)");
}

TEST_F(TftpDownload, T074_T075_the_same_request_again) {
    EXPECT_EQ(server.rrq("s5000"), "DATA(1,512)");
    const auto tid = server.tid;
    server.wait(10ms);
    EXPECT_EQ(server.rrq("s5000"), "");
    server.wait(290ms);
    EXPECT_EQ(server.rrq("s5000"), "DATA(1,512)");
    EXPECT_EQ(server.tid, tid);
    EXPECT_EQ(server.metric(Metric::tftp_requests_total), 1);
    EXPECT_EQ(server.metric(Metric::tftp_duplicate_requests_total), 2);
}

// The client's time-out and the server's are often as long: each would send the same at the same time.
TEST_F(TftpDownload, T075_the_same_request_just_after_a_repeat) {
    EXPECT_EQ(server.rrq("s5000"), "DATA(1,512)");
    EXPECT_EQ(server.wait(1s), "DATA(1,512)");
    server.wait(10ms);
    EXPECT_EQ(server.rrq("s5000"), "");
    server.wait(50ms);
    EXPECT_EQ(server.rrq("s5000"), "DATA(1,512)");
}

TEST_F(TftpDownload, T076_a_late_copy_of_the_request) {
    server.rrq("s5000");
    go_on_to(3);
    server.wait(50ms);
    EXPECT_EQ(server.rrq("s5000"), "");
    EXPECT_EQ(server.ack(4), "DATA(5,512)");
}

TEST_F(TftpDownload, T077_another_request_from_the_same_port) {
    server.settings.tid_mode = tftp::TidMode::unique;
    server.rrq("s5000");
    go_on_to(3);
    const auto old = server.tid;
    EXPECT_EQ(server.rrq("one"), "DATA(1,1)");
    EXPECT_NE(server.tid, old);
    EXPECT_TRUE(server.logged("\"s5000\" superseded"));
}

TEST_F(TftpDownload, T078_the_same_request_after_a_silence) {
    server.rrq("s5000");
    go_on_to(3);
    server.wait(5s);
    EXPECT_EQ(server.rrq("s5000"), "DATA(1,512)");
    EXPECT_TRUE(server.logged("superseded"));
}

TEST_F(TftpDownload, T100_a_closed_port) {
    server.rrq("s5000");
    go_on_to(2);
    server.network.unreachable(server.client, server.tid);
    EXPECT_EQ(server.wait(2min), "");
    EXPECT_TRUE(server.logged("client_error"));
    EXPECT_TRUE(server.logged("unreachable"));
}

TEST_F(TftpDownload, T129_text) {
    server.base.put("/txt", "a\nb\r\nc\r");
    EXPECT_EQ(server.rrq("txt", {}, "netascii"), "DATA(1,11)");
    EXPECT_EQ(server.payload, "a\r\nb\r\0\r\nc\r\0"s);
}

// Pairs that are cut by the end of a block, and a text of more than one chunk.
TEST_F(TftpDownload, text_of_many_blocks_and_chunks) {
    std::string text;
    std::string wire;
    for (int i = 0; i < 120000; ++i) {
        text += i % 3 == 0 ? "\n" : i % 7 == 0 ? "\r" : "ab";
        wire += i % 3 == 0 ? "\r\n"s : i % 7 == 0 ? "\r\0"s : "ab"s;
    }
    server.base.put("/long", text);
    EXPECT_EQ(server.download("long", {{"blksize", "1468"}, {"windowsize", "16"}}, "netascii"), wire);
    EXPECT_EQ(server.download("long", {{"blksize", "9"}, {"windowsize", "64"}}, "netascii"), wire);
}

TEST_F(TftpDownload, T133_clients_of_one_file_share_what_was_read) {
    std::string image(3 * 262144 + 17, '\0');
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<char>(i * 2654435761U >> 24U);
    server.base.put("/image", image);
    for (std::uint16_t i = 0; i < 20; ++i) {
        server.client = server.client.with_port(static_cast<std::uint16_t>(5000 + i));
        ASSERT_EQ(server.download("image", {{"blksize", "1468"}, {"windowsize", "8"}}), image);
    }
    EXPECT_EQ(server.metric(Metric::tftp_cache_loads_total), 4);
}

TEST_F(TftpDownload, rates_hold_for_downloads) {
    server.base.rates.session_download = 51200;
    server.base.put("/slow", std::string(51200, 's'));
    const auto begun = server.base.clock().now();
    EXPECT_EQ(server.rrq("slow"), "DATA(1,512)");
    for (unsigned block = 1; block <= 101; ++block) {
        if (server.ack(block).empty() && block <= 100) server.next(10s);
    }
    EXPECT_GT(server.base.clock().now() - begun, 500ms);
    EXPECT_TRUE(server.logged("\"slow\""));
}

}  // namespace
}  // namespace wherry
