// TFTP and those who mean no good, each case by the number it has in the list of attacks; and names that lead
// elsewhere.
#include <gtest/gtest.h>

#include <set>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::chrono_literals;
using namespace std::string_literals;

class TftpAbuse : public ::testing::Test {
protected:
    void SetUp() override {
        server.base.put("/one", "x");
        server.base.put("/big", std::string(100000, 'b'));
    }
    static net::Address address(const std::string& ip, std::uint16_t port) {
        return net::Address::parse_ip(ip, port).value();
    }
    TftpHarness server;
};

// Whoever forges the sender of a request turns the answers on somebody else.
TEST_F(TftpAbuse, S55_one_forged_request_causes_two_packets) {
    server.rrq("big");
    server.wait(5min);
    EXPECT_EQ(server.sent.size(), 2U);
    EXPECT_LE(server.sent_bytes(), 2U * 516);
}

TEST_F(TftpAbuse, S55_no_window_before_a_sign_of_life) {
    server.rrq("big", {{"blksize", "1468"}, {"windowsize", "64"}});
    server.wait(5min);
    EXPECT_EQ(server.sent.size(), 4U);
    EXPECT_LE(server.sent_bytes(), 4U * 40);
}

TEST_F(TftpAbuse, S55_T127_ten_thousand_forged_requests) {
    server.serve();
    for (int i = 0; i < 10000; ++i) {
        const auto port = static_cast<std::uint16_t>(1024 + i);
        server.network.send(address("203.0.113.5", port), server.server, "\0\1big\0octet\0"s);
        if (i % 10 == 0) server.base.wait(1ms);
        server.run();
    }
    // A second's worth of the requests of one source is looked at, and of these as many as may be unverified at once.
    EXPECT_LE(server.sent.size(), 300U);
    EXPECT_EQ(server.download("one"), "x");
}

TEST_F(TftpAbuse, S55_forged_requests_from_everywhere) {
    server.serve();
    for (int i = 0; i < 10000; ++i) {
        const std::string ip = "203." + std::to_string(i % 100) + "." + std::to_string(i / 100) + ".5";
        server.network.send(address(ip, 2000), server.server, "\0\1big\0octet\0"s);
        if (i % 100 == 99) server.run();
    }
    server.run();
    EXPECT_LE(server.sent.size(), 4000U);  // two seconds of the budget for all
    EXPECT_GT(server.metric(Metric::tftp_unverified_drops_total) + server.metric(Metric::tftp_dropped_total), 5000);
    server.wait(3s);
    EXPECT_EQ(server.download("one"), "x");
}

// CVE-2024-2169: two servers that answer each other for ever.
TEST_F(TftpAbuse, S56_T128_no_answer_to_other_servers) {
    for (const int port : {7, 13, 17, 19, 37, 53, 69, 111, 123, 161, 389, 1900, 5353, 11211, 0}) {
        EXPECT_EQ(
            server.from(address("203.0.113.5", static_cast<std::uint16_t>(port)), server.server, "\0\1one\0octet\0"s),
            "")
            << port;
    }
    EXPECT_EQ(server.from(server.server, server.server, "\0\1one\0octet\0"s), "");
    EXPECT_TRUE(server.sent.empty());
}

TEST_F(TftpAbuse, S56_no_answer_to_errors_and_impossible_senders) {
    EXPECT_EQ(server.to_listener("\0\5\0\4x\0"s), "");
    for (const char* ip : {"224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1", "::"}) {
        EXPECT_EQ(server.from(address(ip, 2000), server.server, "\0\1one\0octet\0"s), "") << ip;
    }
    server.rrq("big");
    EXPECT_EQ(server.from(address("203.0.113.5", 2000), server.tid, "\0\5\0\5Unknown transfer ID\0"s), "");
}

TEST_F(TftpAbuse, S56_answers_to_unknown_senders_are_few) {
    server.rrq("big");
    const std::size_t before = server.sent.size();
    for (int i = 0; i < 1000; ++i) {
        server.from(address("203.0.113.5", static_cast<std::uint16_t>(2000 + i)), server.tid, "\0\4\0\1"s);
    }
    EXPECT_EQ(server.sent.size() - before, 5U);
}

