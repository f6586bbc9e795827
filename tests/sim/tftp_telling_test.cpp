// What is told of TFTP: counters, lines about packets.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "testing/tftp_harness.h"
#include "tftp/effects.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using tftp::Ending;
using enum Metric;
using namespace std::chrono_literals;
using namespace std::string_literals;
using Why = tftp::SendRange::Why;

class TftpTelling : public ::testing::Test {
protected:
    void SetUp() override {
        server.settings.write.mode = tftp::WriteMode::create;
        server.base.put("/one", "1");
        server.base.put("/s5000", std::string(5000, 's'));
    }
    void next_client() { server.client = server.client.with_port(static_cast<std::uint16_t>(++port)); }

    TftpHarness server;
    int port = 3000;
};

// --- counters

TEST_F(TftpTelling, counts_what_comes_of_requests) {
    server.download("one");
    next_client();
    server.rrq("none");
    next_client();
    server.upload("new", "content");
    next_client();
    server.wrq("one");
    EXPECT_EQ(server.metric(tftp_requests_total, TftpDirection::read, TftpOutcome::started), 1);
    EXPECT_EQ(server.metric(tftp_requests_total, TftpDirection::read, TftpOutcome::refused), 1);
    EXPECT_EQ(server.metric(tftp_requests_total, TftpDirection::write, TftpOutcome::started), 1);
    EXPECT_EQ(server.metric(tftp_requests_total, TftpDirection::write, TftpOutcome::refused), 1);
    EXPECT_EQ(server.metric(tftp_requests_total), 4);
    EXPECT_EQ(server.metric(tftp_errors_sent_total, tftp_code(1)), 1);
    EXPECT_EQ(server.metric(tftp_errors_sent_total, tftp_code(6)), 1);
    EXPECT_EQ(server.metric(tftp_errors_sent_total), 2);
}

TEST_F(TftpTelling, counts_requests_that_a_handler_drops) {
    server.handlers.push_back({"*", false, [](const TftpRequest&) { return TftpAnswer::drop(); }});
    EXPECT_EQ(server.rrq("one"), "");
    EXPECT_EQ(server.metric(tftp_requests_total, TftpDirection::read, TftpOutcome::unanswered), 1);
    EXPECT_EQ(server.metric(tftp_requests_total), 1);
}

TEST_F(TftpTelling, counts_how_transfers_end) {
    server.rrq("s5000");
    EXPECT_EQ(server.metric(tftp_transfers, TftpDirection::read), 1);
    server.wait(20ms);
    EXPECT_NE(server.ack(1), "");
    server.error(3, "full");
    next_client();
    server.upload("new", std::string(700, 'n'));
    EXPECT_EQ(server.metric(tftp_transfers), 0);
    EXPECT_EQ(server.metric(tftp_transfers_total, TftpDirection::read, Ending::client_error), 1);
    EXPECT_EQ(server.metric(tftp_transfers_total, TftpDirection::write, Ending::ok), 1);
    EXPECT_EQ(server.metric(tftp_transfers_total), 2);
    EXPECT_EQ(server.metric(tftp_errors_received_total, tftp_code(3)), 1);
    EXPECT_EQ(server.metric(tftp_bytes_total, TftpDirection::read), 512);
    EXPECT_EQ(server.metric(tftp_bytes_total, TftpDirection::write), 700);
    EXPECT_EQ(server.metric(tftp_data_received_total, TftpReceived::fresh), 2);
    EXPECT_EQ(server.metric(tftp_transfer_seconds), 2);
    EXPECT_GE(server.base.metrics().span(tftp_transfer_seconds), 20ms);
    EXPECT_GE(server.metric(tftp_rtt_seconds), 1);
    EXPECT_GE(server.base.metrics().span(tftp_rtt_seconds), 20ms);
}

TEST_F(TftpTelling, names_the_results_as_the_log_does) {
    const std::string labels = Metrics::labels(tftp_transfers_total);
    std::string expected = "op: read, write; result: ";
    for (std::size_t i = 0; i < label_values<Ending>; ++i) {
        expected += (i == 0 ? "" : ", ") + std::string(name_of(static_cast<Ending>(i)));
    }
    EXPECT_EQ(labels, expected);
}

TEST_F(TftpTelling, counts_what_ACKs_say) {
    server.rrq("s5000", {{"windowsize", "4"}});
    server.ack(0);
    server.ack(2);       // a part of the window
    server.ack(2);       // once more
    server.ack(1);       // older
    server.ack(9999);    // never sent
    server.wait(100ms);  // the gap is closed
    server.ack(6);
    EXPECT_EQ(server.metric(tftp_acks_total, TftpAck::partial), 1);
    EXPECT_EQ(server.metric(tftp_acks_total, TftpAck::duplicate), 1);
    EXPECT_EQ(server.metric(tftp_acks_total, TftpAck::stale), 2);
    EXPECT_EQ(server.metric(tftp_acks_total, TftpAck::full), 1);
    EXPECT_EQ(server.metric(tftp_gaps_total), 0) << "of a transfer that runs";
    EXPECT_EQ(server.metric(tftp_data_packets_total, Why::restart), 4);
}

