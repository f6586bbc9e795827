// Server::tftp() while it serves, on real sockets: transfers of several loops are seen and ended by several threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "stress/tftp_client.h"
#include "wherry/server.h"

namespace wherry {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::string_literals;

constexpr std::string_view told_of_it("\0\5\0\0Stopped by administrator\0", 29);

void serve_content(Server& server) {
    server.log_level(LogLevel::off);
    server.tftp().listen("127.0.0.1:0").on_read("*", [](const TftpRequest&) {
        return TftpAnswer::content(std::string(100'000, 'c'));
    });
}

std::uint16_t tftp_port_of(const Server& server) { return server.addresses().at(0).port; }

TEST(TftpTransfers, OfSeveralLoopsAreSeenAndEndedFromSeveralThreads) {
    Server server;
    serve_content(server);
    server.loops(3);
    ASSERT_TRUE(server.start());
    std::vector<std::unique_ptr<LockStepClient>> clients;
    for (int i = 0; i < 12; ++i) {
        clients.push_back(std::make_unique<LockStepClient>(tftp_port_of(server)));
        ASSERT_EQ(clients.back()->receive().substr(0, 4), "\0\3\0\1"s);
        clients.back()->send("\0\4\0\1"s);
        ASSERT_EQ(clients.back()->receive().substr(0, 4), "\0\3\0\2"s);
    }
    const auto running = server.tftp().transfers();
    ASSERT_THAT(running, SizeIs(12));
    for (const TftpTransfer& one : running) {
        EXPECT_EQ(one.bytes, 512U);
        EXPECT_EQ(one.size, 100'000U);
        EXPECT_EQ(one.name, "name");
    }
    std::vector<std::thread> operators;
    for (const TftpTransfer& one : running) {
        operators.emplace_back([&server, id = one.id] {
            EXPECT_TRUE(server.tftp().end_transfer(id));
            EXPECT_FALSE(server.tftp().end_transfer(id));
            server.tftp().transfers();
        });
    }
    for (std::thread& one : operators) one.join();
    for (const auto& client : clients) EXPECT_EQ(client->receive_no_data(), told_of_it);
    EXPECT_THAT(server.tftp().transfers(), IsEmpty());
}

TEST(TftpTransfers, OfAnAttachedServerAreAskedOnItsThread) {
    Server server;
    serve_content(server);
    ASSERT_TRUE(server.attach());
    LockStepClient client(tftp_port_of(server));
    const auto next = [&] {
        std::string packet;
        for (int turns = 0; packet.empty() && turns < 1000; ++turns) {
            std::array<pollfd, 2> watched{pollfd{.fd = server.descriptor(), .events = POLLIN, .revents = 0},
                                          pollfd{.fd = client.descriptor(), .events = POLLIN, .revents = 0}};
            poll(watched.data(), watched.size(), 1000);
            server.poll_once();
            packet = client.receive(MSG_DONTWAIT);
        }
        return packet;
    };
    ASSERT_EQ(next().substr(0, 4), "\0\3\0\1"s);
    client.send("\0\4\0\1"s);
    ASSERT_EQ(next().substr(0, 4), "\0\3\0\2"s);
    const auto running = server.tftp().transfers();
    ASSERT_THAT(running, SizeIs(1));
    EXPECT_TRUE(server.tftp().end_transfer(running[0].id));
    EXPECT_EQ(next(), told_of_it);
    EXPECT_THAT(server.tftp().transfers(), IsEmpty());
    server.stop();
}

TEST(TftpTransfers, OfAServerThatDoesNotServeAreNone) {
    Server server;
    serve_content(server);
    EXPECT_THAT(server.tftp().transfers(), IsEmpty());
    EXPECT_FALSE(server.tftp().end_transfer(1));
    ASSERT_TRUE(server.start());
    server.stop();
    EXPECT_THAT(server.tftp().transfers(), IsEmpty());
    EXPECT_FALSE(server.tftp().end_transfer(1));
}

}  // namespace
}  // namespace wherry