TEST_F(TftpAbuse, S57_spoofed_packets_neither_change_nor_end_a_transfer) {
    server.settings.write.mode = tftp::WriteMode::create;
    server.wrq("up");
    server.data(1, std::string(512, 'a'));
    const auto spoofer = address("203.0.113.5", server.client.port());
    server.from(spoofer, server.tid, "\0\3\0\2evil"s);
    server.from(spoofer, server.tid, "\0\5\0\0bye\0"s);
    EXPECT_EQ(server.data(2, "good"), "ACK(2)");
    EXPECT_EQ(server.base.content("/up"), std::string(512, 'a') + "good");
}

TEST_F(TftpAbuse, S58_uploads_are_off_and_capped) {
    EXPECT_EQ(tftp::Settings().write.mode, tftp::WriteMode::off);
    EXPECT_GT(tftp::Settings().write.max_size, 0U);
    EXPECT_EQ(server.wrq("new"), "ERR(2,Uploads are not allowed)");
}

TEST_F(TftpAbuse, S60_windows_and_blocks_take_no_memory_of_their_size) {
    server.network.mtu = 65536;
    EXPECT_EQ(server.rrq("big", {{"windowsize", "65535"}, {"blksize", "65464"}}), "OACK{windowsize=16,blksize=65464}");
}

TEST_F(TftpAbuse, S61_a_flood_of_requests_leaves_room_for_others) {
    server.settings.limits.max_per_address = 8;
    server.serve();
    for (int i = 0; i < 40; ++i) {
        const auto flooder = address("203.0.113.5", static_cast<std::uint16_t>(2000 + i));
        server.network.send(flooder, server.server, "\0\1big\0octet\0tsize\0000\0"s);
    }
    server.run();
    EXPECT_EQ(server.sent.size(), 8U);
    EXPECT_EQ(server.download("one"), "x");
}

TEST_F(TftpAbuse, S61_the_limit_can_be_told) {
    server.settings.limits.max_transfers = 1;
    server.settings.limit_answer_error = true;
    server.rrq("big");
    server.client = server.client.with_port(3000);
    EXPECT_EQ(server.rrq("big"), "ERR(0,Server busy)");
}

TEST_F(TftpAbuse, S62_errors_tell_no_path) {
    server.folder = "/srv/secret";
    EXPECT_EQ(server.rrq("/srv/secret/missing"), "ERR(1,File not found)");
    EXPECT_EQ(server.sent.back().bytes, "\0\5\0\1File not found\0"s);
}

TEST_F(TftpAbuse, S63_the_sorcerers_apprentice) {
    server.rrq("big");
    for (unsigned block = 1; block <= 196; ++block) {
        server.ack(block);
        server.ack(block);
    }
    EXPECT_EQ(server.metric(Metric::tftp_data_packets_total), 196);
}

// --- names
TEST_F(TftpAbuse, T124_names) {
    server.folder = "/srv/tftp";
    [[maybe_unused]] const auto made = server.base.files->make_directory(Path::resolve("/folder").value(), 0755);
    const std::vector<std::pair<const char*, const char*>> cases{
        {"../x", "ERR(2,Access violation)"},
        {"a/../../etc/passwd", "ERR(2,Access violation)"},
        {"..\\..\\x", "ERR(2,Access violation)"},
        {"/", "ERR(2,Access violation)"},
        {"./.", "ERR(2,Access violation)"},
        {"/etc/passwd", "ERR(1,File not found)"},
        {"folder", "ERR(1,File not found)"},
        {"//one", "DATA(1,1)"},
        {"./one", "DATA(1,1)"},
        {"\\one", "DATA(1,1)"},
        {"/srv/tftp/one", "DATA(1,1)"},
        {"/srv/tftpone", "ERR(1,File not found)"},
        {"ONE", "ERR(1,File not found)"},
    };
    std::uint16_t port = 4000;
    for (const auto& [name, answer] : cases) {
        server.client = server.client.with_port(++port);
        EXPECT_EQ(server.rrq(name), answer) << name;
    }
}

TEST_F(TftpAbuse, T124_lower_case) {
    server.settings.names.letters = tftp::Case::lower;
    EXPECT_EQ(server.rrq("ONE"), "DATA(1,1)");
}

