// A thousand machines that boot from one image at the same time.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "testing/faulty_fs.h"
#include "testing/tftp_harness.h"
#include "tftp/packet.h"

namespace wherry {
namespace {

using testing::Datagram;
using testing::FaultyFilesystem;
using testing::TftpHarness;
using namespace std::chrono_literals;

class TftpManyClients : public ::testing::Test {
protected:
    static constexpr std::size_t clients = 1000;
    static constexpr std::size_t per_host = 200;
    static constexpr std::size_t block_size = 1024;
    static constexpr unsigned window = 16;
    static constexpr std::size_t chunk = 8 * 1024;
    struct OneClient {
        net::Address address;
        std::chrono::nanoseconds begins{0};
        bool begun = false;
        unsigned blocks = 0;
        std::string got;
        bool done = false;
    };
    TftpManyClients() {
        for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<char>(i * 2654435761U >> 21U);
        disk->answer_at_once(true);
        server.base.files = disk;
        server.base.put("/image", image);
        server.settings.cache_chunk = chunk;
        std::mt19937 dice(1);
        for (std::size_t i = 0; i < clients; ++i) {
            const std::string host = "198.51.100." + std::to_string(1 + i / per_host);
            const auto port = static_cast<std::uint16_t>(2000 + i);
            everybody.push_back({.address = net::Address::parse_ip(host, port).value(),
                                 .begins = std::chrono::milliseconds(dice() % 2000)});
        }
    }

    void begin_some(std::chrono::nanoseconds after) {
        const std::vector<tftp::OptionPair> options{{"blksize", "1024"}, {"windowsize", "16"}};
        const std::string packet = tftp::request_packet(tftp::Op::rrq, "image", tftp::Mode::octet, options);
        for (OneClient& one : everybody) {
            if (one.begun || one.begins > after) continue;
            one.begun = true;
            server.network.send(one.address, server.server, packet);
        }
    }
    void hear(const Datagram& datagram) {
        OneClient& one = everybody[datagram.to.port() - 2000U];
        const tftp::Bytes packet = tftp::bytes_of(datagram.bytes);
        const auto op = tftp::opcode_of(packet);
        ASSERT_TRUE(op == 6 || op == 3) << datagram.bytes;
        if (op == 3) {
            if (tftp::number_of(packet) != one.blocks + 1) return;
            ++one.blocks;
            one.got += datagram.bytes.substr(tftp::data_header);
            one.done = datagram.bytes.size() < tftp::data_header + block_size;
            if (one.blocks % window != 0 && !one.done) return;
        }
        server.network.send(one.address, datagram.from, tftp::ack_packet(static_cast<std::uint16_t>(one.blocks)));
    }

    std::string image = std::string(4 * chunk + 1234, '\0');
    std::shared_ptr<FaultyFilesystem> disk = std::make_shared<FaultyFilesystem>(memory_filesystem());
    TftpHarness server;
    std::vector<OneClient> everybody;
};

TEST_F(TftpManyClients, T133_a_thousand_read_the_image_once) {
    server.serve();
    const std::uint64_t before = disk->reads();
    std::int64_t at_once = 0;
    for (auto after = 0ms; after < 3s; after += 5ms) {
        begin_some(after);
        server.base.run();
        at_once = std::max(at_once, server.metric(Metric::tftp_transfers));
        for (const Datagram& one : server.network.take()) hear(one);  // a round trip takes as long as a step
        server.base.clock().advance(5ms);
    }
    for (const OneClient& one : everybody) ASSERT_TRUE(one.done && one.got == image) << one.address.text();
    EXPECT_GT(at_once, 5);
    EXPECT_EQ(disk->reads() - before, 5U);
    EXPECT_EQ(server.metric(Metric::tftp_cache_loads_total), 5);
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 0);
    EXPECT_EQ(server.metric(Metric::tftp_data_repeated_total), 0);
}

// All in the same moment, as after a power cut.
TEST_F(TftpManyClients, T133_a_thousand_at_once) {
    for (OneClient& one : everybody) one.begins = 0ms;
    server.settings.limits.unverified_per_address = per_host;
    server.settings.limits.unverified_per_second_address = 2 * per_host;
    server.serve();
    const std::uint64_t before = disk->reads();
    begin_some(0ms);
    for (int round = 0; round < 40; ++round) {
        server.base.run();
        if (round == 1) EXPECT_EQ(server.metric(Metric::tftp_transfers), static_cast<std::int64_t>(clients));
        for (const Datagram& one : server.network.take()) hear(one);
        server.base.clock().advance(1ms);
    }
    for (const OneClient& one : everybody) ASSERT_TRUE(one.done && one.got == image) << one.address.text();
    EXPECT_EQ(disk->reads() - before, 5U);
}

}  // namespace
}  // namespace wherry
