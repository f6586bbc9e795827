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

#include "net/address.h"
#include "net/network.h"
#include "wherry/server.h"

namespace wherry {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::string_literals;

constexpr std::string_view told_of_it("\0\5\0\0Stopped by administrator\0", 29);

// A client of RFC 1350, packet by packet.
class LockStepClient {
public:
    explicit LockStepClient(std::uint16_t port) : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        constexpr timeval patience{.tv_sec = 30, .tv_usec = 0};
        setsockopt(socket_.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        length_ = net::Address::loopback(port).to_system(server_);
        send("\0\1name\0octet\0"s);
    }
    void send(const std::string& packet) {
        sendto(socket_.descriptor(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&server_),
               length_);
    }
    // Empty: none has come.
    std::string receive(int flags = 0) {
        std::array<char, 600> buffer;
        length_ = sizeof server_;
        const ssize_t got = recvfrom(socket_.descriptor(), buffer.data(), buffer.size(), flags,
                                     reinterpret_cast<sockaddr*>(&server_), &length_);
        return got < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(got));
    }
    // What comes after the repeats of DATA.
    std::string receive_no_data() {
        for (;;) {
            std::string packet = receive();
            if (packet.size() < 2 || packet[1] != 3) return packet;
        }
    }
    int descriptor() const { return socket_.descriptor(); }

private:
    net::Socket socket_;
    sockaddr_storage server_{};
    socklen_t length_ = 0;
};

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