TEST_F(TftpAbuse, T124_insensitive) {
    server.settings.names.letters = tftp::Case::insensitive;
    for (const char* const folder : {"/EFI", "/EFI/Boot", "/only"}) {
        ASSERT_TRUE(server.base.files->make_directory(Path::resolve(folder).value(), 0755));
    }
    server.base.put("/EFI/Boot/bootx64.EFI", "right");
    server.base.put("/Two", "first");
    server.base.put("/tWO", "second");
    const std::vector<std::pair<const char*, const char*>> cases{
        {"ONE", "DATA(1,1)"},
        {"efi/BOOT/BOOTX64.efi", "DATA(1,5)"},
        {"tWO", "DATA(1,6)"},  // its own name counts first
        {"TWO", "DATA(1,5)"},  // then the first in byte order
        {"efi/../one", "ERR(2,Access violation)"},
        {"EFI/boot", "ERR(1,File not found)"},
        {"efi/none/x", "ERR(1,File not found)"},
        {"one/x", "ERR(1,File not found)"},
    };
    std::uint16_t port = 4000;
    for (const auto& [name, answer] : cases) {
        server.client = server.client.with_port(++port);
        EXPECT_EQ(server.rrq(name), answer) << name;
    }
}

TEST_F(TftpAbuse, insensitive_names_are_for_downloads_and_keep_to_what_is_allowed) {
    server.settings.names.letters = tftp::Case::insensitive;
    server.settings.write.mode = tftp::WriteMode::create;
    server.map = "rE ^x$ ONE\n";
    EXPECT_EQ(server.rrq("x"), "DATA(1,1)");  // the probe of a rule finds it as well
    server.client = server.client.with_port(3000);
    EXPECT_EQ(server.upload("ONE", "another"), "ok");
    EXPECT_TRUE(server.base.exists("/ONE"));
    server.client = server.client.with_port(3001);
    server.wait(5s);                               // until the folder is read again
    EXPECT_EQ(server.download("oNE"), "another");  // "ONE" is before "one"
}

TEST_F(TftpAbuse, several_roots_are_looked_through) {
    const auto second = memory_filesystem();
    auto file = second->open(Path::resolve("/two").value(), OpenMode::for_writing()).value();
    ASSERT_TRUE(file->write_at(0, tftp::bytes_of("yy")));
    ASSERT_TRUE(file->close());
    server.more_roots = {second};
    EXPECT_EQ(server.rrq("two"), "DATA(1,2)");
    server.client = server.client.with_port(3000);
    EXPECT_EQ(server.rrq("three"), "ERR(1,File not found)");
}

TEST_F(TftpAbuse, networks_that_may_not_read) {
    server.settings.read_deny = {net::Subnet::parse("198.51.100.0/24").value()};
    EXPECT_EQ(server.rrq("one"), "ERR(2,Access violation)");
    EXPECT_EQ(server.from(address("198.51.101.1", 2000), server.server, "\0\1one\0octet\0"s), "DATA(1,1)");
}

TEST_F(TftpAbuse, networks_that_are_not_answered) {
    server.settings.read_deny = {net::Subnet::parse("198.51.100.7").value()};
    server.settings.silent_deny = true;
    EXPECT_EQ(server.rrq("one"), "");
}

TEST_F(TftpAbuse, a_refusal_is_repeated_for_a_repeated_request) {
    EXPECT_EQ(server.rrq("missing"), "ERR(1,File not found)");
    server.wait(10ms);
    EXPECT_EQ(server.rrq("missing"), "");
    server.wait(500ms);
    EXPECT_EQ(server.rrq("missing"), "ERR(1,File not found)");
    server.wait(3s);
    EXPECT_EQ(server.rrq("missing"), "ERR(1,File not found)");
    EXPECT_EQ(server.metric(Metric::tftp_requests_total), 2);
}

// --- sockets
TEST_F(TftpAbuse, requests_that_came_before_the_start_are_served) {
    server.settings.tid_mode = tftp::TidMode::single;
    server.before_start = [&] { server.network.send(server.client, server.server, "\0\1one\0octet\0"s); };
    server.serve();
    EXPECT_EQ(server.wait(1ms), "DATA(1,1)");
}

