// On real sockets of the loopback.
#include "net/acceptor.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "net/runtime.h"
#include "net/tcp.h"

namespace wherry::net {
namespace {

class AcceptorTest : public ::testing::Test {
protected:
    void begin(std::size_t loops) {
        RuntimeOptions options;
        options.loops = loops;
        runtime = std::make_unique<Runtime>(options, metrics);
        auto socket = listen_tcp(Address::loopback(0), 64);
        ASSERT_TRUE(socket);
        acceptor = std::make_unique<Acceptor>(
            std::move(*socket), runtime->posts(),
            [this](Post& post, StreamPtr stream) {
                const std::lock_guard lock(mutex);
                served.emplace_back(&post, std::move(stream));
                count.store(served.size());
                count.notify_all();
            },
            "421 busy\r\n", outstanding, log, metrics);
        acceptor->start();
        runtime->start();
    }
    void TearDown() override {
        acceptor->stop();
        outstanding.wait_for_none();
        runtime->stop();
        served.clear();  // the loops are not running any more: their streams may go here
    }
    Socket connect() {
        Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_storage system{};
        const socklen_t length = acceptor->local().to_system(system);
        if (::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&system), length) != 0) return {};
        return socket;
    }
    void wait_for(std::size_t wanted) {
        for (auto now = count.load(); now < wanted; now = count.load()) count.wait(now);
    }

    Metrics metrics;
    std::vector<std::string> lines;
    Log log{LogLevel::warning, [this](LogLevel, std::string_view line) { lines.emplace_back(line); }};
    Outstanding outstanding;
    std::unique_ptr<Runtime> runtime;
    std::unique_ptr<Acceptor> acceptor;
    std::mutex mutex;
    std::vector<std::pair<Post*, StreamPtr>> served;
    std::atomic<std::size_t> count{0};
};

TEST_F(AcceptorTest, GivesConnectionsToTheLoopThatHasFewest) {
    begin(3);
    std::vector<Socket> clients;
    for (std::size_t i = 1; i <= 9; ++i) {
        clients.push_back(connect());
        ASSERT_TRUE(clients.back());
        wait_for(i);
    }
    for (const auto& post : runtime->posts()) EXPECT_EQ(post->connections.load(), 3U);
    const std::lock_guard lock(mutex);
    for (const auto& [post, stream] : served) {
        EXPECT_EQ(&stream->loop(), post->loop);
        EXPECT_TRUE(stream->peer().is_loopback());
    }
    EXPECT_EQ(metrics.value(Metric::connections_total), 9);
}

// A reply that waits for the one before it to be acknowledged comes 40 ms late; an ABOR beside the stream not at all.
TEST_F(AcceptorTest, RepliesLeaveAtOnceAndUrgentBytesStayInLine) {
    begin(1);
    const Socket client = connect();
    ASSERT_TRUE(client);
    wait_for(1);
    const std::lock_guard lock(mutex);
    const int descriptor = served.at(0).second->raw_descriptor();
    for (const auto& [level, option] :
         {std::pair<int, int>(IPPROTO_TCP, TCP_NODELAY), std::pair<int, int>(SOL_SOCKET, SO_OOBINLINE)}) {
        int value = 0;
        socklen_t length = sizeof value;
        ASSERT_EQ(getsockopt(descriptor, level, option, &value, &length), 0);
        EXPECT_NE(value, 0) << option;
    }
}

TEST_F(AcceptorTest, AfterItsEndConnectionsAreRefused) {
    begin(2);
    ASSERT_TRUE(connect());
    wait_for(1);
    acceptor->stop();
    outstanding.wait_for_none();
    EXPECT_FALSE(connect());
    EXPECT_EQ(errno, ECONNREFUSED);
}

// Out of descriptors: the connection gets its farewell and is closed, the loops do not spin, and service goes on as
// soon as there are descriptors again.
TEST_F(AcceptorTest, WithoutDescriptorsItSaysFarewellAndComesBack) {
    begin(1);
    std::vector<Socket> clients;
    for (int i = 0; i < 4; ++i) clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage system{};
    const socklen_t length = acceptor->local().to_system(system);
    // One before the drought: sanitizers, too, need a descriptor when they see a type for the first time.
    ASSERT_EQ(::connect(clients[2].descriptor(), reinterpret_cast<const sockaddr*>(&system), length), 0);
    wait_for(1);
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const int highest = dup(0);
    close(highest);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(highest);  // whatever is opened next would have this number
    setrlimit(RLIMIT_NOFILE, &tight);
    std::string said(64, '\0');
    const int connected = ::connect(clients[0].descriptor(), reinterpret_cast<const sockaddr*>(&system), length);
    const ssize_t got = connected == 0 ? recv(clients[0].descriptor(), said.data(), said.size(), 0) : -1;
    setrlimit(RLIMIT_NOFILE, &before);
    ASSERT_EQ(connected, 0);
    ASSERT_GT(got, 0);
    EXPECT_EQ(said.substr(0, static_cast<std::size_t>(got)), "421 busy\r\n");
    EXPECT_GE(metrics.value(Metric::accept_errors_total), 1);
    ASSERT_EQ(::connect(clients[1].descriptor(), reinterpret_cast<const sockaddr*>(&system), length), 0);
    wait_for(2);
    EXPECT_EQ(metrics.value(Metric::connections_total), 2);
}

}  // namespace
}  // namespace wherry::net
