// Server from outside: real sockets on the loopback, several threads, starting, stopping, killing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/socket_client.h"
#include "wherry/server.h"

namespace wherry {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Client = testing::SocketClient;

void set_up(Server& server, const std::string& user) {
    server.users().add(user, Password("x"), memory_filesystem(), perm::all);
    server.ftp().listen("127.0.0.1:0").greeting("of " + user);
    server.limits().login_failure_delay(std::chrono::milliseconds(0));
    server.log_level(LogLevel::off);
    server.loops(2);
}

std::uint16_t port_of(const Server& server) { return server.addresses().at(0).port; }

TEST(ServerLife, TwoServersOfOneProcessShareNothing) {
    Server one;
    Server other;
    set_up(one, "alice");
    set_up(other, "bob");
    ASSERT_TRUE(one.start());
    ASSERT_TRUE(other.start());
    EXPECT_NE(port_of(one), port_of(other));
    Client alice(port_of(one));
    EXPECT_EQ(alice.line(), "220 of alice");
    EXPECT_THAT(alice.ask("USER bob"), StartsWith("331"));
    EXPECT_THAT(alice.ask("PASS x"), StartsWith("530"));
    Client bob(port_of(other));
    EXPECT_TRUE(bob.log_in("bob", "x"));
    EXPECT_EQ(one.sessions().size(), 1U);
    EXPECT_THAT(other.metrics(), HasSubstr("wherry_login_failures_total 0"));
    EXPECT_THAT(one.metrics(), HasSubstr("wherry_login_failures_total 1"));
    one.stop();
    EXPECT_THAT(bob.ask("NOOP"), StartsWith("200"));
}

TEST(ServerLife, ListensAtTheAddressesOfAHost) {
    Server server;
    server.users().add("alice", Password("x"), memory_filesystem(), perm::all);
    server.ftp().listen("localhost:0").greeting("by name");
    server.tftp().listen("LOCALHOST:0");
    server.i2ftp().listen("localhost:0").key(SharedKey("the key of alice"), "alice");
    server.users().add_anonymous(memory_filesystem());
    server.log_level(LogLevel::off);
    const auto started = server.start();
    ASSERT_TRUE(started) << started.error().message;
    std::set<std::string> protocols;
    for (const Endpoint& endpoint : server.addresses()) {
        protocols.insert(endpoint.protocol);
        EXPECT_TRUE(endpoint.address == "::1" || endpoint.address.starts_with("127.")) << endpoint.text();
        EXPECT_NE(endpoint.port, 0);
    }
    EXPECT_EQ(protocols, (std::set<std::string>{"ftp", "tftp", "i2ftp"}));
}

TEST(ServerLife, StartsAgainAfterItWasStopped) {
    Server server;
    set_up(server, "alice");
    for (int round = 0; round < 3; ++round) {
        ASSERT_TRUE(server.start());
        EXPECT_EQ(server.start().error().code, Code::busy);
        Client client(port_of(server));
        EXPECT_TRUE(client.log_in("alice", "x"));
        server.stop();
        EXPECT_THAT(server.addresses(), IsEmpty());
        EXPECT_THAT(client.line(), StartsWith("421"));
    }
}

TEST(ServerLife, KillCutsOffOneSession) {
    Server server;
    set_up(server, "alice");
    std::promise<Code> gone;
    server.on<event::Disconnected>([&](const event::Disconnected& e) {
        if (e.session.id == 1) gone.set_value(e.cause);
    });
    ASSERT_TRUE(server.start());
    Client one(port_of(server));
    ASSERT_TRUE(one.log_in("alice", "x"));
    Client other(port_of(server));
    ASSERT_TRUE(other.log_in("alice", "x"));
    const auto live = server.sessions();
    ASSERT_EQ(live.size(), 2U);
    EXPECT_EQ(live[0].user, "alice");
    EXPECT_EQ(live[0].peer, "127.0.0.1");
    EXPECT_TRUE(server.kill(live[0].id));
    EXPECT_EQ(gone.get_future().get(), Code::killed);
    EXPECT_FALSE(server.kill(live[0].id));
    EXPECT_THAT(other.ask("NOOP"), StartsWith("200"));
}

TEST(ServerLife, UsersAndLimitsChangeWhileItServes) {
    Server server;
    set_up(server, "alice");
    ASSERT_TRUE(server.start());
    Client alice(port_of(server));
    ASSERT_TRUE(alice.log_in("alice", "x"));
    EXPECT_TRUE(server.users().remove("alice"));
    EXPECT_TRUE(server.users().add("carol", Password("y"), memory_filesystem()));
    EXPECT_FALSE(Client(port_of(server)).log_in("alice", "x"));
    EXPECT_TRUE(Client(port_of(server)).log_in("carol", "y"));
    EXPECT_THAT(alice.ask("NOOP"), StartsWith("200"));
    server.limits().sessions(1);
    EXPECT_THAT(Client(port_of(server)).line(), StartsWith("421"));
}

// A store that knows checksums, and takes its time to tell them.
class SlowChecksums final : public Filesystem {
public:
    Result<Stat> stat(const Path& path) override { return files_->stat(path); }
    Result<ListingPtr> list(const Path& path, Detail detail) override { return files_->list(path, detail); }
    Result<FilePtr> open(const Path& path, const OpenMode& mode) override { return files_->open(path, mode); }
    Result<std::string> hash(const Path&, Hash, std::uint64_t, std::uint64_t) override {
        std::unique_lock lock(mutex_);
        ++computing_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return released_; });
        return "c0ffee";
    }
    void wait_for(int many) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return computing_ >= many; });
    }
    void release() {
        const std::lock_guard lock(mutex_);
        released_ = true;
        changed_.notify_all();
    }