TEST_F(TftpTelling, counts_why_DATA_is_sent) {
    server.rrq("s5000");
    server.ack(1);
    EXPECT_TRUE(server.next().ends_with("DATA(2,512)"));
    EXPECT_EQ(server.metric(tftp_data_packets_total, Why::first_time), 2);
    EXPECT_EQ(server.metric(tftp_data_packets_total, Why::timeout), 1);
    EXPECT_EQ(server.metric(tftp_data_packets_total), 3);
    EXPECT_GE(server.metric(tftp_timer_lag_seconds), 1);
}

TEST_F(TftpTelling, counts_why_packets_are_dropped) {
    server.to_listener("\0"s);
    server.to_listener("\0\4\0\1"s);
    server.to_listener(std::string("\0\1", 2) + std::string(1500, 'x'));
    server.from(server.client.with_port(53), server.server, "\0\1one\0octet\0"s);
    server.rrq("s5000");
    server.to_tid("\0\4"s);
    server.to_tid("\0\3\0\1abc"s);
    server.to_tid("\0\11\0\1abc"s);
    server.from(server.client.with_port(9999), server.tid, "\0\4\0\1"s);
    EXPECT_EQ(server.metric(tftp_dropped_total, TftpDrop::malformed), 3);
    EXPECT_EQ(server.metric(tftp_dropped_total, TftpDrop::opcode), 3);
    EXPECT_EQ(server.metric(tftp_dropped_total, TftpDrop::source), 1);
    EXPECT_EQ(server.metric(tftp_dropped_total, TftpDrop::unknown), 1);
    EXPECT_EQ(server.metric(tftp_dropped_total), 8);
    EXPECT_EQ(server.metric(tftp_errors_sent_total, tftp_code(5)), 1);
}

TEST_F(TftpTelling, counts_what_a_limit_drops) {
    server.settings.limits.max_transfers = 1;
    server.settings.limits.requests_per_second_address = 1;  // four at once
    server.rrq("s5000");
    for (int i = 0; i < 5; ++i) {
        next_client();
        server.rrq("s5000");
    }
    EXPECT_EQ(server.metric(tftp_dropped_total, TftpDrop::limit), 3);
    EXPECT_EQ(server.metric(tftp_dropped_total, TftpDrop::rate), 2);
    EXPECT_EQ(server.metric(tftp_requests_total), 1);
}

TEST_F(TftpTelling, counts_options_that_are_cut_off) {
    server.to_listener("\0\1one\0octet\0blksize\0"s);
    EXPECT_EQ(server.metric(tftp_malformed_options_total), 1);
}

TEST_F(TftpTelling, counts_loads_by_their_result) {
    server.download("one");
    EXPECT_EQ(server.metric(tftp_cache_loads_total, TftpLoad::ok), 1);
    EXPECT_EQ(server.metric(tftp_cache_loads_total), 1);
}

// --- lines about packets

TEST_F(TftpTelling, lines_about_the_packets_of_one_client) {
    server.settings.debug_client = {net::Subnet::parse("198.51.100.7").value()};
    server.rrq("one", {{"blksize", "1024"}});
    server.ack(0);
    server.ack(1);
    next_client();
    server.rrq("no\nne");
    next_client();
    server.rrq("s5000");
    server.error(3, "full");
    EXPECT_TRUE(server.logged("tftp 198.51.100.7:2070 in: RRQ \"one\" octet blksize=1024"));
    EXPECT_TRUE(server.logged("tftp 198.51.100.7:2070 out: OACK blksize=1024"));
    EXPECT_TRUE(server.logged("tftp 198.51.100.7:2070 in: ACK 0"));
    EXPECT_TRUE(server.logged("tftp 198.51.100.7:2070 out: DATA 1 1 B"));
    EXPECT_TRUE(server.logged("tftp 198.51.100.7:3001 in: RRQ \"no\\x0Ane\" octet"));
    EXPECT_TRUE(server.logged("tftp 198.51.100.7:3001 out: ERROR"));
    EXPECT_TRUE(server.logged("tftp 198.51.100.7:3002 in: ERROR 3 \"full\""));
}

TEST_F(TftpTelling, no_lines_about_the_packets_of_others) {
    server.settings.debug_client = {net::Subnet::parse("198.51.100.8").value()};
    server.download("one");
    EXPECT_FALSE(server.logged("in: RRQ"));
    EXPECT_FALSE(server.logged("out: DATA"));
}

}  // namespace
}  // namespace wherry
