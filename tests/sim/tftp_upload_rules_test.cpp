// What an operator may set about TFTP uploads, and what they may take of the machine.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::chrono_literals;
using tftp::WriteMode;

class TftpUploadRules : public ::testing::Test {
protected:
    void SetUp() override { server.settings.write.mode = WriteMode::create; }
    std::string block(std::size_t size = 512) { return std::string(size, 'u'); }
    // From a port of its own.
    std::string ask(std::string_view name, const TftpHarness::Options& options = {}) {
        server.client = server.client.with_port(++port);
        return server.wrq(name, options);
    }
    TftpHarness server;
    std::uint16_t port = 3000;
};

TEST_F(TftpUploadRules, T118_announced_larger_than_the_room_there_is) {
    server.settings.write.max_size = 0;
    const Space space = server.base.files->space(Path()).value();
    EXPECT_EQ(ask("large", {{"tsize", std::to_string(space.free + 1)}}), "ERR(3,Disk full or allocation exceeded)");
    EXPECT_FALSE(server.base.exists("/large"));
    EXPECT_EQ(ask("fits", {{"tsize", "1000"}}), "OACK{tsize=1000}");
}

TEST_F(TftpUploadRules, mode_bits_of_new_files) {
    for (const std::uint32_t mode : {0600U, 0644U}) {
        TftpHarness one;
        one.settings.write.mode = WriteMode::create;
        one.settings.write.file_mode = mode;
        EXPECT_EQ(one.upload("new", "content"), "ok");
        EXPECT_EQ(one.base.files->stat(Path::resolve("/new").value())->mode & 0777U, mode);
    }
}

TEST_F(TftpUploadRules, networks_that_may_not_upload) {
    server.settings.write_deny = {net::Subnet::parse("198.51.100.0/24").value()};
    EXPECT_EQ(ask("up"), "ERR(2,Access violation)");
    server.client = net::Address::parse_ip("198.51.101.7", 2070).value();
    EXPECT_EQ(server.upload("up", "content"), "ok");
}

TEST_F(TftpUploadRules, names_that_may_be_uploaded) {
    server.settings.write.allow_names = {"log-*", "cfg/?.txt"};
    server.settings.write.deny_names = {"log-x*"};
    ASSERT_TRUE(server.base.files->make_directory(Path::resolve("/cfg").value(), 0755));
    EXPECT_EQ(ask("log-1"), "ACK(0)");
    EXPECT_EQ(ask("cfg/a.txt"), "ACK(0)");
    for (const char* name : {"other", "log-x1", "cfg/ab.txt", "cfg/log-1"}) {
        EXPECT_EQ(ask(name), "ERR(2,Access violation)") << name;
    }
}

TEST_F(TftpUploadRules, blocks_that_come_too_early_before_a_gap_is_told) {
    server.settings.write.reorder_blocks = 0;
    const TftpHarness::Options window{{"windowsize", "16"}};
    ask("at-once", window);
    EXPECT_EQ(server.data(2, block()), "ACK(0)");
    TftpHarness patient;
    patient.settings.write.mode = WriteMode::create;
    patient.settings.write.reorder_blocks = 5;
    patient.wrq("up", window);
    for (unsigned early = 2; early <= 5; ++early) EXPECT_EQ(patient.data(early, block()), "");
    EXPECT_EQ(patient.data(6, block()), "ACK(0)");
}

TEST_F(TftpUploadRules, T117_folders_are_made_where_that_is_allowed) {
    EXPECT_EQ(ask("a/b/c"), "ERR(1,File not found)");
    TftpHarness one;
    one.settings.write.mode = WriteMode::create;
    one.settings.write.make_folders = true;
    one.base.put("/file", "x");
    EXPECT_EQ(one.upload("a/b/c", "content"), "ok");
    EXPECT_EQ(one.base.content("/a/b/c"), "content");
    const auto from_another_port = [&](std::string_view name) {
        one.client = one.client.with_port(++port);
        return one.upload(name, "content");
    };
    EXPECT_EQ(from_another_port("a/b/d"), "ok");
    EXPECT_EQ(from_another_port("a/.hidden/e"), "ERR(2,Access violation)");
    EXPECT_FALSE(one.base.exists("/a/.hidden"));
    EXPECT_EQ(from_another_port("file/e"), "ERR(1,File not found)");
    std::string deep;
    for (int i = 0; i < 17; ++i) deep += "d/";
    EXPECT_EQ(from_another_port(deep + "e"), "ERR(2,Access violation)");
    EXPECT_FALSE(one.base.exists("/d"));
}

TEST_F(TftpUploadRules, folders_are_made_for_names_of_maps_and_not_for_names_that_must_be_there) {
    server.settings.write.make_folders = true;
    server.map = "rE ^ in/\n";
    EXPECT_EQ(server.upload("up", "content"), "ok");
    EXPECT_EQ(server.base.content("/in/up"), "content");
    TftpHarness other;
    other.settings.write.mode = WriteMode::existing;
    other.settings.write.make_folders = true;
    EXPECT_EQ(other.wrq("a/b"), "ERR(1,File not found)");
    EXPECT_FALSE(other.base.exists("/a"));
}

// The second block of a window of two comes first: "ACK(2)" if it was kept until the first one came.
std::string swapped(TftpHarness& server, std::string_view name, const net::Address& client) {
    server.client = client;
    EXPECT_EQ(server.wrq(name, {{"windowsize", "2"}}), "OACK{windowsize=2}");
    EXPECT_EQ(server.data(2, std::string(512, '2')), "ACK(0)");
    return server.data(1, std::string(512, '1'));
}

TEST_F(TftpUploadRules, memory_for_blocks_that_came_too_early_is_limited) {
    const auto address = [](unsigned number) {
        return net::Address::parse_ip("198.51.100." + std::to_string(number), 2070).value();
    };
    server.network.mtu = 65536;
    EXPECT_EQ(swapped(server, "before", address(1)), "ACK(2)");
    constexpr unsigned first = 101;
    constexpr unsigned uploads = 69;  // of 15 blocks: a little more than 64 MiB
    std::vector<net::Address> ports;
    for (unsigned number = first; number < first + uploads; ++number) {
        server.client = address(number);
        server.wrq("early" + std::to_string(number), {{"blksize", "65464"}, {"windowsize", "16"}});
        for (unsigned early = 2; early <= 16; ++early) server.data(early, block(65464));
        ports.push_back(server.tid);
    }
    server.client = address(99);
    server.wrq("rest", {{"windowsize", "32"}});  // what is left is less than a block then
    for (unsigned early = 2; early <= 18; ++early) server.data(early, block());
    EXPECT_EQ(swapped(server, "meanwhile", address(2)), "");
    EXPECT_EQ(server.data(2, std::string(512, '2')), "ACK(2)");  // it takes longer, and is none the worse for it
    EXPECT_EQ(server.data(3, ""), "ACK(3)");
    EXPECT_EQ(server.base.content("/meanwhile"), std::string(512, '1') + std::string(512, '2'));
    for (unsigned number = first; number < first + uploads; ++number) {
        server.client = address(number);
        server.tid = ports[number - first];
        server.error(0);
    }
    EXPECT_EQ(swapped(server, "afterwards", address(3)), "ACK(2)");
}

}  // namespace
}  // namespace wherry