private:
    FilesystemPtr files_ = memory_filesystem();
    std::mutex mutex_;
    std::condition_variable changed_;
    int computing_ = 0;
    bool released_ = false;
};

TEST(ServerLife, ChecksumsOfOneUserAreAsManyAsTheLimitSays) {
    Server server;
    const auto files = std::make_shared<SlowChecksums>();
    const auto file = files->open(*Path::resolve("/f"), OpenMode::for_writing());
    ASSERT_TRUE(file && (*file)->close());
    server.users().add("alice", Password("x"), files, perm::all);
    server.ftp().listen("127.0.0.1:0").set("hash", true);
    server.limits().checksums_per_user(2);
    server.log_level(LogLevel::off);
    ASSERT_TRUE(server.start());
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(port_of(server));
        ASSERT_TRUE(clients.back().log_in("alice", "x"));
    }
    clients[0].say("HASH f");
    clients[1].say("HASH f");
    files->wait_for(2);
    EXPECT_THAT(clients[2].ask("HASH f"), StartsWith("450"));
    files->release();
    EXPECT_THAT(clients[0].line(), StartsWith("213"));
    EXPECT_THAT(clients[1].line(), StartsWith("213"));
}

TEST(ServerLife, DrainFromACallbackEndsRun) {
    Server server;
    set_up(server, "alice");
    server.on<event::LoggedIn>([&](const event::LoggedIn&) { server.drain(); });
    ASSERT_TRUE(server.start());
    const std::uint16_t port = port_of(server);
    std::thread client([port] {
        Client client(port);
        client.log_in("alice", "x");
        client.line();
    });
    EXPECT_EQ(server.run(), 0);
    client.join();
    EXPECT_FALSE(Client(port).connected());
}

// Connections come while the server stops: each is served, told 421, or refused, and nothing is left behind.
TEST(ServerLife, StopsUnderAStormOfConnections) {
    for (int round = 0; round < 5; ++round) {
        Server server;
        set_up(server, "alice");
        ASSERT_TRUE(server.start());
        const std::uint16_t port = port_of(server);
        std::atomic<int> served = 0;
        std::atomic<bool> enough = false;
        std::vector<std::thread> clients;
        for (int i = 0; i < 4; ++i) {
            clients.emplace_back([&] {
                while (!enough) {
                    Client client(port);
                    const std::string greeting = client.line();
                    if (greeting.starts_with("220")) ++served;
                }
            });
        }
        while (served < 20) std::this_thread::yield();
        if (round % 2 == 0) server.drain();
        server.stop();
        enough = true;
        for (std::thread& client : clients) client.join();
    }
}

TEST(ServerLife, AnyThreadMayStop) {
    Server server;
    set_up(server, "alice");
    ASSERT_TRUE(server.start());
    std::vector<std::thread> stoppers;
    for (int i = 0; i < 4; ++i) {
        stoppers.emplace_back([&] {
            static_cast<void>(server.sessions());
            static_cast<void>(server.metrics());
            server.stop();
            EXPECT_THAT(server.addresses(), IsEmpty());
        });
    }
    for (std::thread& stopper : stoppers) stopper.join();
}

}  // namespace
}  // namespace wherry