// Of a socket that somebody else has opened: whoever asks would not take the answer for one.
TEST_F(TftpAbuse, requests_that_do_not_say_where_they_were_sent_to_are_dropped) {
    server.server = net::Address::any_ipv4(69);
    EXPECT_EQ(server.rrq("one"), "");
    EXPECT_EQ(server.metric(Metric::tftp_dropped_total), 1);
    EXPECT_EQ(server.metric(Metric::tftp_requests_total), 0);
    server.server = net::Address::parse_ip("192.0.2.1", 69).value();
    EXPECT_EQ(server.rrq("one"), "DATA(1,1)");
}

TEST_F(TftpAbuse, T093_broadcasts) {
    server.serve();
    server.network.send(server.client, server.server, "\0\1one\0octet\0"s, 1, true);
    EXPECT_EQ(server.wait(1s), "");
}

TEST_F(TftpAbuse, T093_broadcasts_answered) {
    server.settings.answer_broadcast = true;
    server.serve();
    server.network.send(server.client, server.server, "\0\1missing\0octet\0"s, 1, true);
    EXPECT_EQ(server.wait(1ms), "");
    server.network.send(server.client, server.server, "\0\2one\0octet\0"s, 1, true);
    EXPECT_EQ(server.wait(1ms), "");
    server.network.send(server.client, server.server, "\0\1one\0octet\0"s, 1, true);
    EXPECT_EQ(server.wait(1ms), "DATA(1,1)");
    EXPECT_TRUE(server.tid.same_host(server.server));
}

TEST_F(TftpAbuse, T095_ports_of_a_range) {
    server.settings.tid_mode = tftp::TidMode::unique;
    server.settings.tid_first = 50000;
    server.settings.tid_last = 50003;
    std::set<std::uint16_t> ports;
    for (std::uint16_t i = 0; i < 4; ++i) {
        server.client = server.client.with_port(static_cast<std::uint16_t>(3000 + i));
        EXPECT_EQ(server.rrq("one"), "DATA(1,1)");
        ports.insert(server.tid.port());
    }
    EXPECT_EQ(ports, (std::set<std::uint16_t>{50000, 50001, 50002, 50003}));
    const auto last = server.client;
    server.client = last.with_port(3010);
    EXPECT_EQ(server.rrq("one"), "");
    server.client = last;
    server.ack(1);
    server.client = last.with_port(3010);
    EXPECT_EQ(server.rrq("one"), "DATA(1,1)");
}

TEST_F(TftpAbuse, T096_T097_a_single_port) {
    server.settings.tid_mode = tftp::TidMode::single;
    EXPECT_EQ(server.rrq("big"), "DATA(1,512)");
    EXPECT_EQ(server.tid, server.server);
    const auto other = server.client.with_port(3000);
    EXPECT_EQ(server.from(other, server.server, "\0\1one\0octet\0"s), "DATA(1,1)");
    EXPECT_EQ(server.ack(1), "DATA(2,512)");
    EXPECT_EQ(server.from(other, server.server, "\0\4\0\1"s), "");
    EXPECT_EQ(server.from(other, server.server, "\0\4\0\1"s), "");
    EXPECT_EQ(server.ack(2), "DATA(3,512)");
}

TEST_F(TftpAbuse, T103_ports_change_and_running_transfers_keep_theirs) {
    server.settings.pool_ports = 1;
    server.settings.pool_rotate = 10s;
    server.rrq("big");
    server.ack(1);
    const auto old = server.tid;
    server.wait(50ms);
    for (unsigned block = 2; block < 30; ++block) {
        server.ack(block);
        server.base.wait(500ms);
        server.wait(1ns);
    }
    const auto client = server.client;
    server.client = client.with_port(3000);
    EXPECT_EQ(server.rrq("one"), "DATA(1,1)");
    EXPECT_NE(server.tid.port(), old.port());
    server.client = client;
    server.tid = old;
    EXPECT_EQ(server.ack(30).substr(0, 5), "DATA(");
}

TEST_F(TftpAbuse, T132_the_end_of_the_service) {
    server.rrq("big");
    server.ack(1);
    server.serve().drain();
    server.run();
    EXPECT_EQ(server.ack(2), "DATA(3,512)");
    const auto running = server.client;
    server.client = running.with_port(3000);
    EXPECT_EQ(server.rrq("one"), "");
    server.client = running;
    server.serve().stop();
    EXPECT_EQ(server.wait(1ms), "ERR(0,Server shutting down)");
    EXPECT_EQ(server.network.sockets(), 0U);
}

}  // namespace
}  // namespace wherry
