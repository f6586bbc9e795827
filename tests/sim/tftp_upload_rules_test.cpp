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
