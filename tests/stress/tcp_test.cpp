// net/tcp.h and net/acceptor.h on real sockets of the loopback.
#include "net/tcp.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "net/acceptor.h"
#include "net/runtime.h"
#include "support/coroutines.h"
#include "support/temp_folder.h"

namespace wherry::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::turn_until;

Task<void> accept_one(Listener& listener, Result<StreamPtr>& into) {
    into = co_await listener.accept(Watch::Class::bulk, TimePoint::max());
}
Task<void> connect_one(Network& network, Loop& loop, Address to, TimePoint deadline, ConnectStop& stop,
                       Result<StreamPtr>& into) {
    into = co_await network.connect(loop, Address::any_ipv4(0), to, deadline, stop);
}
Task<void> read_to_end(Stream& stream, std::string& into, Io& last) {
    std::array<std::byte, 4096> buffer{};
    for (;;) {
        last = co_await stream.read(buffer);
        if (!last.ok() || last.bytes == 0) co_return;
        into.append(reinterpret_cast<const char*>(buffer.data()), last.bytes);
    }
}
Task<void> write_and_end(Stream& stream, const std::string& text, Io& result) {
    result = co_await stream.write_all(std::as_bytes(std::span(text)));
    stream.shutdown_write();
}
Task<void> send_file(Stream& stream, int file, std::uint64_t size, Io& last) {
    for (std::uint64_t at = 0; at < size;) {
        last = stream.try_send_file(file, at, static_cast<std::size_t>(size - at));
        if (last.would_block()) {
            co_await stream.wait(last.needs);
            continue;
        }
        if (!last.ok() || last.bytes == 0) break;
        at += last.bytes;
    }
    stream.shutdown_write();
}

class Tcp : public ::testing::Test {
protected:
    bool idle() {
        return turn_until(loop, [this] { return scope.empty(); });
    }
    // Both ends of one connection, on this loop.
    void connect() {
        auto made = network->listen(loop, Address::loopback(0), {});
        ASSERT_TRUE(made) << made.error().message;
        const ListenerPtr listener = std::move(*made);
        ConnectStop stop;
        Result<StreamPtr> accepted = fail(Code::internal);
        Result<StreamPtr> connected = fail(Code::internal);
        scope.start(accept_one(*listener, accepted));
        scope.start(connect_one(*network, loop, listener->local(), TimePoint::max(), stop, connected));
        ASSERT_TRUE(idle());
        ASSERT_TRUE(accepted && connected);
        server = std::move(*accepted);
        client = std::move(*connected);
    }

    SteadyClock clock;
    Loop loop{clock};
    Scope scope{loop};
    std::unique_ptr<Network> network = tcp_network();
    StreamPtr server;
    StreamPtr client;
    std::string received;
    Io read;
    Io written;
};

TEST_F(Tcp, ConnectsAndKnowsBothAddresses) {
    connect();
    EXPECT_EQ(server->peer(), client->local());
    EXPECT_EQ(client->peer(), server->local());
    EXPECT_TRUE(server->peer().is_loopback());
    EXPECT_GE(server->raw_descriptor(), 0);
}

TEST_F(Tcp, HasEndedWhenThereIsNothingLeftToReadAndNothingWillCome) {
    connect();
    EXPECT_FALSE(server->has_ended());
    scope.start(write_and_end(*client, "last words", written));
    ASSERT_TRUE(idle());
    EXPECT_FALSE(server->has_ended()) << "there is something to read";
    std::array<std::byte, 64> room{};
    EXPECT_EQ(server->try_read(room).bytes, 10U);
    EXPECT_TRUE(server->has_ended());
    EXPECT_TRUE(server->try_read(room).ok());
}

