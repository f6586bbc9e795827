// Which port of the server a transfer has, and who may use it.
#include <gtest/gtest.h>

#include "testing/faulty_fs.h"
#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::FaultyFilesystem;
using testing::TftpHarness;
using namespace std::chrono_literals;
using namespace std::string_literals;

class TftpPorts : public ::testing::Test {
protected:
    void SetUp() override {
        server.base.put("/one", "x");
        server.base.put("/s5000", std::string(5000, 's'));
    }
    net::Address from_port(std::uint16_t offset) const {
        return client.with_port(static_cast<std::uint16_t>(3000 + offset));
    }
    TftpHarness server;
    const net::Address client = server.client;
};

// A late ACK of the transfer before would have been one of the new transfer: they had the same two ports by chance.
TEST_F(TftpPorts, T077_the_next_transfer_of_a_client_has_another_port_of_the_pool) {
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(server.rrq("s5000"), "DATA(1,512)");
        server.ack(1);
        const auto before = server.tid;
        ASSERT_EQ(server.rrq("one"), "DATA(1,1)");
        ASSERT_NE(server.tid, before);
    }
}

TEST_F(TftpPorts, an_address_that_the_machine_does_not_have_yet_is_waited_for) {
    server.listen = {net::Address::parse("192.0.2.1:69").value(), net::Address::parse("192.0.2.2:69").value()};
    server.network.missing = {"192.0.2.1"};
    server.serve();
    EXPECT_TRUE(server.logged("tftp: this machine does not have the address 192.0.2.1 yet: requests to 192.0.2.1:69"));
    EXPECT_FALSE(server.logged("192.0.2.2"));
    server.network.missing.clear();
    EXPECT_EQ(server.rrq("one"), "DATA(1,1)");
}

// Each time an operator was told of ports that were out, and statistics of a download that had been aborted.
TEST_F(TftpPorts, when_they_are_out_a_request_is_counted_and_no_failed_transfer) {
    server.settings.tid_mode = tftp::TidMode::unique;
    server.settings.tid_first = server.settings.tid_last = 50000;
    server.settings.write.mode = tftp::WriteMode::create;
    EXPECT_EQ(server.rrq("s5000"), "DATA(1,512)");
    const auto dropped = server.metric(Metric::tftp_dropped_total);
    server.client = from_port(1);
    EXPECT_EQ(server.rrq("one"), "");
    server.client = from_port(2);
    EXPECT_EQ(server.wrq("new"), "");
    EXPECT_EQ(server.metric(Metric::tftp_dropped_total), dropped + 2);
    EXPECT_EQ(server.metric(Metric::transfers_failed_total), 0);
    EXPECT_EQ(server.metric(Metric::transfers), 1);
    EXPECT_TRUE(server.logged("no port left"));
}

TEST_F(TftpPorts, refusals_take_none_of_those_that_transfers_may_have) {
    server.settings.tid_mode = tftp::TidMode::unique;
    server.settings.tid_first = 50000;
    server.settings.tid_last = 50002;
    for (std::uint16_t i = 0; i < 20; ++i) {
        server.client = from_port(i);
        EXPECT_EQ(server.rrq("missing"), "ERR(1,File not found)");
    }
    server.client = from_port(30);
    EXPECT_EQ(server.rrq("one"), "DATA(1,1)");
    server.client = from_port(31);
    EXPECT_EQ(server.rrq("one"), "DATA(1,1)");
}

TEST_F(TftpPorts, a_client_whose_port_changes_on_the_way) {
    server.settings.tid_mode = tftp::TidMode::unique;
    server.settings.check_port = false;
    EXPECT_EQ(server.rrq("s5000"), "DATA(1,512)");
    const auto elsewhere = net::Address::parse_ip("198.51.100.8", 2070).value();
    EXPECT_EQ(server.from(elsewhere, server.tid, "\0\4\0\1"s), "ERR(5,Unknown transfer ID)");
    EXPECT_EQ(server.from(from_port(7), server.tid, "\0\4\0\1"s), "");
    EXPECT_EQ(server.ack(2), "DATA(2,512) DATA(3,512)") << "answers go to where the request came from";
}

