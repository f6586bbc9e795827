#include "net/door.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "net/scope.h"
#include "net/tcp.h"

namespace wherry::net {
namespace {

constexpr int clients_at_once = 40;

// A connected socket whose own address is 127.0.0.`last`.
Socket connect_from(int last, const Address& to) {
    Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage system{};
    socklen_t length = Address::parse_ip("127.0.0." + std::to_string(last), 0)->to_system(system);
    EXPECT_EQ(bind(socket.descriptor(), reinterpret_cast<sockaddr*>(&system), length), 0);
    length = to.to_system(system);
    EXPECT_EQ(connect(socket.descriptor(), reinterpret_cast<sockaddr*>(&system), length), 0);
    return socket;
}

struct Waiter {
    Loop& loop;
    Network& network;
    Address at;
    Address client;
    std::promise<std::string> peer{};

    Task<void> run(std::promise<bool>& ready) {
        auto listener = network.listen(loop, at, {.backlog = 64, .reuse_address = true, .client = client});
        ready.set_value(listener.has_value());
        if (!listener) co_return peer.set_value("cannot listen");
        auto stream = co_await (*listener)->accept(Watch::Class::bulk, loop.now() + std::chrono::seconds(60));
        peer.set_value(stream ? (*stream)->peer().ip() : "nobody came");
    }
};

// Sessions of two loops wait at one port, each for a client of its own; whoever accepts hands over to the right one.
TEST(Door, each_session_gets_its_own_client) {
    const SteadyClock clock;
    Loop loops[2]{Loop(clock), Loop(clock)};
    std::vector<std::thread> threads;
    for (Loop& loop : loops) threads.emplace_back([&loop] { loop.run(); });
    const auto network = tcp_network();
    Address at;
    {
        const auto free = listen_tcp(Address::loopback(0), 1);
        at = local_address(free->descriptor());
    }
    std::vector<std::unique_ptr<Waiter>> waiters;
    std::vector<std::unique_ptr<Scope>> scopes;
    for (int i = 0; i < clients_at_once; ++i) {
        Loop& loop = loops[i % 2];
        const auto client = Address::parse_ip("127.0.0." + std::to_string(i + 2), 0).value();
        auto& waiter = *waiters.emplace_back(new Waiter{loop, *network, at, client});
        auto& scope = *scopes.emplace_back(std::make_unique<Scope>(loop));
        std::promise<bool> ready;
        loop.post([&] { scope.start(waiter.run(ready)); });
        ASSERT_TRUE(ready.get_future().get()) << i;
    }
    const Socket stranger = connect_from(200, at);
    std::vector<Socket> sockets;
    for (int i = clients_at_once; i-- > 0;) sockets.push_back(connect_from(i + 2, at));
    for (int i = 0; i < clients_at_once; ++i) {
        EXPECT_EQ(waiters[static_cast<std::size_t>(i)]->peer.get_future().get(), "127.0.0." + std::to_string(i + 2));
    }
    char byte = 0;
    EXPECT_LE(recv(stranger.descriptor(), &byte, 1, 0), 0) << "nobody waits for that one: it is closed";
    for (Loop& loop : loops) loop.stop();
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(listen_tcp(at, 1)) << "the port is free again when the last has gone";
}

TEST(Door, one_address_waits_once) {
    const SteadyClock clock;
    Loop loop(clock);
    const auto network = tcp_network();
    const auto one = network->listen(loop, Address::loopback(0), {.client = Address::loopback(0)});
    ASSERT_TRUE(one);
    const Address at = Address::loopback(0);
    EXPECT_EQ(network->listen(loop, at, {.client = Address::loopback(0)}).error().code, Code::busy);
    EXPECT_TRUE(network->listen(loop, at, {.client = Address::parse_ip("127.0.0.2", 0).value()}));
}

}  // namespace
}  // namespace wherry::net