// Asking must not take the error from whoever reads.
TEST_F(Tcp, HasEndedWhenItIsBrokenAndTheReaderStillHearsWhy) {
    connect();
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ASSERT_EQ(setsockopt(client->raw_descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    client.reset();
    EXPECT_TRUE(server->has_ended());
    std::array<std::byte, 64> room{};
    EXPECT_EQ(server->try_read(room).code, Code::reset);
}

TEST_F(Tcp, MovesMoreThanAnyBufferHoldsAndEndsInAnOrderlyWay) {
    connect();
    std::string text(8'000'000, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 % 251);
    scope.start(write_and_end(*client, text, written));
    scope.start(read_to_end(*server, received, read));
    ASSERT_TRUE(idle());
    EXPECT_EQ(written.bytes, text.size());
    EXPECT_TRUE(received == text);
    EXPECT_TRUE(read.ok());
}

TEST_F(Tcp, AHalfClosedConnectionStillCarriesTheOtherWay) {
    connect();
    Io other;
    std::string back;
    scope.start(write_and_end(*client, "question", written));
    scope.start(read_to_end(*server, received, read));
    ASSERT_TRUE(idle());
    EXPECT_EQ(received, "question");
    scope.start(write_and_end(*server, "answer", written));
    scope.start(read_to_end(*client, back, other));
    ASSERT_TRUE(idle());
    EXPECT_EQ(back, "answer");
}

TEST_F(Tcp, WhoWaitsToReadIsToldOfRoomToWriteOnceItMatters) {
    connect();
    const std::string text(8'000'000, 'x');
    std::string back;
    Io other;
    scope.start(read_to_end(*server, received, read));  // waits: nothing is told of writing
    scope.start(write_and_end(*server, text, written));
    scope.start(read_to_end(*client, back, other));
    ASSERT_TRUE(turn_until(loop, [&] { return back.size() == text.size(); }));
    client->shutdown_write();
    ASSERT_TRUE(idle());
    EXPECT_EQ(written.bytes, text.size());
}

TEST_F(Tcp, AResetIsSeenAsOne) {
    connect();
    const linger now{1, 0};
    setsockopt(client->raw_descriptor(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    scope.start(read_to_end(*server, received, read));
    client.reset();
    ASSERT_TRUE(idle());
    EXPECT_EQ(read.code, Code::reset);
    EXPECT_NE(read.system, 0);
}

TEST_F(Tcp, AnAbortWakesTheReaderAndEndsTheConnection) {
    connect();
    std::string back;
    Io other;
    scope.start(read_to_end(*server, received, read));
    scope.start(read_to_end(*client, back, other));
    loop.turn(0s);
    server->abort(Code::killed);
    ASSERT_TRUE(idle());
    EXPECT_EQ(read.code, Code::killed);
    EXPECT_TRUE(other.ok());  // the peer reads an end
}

TEST_F(Tcp, ADeadlineEndsAWait) {
    connect();
    scope.start(read_to_end(*server, received, read));
    server->set_deadline(clock.now() + 1ms);
    ASSERT_TRUE(idle());
    EXPECT_EQ(read.code, Code::timeout);
}

TEST_F(Tcp, KnowsOfUnreadBytes) {
    connect();
    EXPECT_FALSE(server->has_unread());
    scope.start(write_and_end(*client, "x", written));
    ASSERT_TRUE(turn_until(loop, [this] { return server->has_unread(); }));
}

TEST_F(Tcp, SendsFilesByTheKernel) {
    connect();
    const testing::TempFolder folder;
    std::string text(3'000'000, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 % 253);
    const int file = open(folder.write("file", text).c_str(), O_RDONLY | O_CLOEXEC);
    scope.start(send_file(*server, file, text.size(), written));
    scope.start(read_to_end(*client, received, read));
    ASSERT_TRUE(idle());
    close(file);
    EXPECT_TRUE(written.ok());
    EXPECT_TRUE(received == text);
    EXPECT_FALSE(server->try_send_file(-1, 0, 1).ok());
}

TEST_F(Tcp, ARefusedConnectionSaysSo) {
    Address nobody;
    {
        const auto listener = network->listen(loop, Address::loopback(0), {});
        nobody = (*listener)->local();
    }
    ConnectStop stop;
    Result<StreamPtr> connected = fail(Code::internal);
    scope.start(connect_one(*network, loop, nobody, TimePoint::max(), stop, connected));
    ASSERT_TRUE(idle());
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().system, ECONNREFUSED);
    EXPECT_THAT(connected.error().message, HasSubstr("connecting to " + nobody.text()));
}

// A listener whose queue is full lets connections wait in the kernel for as long as it likes.
class Silent {
public:
    explicit Silent(Network& network, Loop& loop) {
        listener_ = std::move(*network.listen(loop, Address::loopback(0), {.backlog = 0}));
        sockaddr_storage system{};
        const socklen_t length = listener_->local().to_system(system);
        for (int i = 0; i < 8; ++i) {
            Socket& socket = queue_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            static_cast<void>(::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&system), length));
        }
    }
    Address address() const { return listener_->local(); }

private:
    ListenerPtr listener_;
    std::vector<Socket> queue_;
};

TEST_F(Tcp, AConnectIsGivenUpAtItsDeadline) {
    const Silent silent(*network, loop);
    ConnectStop stop;
    Result<StreamPtr> connected = fail(Code::internal);
    scope.start(connect_one(*network, loop, silent.address(), clock.now() + 1ms, stop, connected));
    ASSERT_TRUE(idle());
    EXPECT_EQ(connected.error().code, Code::timeout);
}

TEST_F(Tcp, AConnectIsGivenUpOnRequest) {
    const Silent silent(*network, loop);
    ConnectStop stop;
    Result<StreamPtr> connected = fail(Code::internal);
    scope.start(connect_one(*network, loop, silent.address(), TimePoint::max(), stop, connected));
    loop.turn(0s);
    EXPECT_FALSE(scope.empty());
    stop.abort(Code::aborted);
    ASSERT_TRUE(idle());
    EXPECT_EQ(connected.error().code, Code::aborted);
}

TEST_F(Tcp, AnAcceptEndsByAbortAndByDeadline) {
    const auto listener = network->listen(loop, Address::loopback(0), {});
    Result<StreamPtr> accepted = fail(Code::internal);
    scope.start(accept_one(**listener, accepted));
    loop.turn(0s);
    (*listener)->abort(Code::aborted);
    ASSERT_TRUE(idle());
    EXPECT_EQ(accepted.error().code, Code::aborted);
}

TEST_F(Tcp, APortIsTakenByOneListener) {
    const auto first = network->listen(loop, Address::loopback(0), {});
    const auto second = network->listen(loop, (*first)->local(), {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().system, EADDRINUSE);
    const auto server = listen_tcp((*first)->local(), 16);
    ASSERT_FALSE(server);
    EXPECT_THAT(server.error().message, HasSubstr("another program serves that port"));
}

TEST_F(Tcp, AnyServesBothFamiliesAndUnwrapsIpv4) {
    const auto socket = listen_tcp(Address::any(0), 16);
    ASSERT_TRUE(socket) << socket.error().message;
    const Address local = local_address(socket->descriptor());
    if (!local.is_ipv6()) return;  // a kernel without IPv6: the listener has fallen back to IPv4
    sockaddr_storage system{};
    const Address to = Address::loopback(local.port());
    const socklen_t length = to.to_system(system);
    const Socket ours(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(ours.descriptor(), reinterpret_cast<const sockaddr*>(&system), length), 0);
    sockaddr_storage who{};
    socklen_t who_length = sizeof who;
    Socket theirs;
    ASSERT_TRUE(turn_until(loop, [&] {
        theirs = Socket(accept4(socket->descriptor(), reinterpret_cast<sockaddr*>(&who), &who_length, SOCK_CLOEXEC));
        return static_cast<bool>(theirs);
    }));
    EXPECT_EQ(who.ss_family, AF_INET6);
    EXPECT_EQ(Address::from_system(who), local_address(ours.descriptor()));
}

TEST_F(Tcp, AdoptsASocketThatListensAndNoOther) {
    auto open = listen_tcp(Address::loopback(0), 16);
    ASSERT_TRUE(open);
    fcntl(open->descriptor(), F_SETFL, 0);
    const int number = open->descriptor();
    {
        const auto adopted = adopt_listening(number);
        ASSERT_TRUE(adopted) << adopted.error().message;
        EXPECT_EQ(adopted->descriptor(), number);
        EXPECT_NE(fcntl(number, F_GETFL) & O_NONBLOCK, 0);
        EXPECT_NE(fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
        open->release();
    }
    const Socket deaf(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_THAT(adopt_listening(deaf.descriptor()).error().message, HasSubstr("does not listen"));
    const testing::TempFolder folder;
    const Socket file(::open(folder.write("f", "").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(adopt_listening(file.descriptor()));
    EXPECT_FALSE(adopt_listening(-1));
}

// --- the acceptor --------------------------------------------------------------------------------

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
