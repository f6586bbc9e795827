// TFTP options: what is granted.
#include <gtest/gtest.h>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::chrono_literals;
using Options = TftpHarness::Options;

class TftpOptions : public ::testing::Test {
protected:
    void SetUp() override {
        server.base.put("/one", "x");
        server.base.put("/empty", "");
        server.base.put("/s5000", std::string(5000, 'f'));
        server.base.put("/txt", "a\nb\r\nc\r");
    }
    // The answer to a request of its own.
    std::string ask(const Options& options, std::string_view name = "one", std::string_view mode = "octet") {
        server.client = server.client.with_port(++port);
        return server.rrq(name, options, mode);
    }
    TftpHarness server;
    std::uint16_t port = 3000;
};

TEST_F(TftpOptions, T026_size_and_block_size) {
    EXPECT_EQ(ask({{"blksize", "1468"}, {"tsize", "0"}}, "s5000"), "OACK{blksize=1468,tsize=5000}");
    EXPECT_EQ(server.ack(0), "DATA(1,1468)");
    EXPECT_EQ(server.ack(1), "DATA(2,1468)");
    EXPECT_EQ(server.ack(2), "DATA(3,1468)");
    EXPECT_EQ(server.ack(3), "DATA(4,596)");
    EXPECT_EQ(server.ack(4), "");
    EXPECT_TRUE(server.logged("ok 5000 B"));
}

TEST_F(TftpOptions, T027_the_least_block_size) {
    EXPECT_EQ(ask({{"blksize", "7"}}), "DATA(1,1)");
    EXPECT_EQ(ask({{"blksize", "8"}}), "OACK{blksize=8}");
    EXPECT_EQ(ask({{"blksize", "0"}}), "DATA(1,1)");
    EXPECT_EQ(ask({{"blksize", "-1"}}), "DATA(1,1)");
}

TEST_F(TftpOptions, T028_the_largest_block_size) {
    server.network.mtu = 65536;
    for (const char* value : {"65464", "65465", "99999"}) EXPECT_EQ(ask({{"blksize", value}}), "OACK{blksize=65464}");
}

TEST_F(TftpOptions, T029_what_fits_into_one_packet) {
    EXPECT_EQ(ask({{"blksize", "8192"}}), "OACK{blksize=1468}");
    const auto four = server.client;
    server.client = net::Address::parse_ip("2001:db8::7", 2000).value();
    server.server = net::Address::parse_ip("2001:db8::1", 69).value();
    EXPECT_EQ(server.rrq("one", {{"blksize", "8192"}}), "OACK{blksize=1448}");
    server.client = four;
}

TEST_F(TftpOptions, T029_fragments_allowed) {
    server.settings.options.mtu_policy = tftp::MtuPolicy::allow;
    EXPECT_EQ(ask({{"blksize", "8192"}}), "OACK{blksize=8192}");
}

TEST_F(TftpOptions, T029_too_large_refused) {
    server.settings.options.mtu_policy = tftp::MtuPolicy::refuse;
    EXPECT_EQ(ask({{"blksize", "8192"}}), "DATA(1,1)");
}

TEST_F(TftpOptions, T030_a_size_probe_is_no_failure) {
    EXPECT_EQ(ask({{"tsize", "0"}, {"blksize", "1468"}, {"windowsize", "4"}}),
              "OACK{tsize=1,blksize=1468,windowsize=4}");
    EXPECT_EQ(server.error(8, "User aborted the transfer"), "");
    EXPECT_EQ(server.wait(25ms), "");
    EXPECT_TRUE(server.logged("\"one\" probe"));
    EXPECT_EQ(server.metric(Metric::tftp_probes_total), 1);
    EXPECT_EQ(server.metric(Metric::transfers_failed_total), 0);
    EXPECT_TRUE(server.base.events().empty());
    EXPECT_EQ(ask({{"blksize", "1468"}, {"windowsize", "4"}}), "OACK{blksize=1468,windowsize=4}");
    EXPECT_EQ(server.ack(0), "DATA(1,1)");
}

TEST_F(TftpOptions, T031_powers_of_two) {
    server.network.mtu = 65536;
    EXPECT_EQ(ask({{"blksize2", "1000"}}), "OACK{blksize2=512}");
    EXPECT_EQ(ask({{"blksize2", "1024"}}), "OACK{blksize2=1024}");
    EXPECT_EQ(ask({{"blksize2", "100000"}}), "OACK{blksize2=32768}");
}

TEST_F(TftpOptions, T032_only_one_block_size) {
    EXPECT_EQ(ask({{"blksize", "1000"}, {"blksize2", "1000"}}), "OACK{blksize=1000}");
    EXPECT_EQ(ask({{"blksize2", "1000"}, {"blksize", "1000"}}), "OACK{blksize2=512}");
}

TEST_F(TftpOptions, T033_an_empty_file_has_a_size) {
    EXPECT_EQ(ask({{"tsize", "0"}}, "empty"), "OACK{tsize=0}");
    EXPECT_EQ(server.ack(0), "DATA(1,0)");
    EXPECT_EQ(server.ack(1), "");
    EXPECT_TRUE(server.logged("\"empty\" ok 0 B"));
}