TEST_F(TftpPorts, a_port_that_changes_is_a_stranger_unless_it_is_allowed) {
    server.settings.tid_mode = tftp::TidMode::unique;
    EXPECT_EQ(server.rrq("s5000"), "DATA(1,512)");
    EXPECT_EQ(server.from(from_port(7), server.tid, "\0\4\0\1"s), "") << "a connected socket does not hear it";
    EXPECT_EQ(server.ack(1), "DATA(2,512)");
}

TEST_F(TftpPorts, packets_of_no_transfer_at_the_single_port) {
    server.settings.tid_mode = tftp::TidMode::single;
    server.serve();
    EXPECT_EQ(server.to_listener("\0\4\0\1"s), "");
}

TEST_F(TftpPorts, packets_of_no_transfer_at_the_single_port_may_be_answered) {
    server.settings.tid_mode = tftp::TidMode::single;
    server.settings.single_port_answers = true;
    server.serve();
    EXPECT_EQ(server.to_listener("\0\4\0\1"s), "ERR(5,Unknown transfer ID)");
    EXPECT_EQ(server.to_listener("\0\5\0\0\0"s), "");
    EXPECT_EQ(server.rrq("one"), "DATA(1,1)");
    EXPECT_EQ(server.ack(1), "");
    EXPECT_EQ(server.ack(1), "") << "a late one of a transfer that has ended";
}

TEST_F(TftpPorts, a_transfer_lasts_no_longer_than_it_may) {
    server.settings.transfer_max = 10s;
    EXPECT_EQ(server.rrq("s5000"), "DATA(1,512)");
    for (unsigned block = 1; block < 9; ++block) {
        EXPECT_EQ(server.wait(1200ms - 1ms), "DATA(" + std::to_string(block) + ",512)");
        if (block < 8) EXPECT_EQ(server.ack(block), "DATA(" + std::to_string(block + 1) + ",512)");
    }
    EXPECT_EQ(server.wait(1s), "ERR(0,Transfer timed out)");
    EXPECT_EQ(server.wait(2min), "");
}

TEST_F(TftpPorts, rules_by_the_address_that_was_asked) {
    server.rule_roots = {memory_filesystem()};
    auto& rule = server.settings.rules.emplace_back();
    rule.local = {net::Subnet::parse("192.0.2.99/32").value()};
    EXPECT_EQ(server.rrq("one"), "DATA(1,1)");
    server.client = from_port(1);
    server.server = net::Address::parse_ip("192.0.2.99", 69).value();
    EXPECT_EQ(server.rrq("one"), "ERR(1,File not found)");
}

// --- a socket of its own for a transfer whose packets are all that comes

TEST_F(TftpPorts, a_transfer_that_has_a_port_to_itself_is_connected) {
    server.settings.connect_after = 2;
    ASSERT_EQ(server.rrq("s5000"), "DATA(1,512)");
    EXPECT_EQ(server.ack(1), "DATA(2,512)");
    const std::size_t before = server.network.sockets();
    const auto port = server.tid;
    EXPECT_EQ(server.ack(2), "DATA(3,512)");
    EXPECT_EQ(server.network.sockets(), before + 1);
    EXPECT_EQ(server.from(from_port(7), port, "\0\4\0\1"s), "ERR(5,Unknown transfer ID)") << "T066";
    for (unsigned block = 3; block < 9; ++block) server.ack(block);
    EXPECT_EQ(server.ack(9), "DATA(10,392)");
    EXPECT_EQ(server.tid, port);
    EXPECT_EQ(server.ack(10), "");
    EXPECT_EQ(server.network.sockets(), before) << "only as long as it runs";
    EXPECT_EQ(server.ack(10), "") << "a late one";
    EXPECT_EQ(server.from(from_port(7), port, "\0\4\0\1"s), "ERR(5,Unknown transfer ID)");
}

