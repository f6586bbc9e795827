// TFTP requests on the wire: what is taken for one, and what is made of odd ones. The names are those of the cases in
// the description of the service.
#include <gtest/gtest.h>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::string_literals;

class TftpParsing : public ::testing::Test {
protected:
    void SetUp() override { server.base.put("/one", "x"); }
    // A request for "one" in mode octet with these bytes behind.
    std::string with(const std::string& rest) { return server.to_listener("\0\1one\0octet\0"s + rest); }
    TftpHarness server;
};

TEST_F(TftpParsing, T001_the_simplest_download) {
    EXPECT_EQ(server.to_listener("\0\1one\0octet\0"s), "DATA(1,1)");
    ASSERT_EQ(server.sent.size(), 1U);
    EXPECT_EQ(server.sent[0].bytes, "\0\3\0\1x"s);
    EXPECT_NE(server.tid.port(), 69);
    EXPECT_TRUE(server.tid.same_host(server.server));
    EXPECT_EQ(server.ack(1), "");
    EXPECT_EQ(server.wait(std::chrono::minutes(2)), "");
    EXPECT_TRUE(server.logged("tftp RRQ 198.51.100.7:2070 \"one\" ok 1 B"));
}

TEST_F(TftpParsing, T002_modes_in_any_case) { EXPECT_EQ(server.rrq("one", {}, "OcTeT"), "DATA(1,1)"); }

TEST_F(TftpParsing, T003_the_clients_own_spelling) {
    EXPECT_EQ(server.rrq("one", {{"BLKSIZE", "1024"}}), "OACK{BLKSIZE=1024}");
    EXPECT_EQ(server.sent[0].bytes, "\0\6BLKSIZE\0001024\0"s);
}

TEST_F(TftpParsing, T004_the_first_of_two_counts) {
    EXPECT_EQ(server.rrq("one", {{"blksize", "512"}, {"blksize", "1024"}}), "OACK{blksize=512}");
}

TEST_F(TftpParsing, T005_unknown_options_alone) {
    EXPECT_EQ(server.rrq("one", {{"foo", "1"}, {"bar", ""}}), "DATA(1,1)");
}

TEST_F(TftpParsing, T006_unknown_options_beside_known_ones) {
    EXPECT_EQ(server.rrq("one", {{"foo", "1"}, {"tsize", "0"}, {"bar", "2"}}), "OACK{tsize=1}");
}

TEST_F(TftpParsing, T007_a_name_without_a_value) { EXPECT_EQ(with("blksize\0"s), "DATA(1,1)"); }
TEST_F(TftpParsing, T008_a_value_that_may_be_cut) { EXPECT_EQ(with("blksize\0001024"s), "DATA(1,1)"); }
TEST_F(TftpParsing, T009_padding) { EXPECT_EQ(with("tsize\0000\0"s + std::string(20, '\0')), "OACK{tsize=1}"); }
TEST_F(TftpParsing, T010_an_empty_value_is_a_value) {
    EXPECT_EQ(with("multicast\0\0blksize\0001024\0"s), "OACK{blksize=1024}");
}

TEST_F(TftpParsing, T011_to_T015_what_is_no_request) {
    EXPECT_EQ(server.to_listener("\0\1one"s), "ERR(4,Illegal TFTP operation)");
    server.client = server.client.with_port(2071);
    EXPECT_EQ(server.to_listener("\0\1one\0octet"s), "ERR(4,Illegal TFTP operation)");
    server.client = server.client.with_port(2072);
    EXPECT_EQ(server.to_listener("\0\1\0octet\0"s), "ERR(4,Illegal TFTP operation)");
    server.client = server.client.with_port(2073);
    EXPECT_EQ(server.rrq("one", {}, "mail"), "ERR(4,Mail mode is not supported)");
    server.client = server.client.with_port(2074);
    EXPECT_EQ(server.rrq("one", {}, "foo"), "ERR(4,Illegal TFTP operation)");
}

TEST_F(TftpParsing, T016_shorter_than_an_opcode) {
    EXPECT_EQ(server.to_listener(""), "");
    EXPECT_EQ(server.to_listener("\0"s), "");
    EXPECT_EQ(server.metric(Metric::tftp_dropped_total), 2);
}

TEST_F(TftpParsing, T017_the_longest_request) {
    const std::string head = "\0\1one\0octet\0foo\0"s;
    const std::string longest = head + std::string(1468 - head.size() - 1, 'x') + '\0';
    EXPECT_EQ(server.to_listener(longest), "DATA(1,1)");
    server.client = server.client.with_port(2071);
    EXPECT_EQ(server.to_listener(longest + '\0'), "");
    EXPECT_EQ(server.metric(Metric::tftp_dropped_total), 1);
}

TEST_F(TftpParsing, T018_too_long_a_name) { EXPECT_EQ(server.rrq(std::string(1025, 'n')), "ERR(1,File not found)"); }
TEST_F(TftpParsing, T019_control_bytes) { EXPECT_EQ(server.rrq("a\007b"), "ERR(2,Access violation)"); }

TEST_F(TftpParsing, T020_bytes_that_are_no_text) {
    server.base.put("/\xff\xfe\xc0\xaf", "y");
    EXPECT_EQ(server.rrq("\xff\xfe\xc0\xaf"), "DATA(1,1)");
    server.ack(1);
    EXPECT_TRUE(server.logged(R"("\xFF\xFE\xC0\xAF" ok)"));
}

TEST_F(TftpParsing, T021_the_33rd_option) {
    TftpHarness::Options options;
    for (int i = 0; i < 32; ++i) options.emplace_back("x" + std::to_string(i), "1");
    options.emplace_back("tsize", "0");
    EXPECT_EQ(server.rrq("one", options), "DATA(1,1)");
}

TEST_F(TftpParsing, T022_other_opcodes) {
    int dropped = 0;
    for (const auto& op : {"\0\0"s, "\0\3"s, "\0\4"s, "\0\6"s, "\0\7"s, "\xff\xff"s}) {
        EXPECT_EQ(server.to_listener(op + "\0\1abc"s), "");
        EXPECT_EQ(server.metric(Metric::tftp_dropped_total), ++dropped);
    }
}

TEST_F(TftpParsing, T023_never_an_answer_to_an_error) { EXPECT_EQ(server.to_listener("\0\5\0\0x\0"s), ""); }
TEST_F(TftpParsing, T024_a_client_of_the_wrong_byte_order) { EXPECT_EQ(server.to_listener("\1\0one\0octet\0"s), ""); }

TEST_F(TftpParsing, T025_what_is_no_number) {
    for (const char* value :
         {"+512", " 512", "512 ", "0x200", "5e2", "", "000000000000000000512", "18446744073709552128"}) {
        EXPECT_EQ(server.rrq("one", {{"blksize", value}}), "DATA(1,1)") << value;
        server.ack(1);
    }
    EXPECT_EQ(server.rrq("one", {{"blksize", "00000000000000000512"}}), "OACK{blksize=512}");
}

}  // namespace
}  // namespace wherry
