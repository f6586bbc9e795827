// net/tcp.h on real sockets of the loopback.
#include "net/tcp.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "net/handed_over.h"
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

TEST_F(Tcp, ManyWaitAtPortsOfTheirOwn) {
    std::set<std::uint16_t> ports;
    std::vector<ListenerPtr> listeners;
    for (int i = 0; i < 300; ++i) {
        auto made = network->listen(loop, Address::loopback(0), {.reuse_address = true});
        ASSERT_TRUE(made) << made.error().message;
        ports.insert((*made)->local().port());
        listeners.push_back(std::move(*made));
    }
    EXPECT_EQ(ports.size(), 300U);
    EXPECT_FALSE(ports.contains(0));
}

TEST(ListenTcp, AllAddressesOfIpv6BesideAllOfIpv4) {
    const auto four = listen_tcp(Address::any_ipv4(0), 16);
    ASSERT_TRUE(four);
    const auto port = local_address(four->descriptor()).port();
    const auto six = listen_tcp(Address::any(port), 16, Families::ipv6);
    EXPECT_TRUE(six) << (six ? "" : six.error().message);
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

TEST_F(Tcp, AdoptsASocketOfDatagramsThatIsBoundAndNoOther) {
    Socket open(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    EXPECT_TRUE(is_datagram_socket(open.descriptor()));
    EXPECT_THAT(adopt_bound(open.descriptor()).error().message, HasSubstr("without a port"));
    sockaddr_storage system{};
    const socklen_t length = Address::loopback(0).to_system(system);
    ASSERT_EQ(::bind(open.descriptor(), reinterpret_cast<const sockaddr*>(&system), length), 0);
    const int number = open.release();
    const auto adopted = adopt_bound(number);
    ASSERT_TRUE(adopted) << adopted.error().message;
    EXPECT_NE(fcntl(number, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_THAT(adopt_listening(number).error().message, HasSubstr("no socket of TCP"));
    const auto stream = listen_tcp(Address::loopback(0), 16);
    EXPECT_FALSE(is_datagram_socket(stream->descriptor()));
    EXPECT_THAT(adopt_bound(stream->descriptor()).error().message, HasSubstr("no socket of UDP"));
    EXPECT_FALSE(adopt_bound(-1));
}

}  // namespace
}  // namespace wherry::net