TEST_F(TftpPorts, what_comes_while_a_socket_is_connected_is_for_whom_it_was) {
    server.settings.connect_after = 3;
    server.settings.pool_ports = 1;
    ASSERT_EQ(server.rrq("s5000"), "DATA(1,512)");
    const auto first = server.client;
    server.client = from_port(1);
    ASSERT_EQ(server.rrq("s5000"), "DATA(1,512)");
    const auto second = server.client;
    const auto send = [&](const net::Address& from, const std::string& packet) {
        server.network.send(from, server.tid, packet);
    };
    const std::size_t before = server.network.sockets();
    send(first, "\0\4\0\1"s);
    for (int i = 0; i < 64; ++i) send(first, "\0\4\0\2"s);  // more than are received at once
    send(second, "\0\4\0\1"s);
    send(first, "\0\4\0\3"s);
    send(from_port(9), "\0\4\0\1"s);
    EXPECT_EQ(server.wait(1ns), "DATA(2,512)");
    EXPECT_EQ(server.network.sockets(), before + 1);
    EXPECT_EQ(server.take(first), "DATA(2,512) DATA(3,512) DATA(4,512)");
    EXPECT_EQ(server.take(from_port(9)), "ERR(5,Unknown transfer ID)");
}

TEST_F(TftpPorts, two_transfers_in_turn_stay_with_the_port_that_they_share) {
    server.settings.connect_after = 2;
    server.settings.pool_ports = 1;
    ASSERT_EQ(server.rrq("s5000"), "DATA(1,512)");
    const auto first = server.client;
    server.client = from_port(1);
    ASSERT_EQ(server.rrq("s5000"), "DATA(1,512)");
    const std::size_t before = server.network.sockets();
    for (unsigned block = 1; block < 9; ++block) {
        const std::string next = "DATA(" + std::to_string(block + 1) + ",512)";
        EXPECT_EQ(server.from(first, server.tid, "\0\4\0"s + static_cast<char>(block)), next);
        EXPECT_EQ(server.from(from_port(1), server.tid, "\0\4\0"s + static_cast<char>(block)), next);
    }
    EXPECT_EQ(server.network.sockets(), before);
}

TEST_F(TftpPorts, no_more_than_16_transfers_of_a_loop_are_connected) {
    server.settings.connect_after = 1;
    std::size_t before = 0;
    for (std::uint16_t i = 0; i < 30; ++i) {
        server.client = from_port(i);
        ASSERT_EQ(server.rrq("s5000"), "DATA(1,512)");
        if (i == 0) before = server.network.sockets();
        EXPECT_EQ(server.ack(1), "DATA(2,512)");
    }
    EXPECT_LE(server.network.sockets(), before + 16 + 3) << "the others of the pool are opened meanwhile";
    EXPECT_GE(server.network.sockets(), before + 16);
}

TEST_F(TftpPorts, an_upload_is_connected_as_well) {
    server.settings.connect_after = 2;
    server.settings.write.mode = tftp::WriteMode::create;
    ASSERT_EQ(server.wrq("up"), "ACK(0)");
    const std::size_t before = server.network.sockets();
    EXPECT_EQ(server.data(1, std::string(512, 'a')), "ACK(1)");
    EXPECT_EQ(server.data(2, std::string(512, 'b')), "ACK(2)");
    EXPECT_EQ(server.network.sockets(), before + 1);
    EXPECT_EQ(server.data(3, "c"), "ACK(3)");
    EXPECT_EQ(server.data(3, "c"), "ACK(3)") << "the last ACK was lost";
    EXPECT_EQ(server.base.content("/up"), std::string(512, 'a') + std::string(512, 'b') + "c");
}

// Whoever asks everybody hears of no failure, whatever fails.
TEST_F(TftpPorts, a_broadcast_request_hears_of_no_failure) {
    const auto disk = std::make_shared<FaultyFilesystem>(memory_filesystem());
    server.base.disk_threads = 1;
    server.base.files = disk;
    server.base.put("/one", "x");
    server.settings.answer_broadcast = true;
    server.settings.limits.max_transfers = 1;
    server.settings.limit_answer_error = true;
    server.serve();
    disk->hang();
    server.network.send(server.client, server.server, "\0\1one\0octet\0"s, 1, true);
    EXPECT_EQ(server.wait(1ms), "");
    server.network.send(from_port(1), server.server, "\0\1one\0octet\0"s, 1, true);
    EXPECT_EQ(server.wait(1ms), "");
    EXPECT_EQ(server.wait(30s), "");
    EXPECT_TRUE(server.logged("longer than tftp.timers.open"));
    disk->release();
    server.serve().stop();
    server.base.run_disk();
}

}  // namespace
}  // namespace wherry