TEST_F(TftpOptions, T034_the_size_asked_with_does_not_matter) { EXPECT_EQ(ask({{"tsize", "777"}}), "OACK{tsize=1}"); }

TEST_F(TftpOptions, T036_the_size_of_text_is_that_on_the_wire) {
    EXPECT_EQ(ask({{"tsize", "0"}}, "txt", "netascii"), "OACK{tsize=11}");
    EXPECT_EQ(server.ack(0), "DATA(1,11)");
}

TEST_F(TftpOptions, T036_without_looking_beforehand) {
    server.settings.tsize_scan_max = 0;
    EXPECT_EQ(ask({{"tsize", "0"}}, "txt", "netascii"), "DATA(1,11)");
}

TEST_F(TftpOptions, T037_time_outs) {
    EXPECT_EQ(ask({{"timeout", "0"}}), "DATA(1,1)");
    EXPECT_EQ(ask({{"timeout", "256"}}), "DATA(1,1)");
    EXPECT_EQ(ask({{"timeout", "1.5"}}), "DATA(1,1)");
    EXPECT_EQ(ask({{"timeout", "3"}}), "OACK{timeout=3}");
}

TEST_F(TftpOptions, T037_fractions) {
    server.settings.options.float_timeout = true;
    EXPECT_EQ(ask({{"timeout", "1.5"}}), "OACK{timeout=1.5}");
    EXPECT_EQ(server.next(), "1500ms OACK{timeout=1.5}");
}

TEST_F(TftpOptions, T038_the_clients_time_out_has_no_back_off) {
    EXPECT_EQ(ask({{"timeout", "3"}}), "OACK{timeout=3}");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(server.next(), "3000ms OACK{timeout=3}");
    EXPECT_EQ(server.next(), "");
    EXPECT_TRUE(server.logged("unverified"));
}

TEST_F(TftpOptions, T039_in_microseconds) {
    EXPECT_EQ(ask({{"utimeout", "250000"}}), "OACK{utimeout=250000}");
    EXPECT_EQ(server.next(), "250ms OACK{utimeout=250000}");
    EXPECT_EQ(server.next(), "250ms OACK{utimeout=250000}");
    EXPECT_EQ(ask({{"utimeout", "9999"}}), "DATA(1,1)");
    EXPECT_EQ(ask({{"timeout", "2"}, {"utimeout", "250000"}}), "OACK{timeout=2}");
}

TEST_F(TftpOptions, T040_windows) {
    EXPECT_EQ(ask({{"windowsize", "0"}}), "DATA(1,1)");
    EXPECT_EQ(ask({{"windowsize", "1"}}), "OACK{windowsize=1}");
    EXPECT_EQ(ask({{"windowsize", "16"}}), "OACK{windowsize=16}");
    EXPECT_EQ(ask({{"windowsize", "65"}}), "OACK{windowsize=64}");
    EXPECT_EQ(ask({{"windowsize", "65535"}}), "OACK{windowsize=64}");
    EXPECT_EQ(ask({{"windowsize", "65536"}}), "DATA(1,1)");
}

TEST_F(TftpOptions, T041_T042_a_window_has_a_limit_in_bytes) {
    server.network.mtu = 65536;
    EXPECT_EQ(ask({{"windowsize", "64"}, {"blksize", "65464"}}), "OACK{windowsize=16,blksize=65464}");
    EXPECT_EQ(ask({{"blksize", "65464"}, {"windowsize", "64"}}), "OACK{blksize=65464,windowsize=16}");
}

TEST_F(TftpOptions, T043_an_option_refused_by_the_operator) {
    server.settings.options.refuse = {"BLKSIZE"};
    EXPECT_EQ(ask({{"blksize", "1024"}, {"tsize", "0"}}, "s5000"), "OACK{tsize=5000}");
    EXPECT_EQ(server.ack(0), "DATA(1,512)");
}

TEST_F(TftpOptions, T044_all_refused) {
    server.settings.options.reject_all = true;
    EXPECT_EQ(ask({{"blksize", "1024"}, {"tsize", "0"}}), "DATA(1,1)");
}

TEST_F(TftpOptions, T045_rollover) {
    EXPECT_EQ(ask({{"rollover", "1"}}), "OACK{rollover=1}");
    EXPECT_EQ(ask({{"rollover", "65530"}, {"windowsize", "16"}}), "OACK{windowsize=16}");
}

TEST_F(TftpOptions, T046_T047_options_nobody_grants) {
    EXPECT_EQ(ask({{"multicast", ""}}), "DATA(1,1)");
    EXPECT_EQ(ask({{"msftwindow", "31416"}, {"windowsize", "4"}}), "OACK{windowsize=4}");
}

TEST_F(TftpOptions, T050_only_ACK_0_answers_an_OACK) {
    EXPECT_EQ(ask({{"tsize", "0"}}), "OACK{tsize=1}");
    EXPECT_EQ(server.ack(1), "");
    EXPECT_EQ(server.ack(65535), "");
    EXPECT_EQ(server.next(), "1000ms OACK{tsize=1}");
}

}  // namespace
}  // namespace wherry
