// The UDP sockets of this machine: batches, several datagrams in one, the asked address, closed ports.
#include "net/udp.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "core/clock.h"

namespace wherry::net {
namespace {

class Udp : public ::testing::Test {
protected:
    DatagramSocketPtr open(const Address& local, const DatagramOptions& options = {}) {
        auto socket = datagrams->open(loop, local, options);
        EXPECT_TRUE(socket.has_value()) << (socket ? "" : socket.error().message);
        return std::move(*socket);
    }
    static iovec piece(const std::string& text) { return {const_cast<char*>(text.data()), text.size()}; }
    static Address ip(const char* text, std::uint16_t port = 0) { return Address::parse_ip(text, port).value(); }

    struct Got {
        Address peer;
        Address local;
        std::string bytes;
        bool cut = false;
    };
    // Waits until `count` datagrams have come.
    std::vector<Got> receive(DatagramSocket& socket, std::size_t count) {
        std::vector<Got> out;
        std::array<Arrival, 64> arrivals;
        while (out.size() < count) {
            pollfd ready{socket.watch().descriptor(), POLLIN, 0};
            if (::poll(&ready, 1, 60'000) <= 0) break;
            const std::size_t came = socket.try_receive(arrivals);
            for (std::size_t i = 0; i < came; ++i) {
                const auto& one = arrivals[i];
                const std::size_t step = one.segment != 0 ? one.segment : std::max<std::size_t>(1, one.bytes.size());
                for (std::size_t at = 0; at == 0 || at < one.bytes.size(); at += step) {
                    const auto part = one.bytes.subspan(at, std::min(step, one.bytes.size() - at));
                    out.push_back({one.peer, one.local,
                                   std::string(reinterpret_cast<const char*>(part.data()), part.size()), one.cut});
                }
            }
        }
        return out;
    }

    SteadyClock clock;
    Loop loop{clock};
    std::unique_ptr<Datagrams> datagrams = udp_datagrams();
};

// Those who wrote both into their configuration were told that another program served the port.
TEST_F(Udp, all_addresses_of_IPv6_beside_all_of_IPv4) {
    const auto four = open(Address::any_ipv4(0));
    const auto six = open(Address::any(four->local().port()), {.families = Families::ipv6});
    const auto client4 = open(ip("127.0.0.1"));
    const auto client6 = open(ip("::1"));
    const std::string word = "to whom";
    const iovec bytes = piece(word);
    EXPECT_EQ(client4->try_send(std::array{Departure{four->local(), {}, 0, std::span(&bytes, 1)}}), 1U);
    const Address six_here = ip("::1", six->local().port());
    EXPECT_EQ(client6->try_send(std::array{Departure{six_here, {}, 0, std::span(&bytes, 1)}}), 1U);
    EXPECT_FALSE(receive(*four, 1).at(0).peer.is_ipv6());
    EXPECT_TRUE(receive(*six, 1).at(0).peer.is_ipv6());
}

TEST_F(Udp, a_socket_with_one_peer_hears_of_nobody_else) {
    const auto peer = open(ip("127.0.0.1"));
    const auto stranger = open(ip("127.0.0.1"));
    const auto socket = open(ip("127.0.0.1"), {.says_interface = false, .peer = peer->local()});
    const std::string word = "hello";
    const iovec bytes = piece(word);
    const Departure to_socket{socket->local(), {}, 0, std::span(&bytes, 1)};
    EXPECT_EQ(stranger->try_send(std::array{to_socket}), 1U);
    EXPECT_EQ(peer->try_send(std::array{to_socket}), 1U);
    const auto got = receive(*socket, 1);
    EXPECT_EQ(got.at(0).peer, peer->local());
    EXPECT_EQ(got.at(0).local, socket->local());
    EXPECT_EQ(socket->try_send(std::array{Departure{peer->local(), socket->local(), 0, std::span(&bytes, 1)}}), 1U);
    EXPECT_EQ(receive(*peer, 1).at(0).bytes, "hello");
}

TEST_F(Udp, a_connected_socket_takes_what_its_peer_sends_to_the_port_that_others_use_as_well) {
    const struct {
        Address all;
        const char* asked;
    } cases[] = {
        {ip("0.0.0.0"), "127.0.0.1"}, {ip("::"), "::1"}, {ip("::"), "127.0.0.1"}, {ip("127.0.0.1"), "127.0.0.1"}};
    for (const auto& [all, asked] : cases) {
        SCOPED_TRACE(all.text() + " " + asked);
        const auto port = open(all);
        const auto peer = open(ip(asked));
        const auto other = open(ip(asked));
        const Address to = ip(asked, port->local().port());
        const auto send = [&](DatagramSocket& from, const std::string& text) {
            const iovec bytes = piece(text);
            const Departure departure{.peer = to, .local = {}, .pieces = {&bytes, 1}};
            ASSERT_EQ(from.try_send({&departure, 1}), 1U);
        };
        auto own = port->connected(peer->local(), to, 0);
        ASSERT_TRUE(own.has_value()) << own.error().message;
        EXPECT_EQ((*own)->local(), to);
        send(*peer, "for it");
        send(*other, "for all");
        auto got = receive(**own, 1);
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(got[0].bytes, "for it");
        EXPECT_EQ(got[0].peer, peer->local());
        got = receive(*port, 1);
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(got[0].bytes, "for all");
        EXPECT_EQ(got[0].local, to);

        const std::string words = "answer";
        const iovec bytes = piece(words);
        const Departure answer{.peer = peer->local(), .local = to, .pieces = {&bytes, 1}};
        ASSERT_EQ((*own)->try_send({&answer, 1}), 1U);
        got = receive(*peer, 1);
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(got[0].peer, to);

        EXPECT_FALSE(datagrams->open(loop, port->local(), {})) << "it is still nobody else's";
        own->reset();
        EXPECT_FALSE(datagrams->open(loop, port->local(), {.reuse_port = true}));
        send(*peer, "afterwards");
        got = receive(*port, 1);
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(got[0].bytes, "afterwards");
    }
}

TEST_F(Udp, a_batch_to_several_peers) {
    const auto one = open(Address::loopback(0));
    const auto two = open(Address::loopback(0));
    const auto source = open(Address::loopback(0));
    const std::string hello = "hello";
    const std::string world = "world";
    const std::array<iovec, 2> both{piece(hello), piece(world)};
    const std::array<Departure, 3> departures{Departure{.peer = one->local(), .pieces = both},
                                              Departure{.peer = two->local(), .pieces = {both.data(), 1}},
                                              Departure{.peer = one->local(), .pieces = {both.data() + 1, 1}}};
    EXPECT_EQ(source->try_send(departures), 3U);
    const auto at_one = receive(*one, 2);
    ASSERT_EQ(at_one.size(), 2U);
    EXPECT_EQ(at_one[0].bytes, "helloworld");
    EXPECT_EQ(at_one[1].bytes, "world");
    EXPECT_EQ(at_one[0].peer, source->local());
    EXPECT_EQ(receive(*two, 1)[0].bytes, "hello");
}

TEST_F(Udp, many_datagrams_as_one) {
    for (const bool many_at_once : {false, true}) {
        const auto sink = open(Address::loopback(0), {.many_at_once = many_at_once});
        const auto source = open(Address::loopback(0));
        const std::size_t count = std::min<std::size_t>(20, source->most_segments(sink->local()));
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < count; ++i)
            texts.push_back(std::string(i + 1 < count ? 100 : 7, static_cast<char>('a' + i)));
        std::vector<iovec> pieces;
        for (const std::string& text : texts) pieces.push_back(piece(text));
        const std::uint16_t segment = count > 1 ? 100 : 0;
        const std::array<Departure, 1> departure{
            Departure{.peer = sink->local(), .pieces = pieces, .segment = segment}};
        EXPECT_EQ(source->try_send(departure), 1U);
        const auto got = receive(*sink, count);
        ASSERT_EQ(got.size(), count);
        for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(got[i].bytes, texts[i]);
    }
}

// More than any kernel takes: it is sent all the same, one by one.
TEST_F(Udp, more_datagrams_than_the_kernel_takes_as_one) {
    const auto sink = open(Address::loopback(0), {.receive_buffer = 1 << 20U});
    const auto source = open(Address::loopback(0));
    const std::string text(10, 'x');
    const std::vector<iovec> pieces(300, piece(text));
    const std::array<Departure, 1> departure{Departure{.peer = sink->local(), .pieces = pieces, .segment = 10}};
    EXPECT_EQ(source->try_send(departure), 1U);
    EXPECT_EQ(receive(*sink, 300).size(), 300U);
}

TEST_F(Udp, the_asked_address_is_told_and_answered_from) {
    for (const Address& any : {Address::any_ipv4(0), Address::any(0)}) {
        const auto server = open(any);
        const auto client = open(ip("127.0.0.1"));
        const std::string text = "who";
        const std::array<iovec, 1> pieces{piece(text)};
        const Address asked = ip("127.0.0.9", server->local().port());
        const std::array<Departure, 1> question{Departure{.peer = asked, .pieces = pieces}};
        EXPECT_EQ(client->try_send(question), 1U);
        const auto got = receive(*server, 1);
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(got[0].local, asked);
        const std::array<Departure, 1> answer{Departure{.peer = got[0].peer, .local = got[0].local, .pieces = pieces}};
        EXPECT_EQ(server->try_send(answer), 1U);
        EXPECT_EQ(receive(*client, 1)[0].peer, asked);
    }
}

TEST_F(Udp, what_is_longer_than_the_buffer_is_cut) {
    const auto sink = open(Address::loopback(0), {.receive_size = 10});
    const auto source = open(Address::loopback(0));
    const std::string text(11, 'x');
    const std::array<iovec, 1> pieces{piece(text)};
    const std::array<Departure, 1> departure{Departure{.peer = sink->local(), .pieces = pieces}};
    source->try_send(departure);
    const auto got = receive(*sink, 1);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_TRUE(got[0].cut);
}

TEST_F(Udp, a_closed_port_is_told_and_holds_up_nobody_else) {
    const auto source = open(Address::loopback(0));
    const auto sink = open(Address::loopback(0));
    Address closed;
    {
        closed = open(Address::loopback(0))->local();
    }
    const std::string text = "x";
    const std::array<iovec, 1> pieces{piece(text)};
    const std::array<Departure, 1> first{Departure{.peer = closed, .pieces = pieces}};
    source->try_send(first);
    pollfd ready{source->watch().descriptor(), 0, 0};
    ASSERT_EQ(::poll(&ready, 1, 60'000), 1);  // POLLERR
    const std::array<Departure, 1> second{Departure{.peer = sink->local(), .pieces = pieces}};
    EXPECT_EQ(source->try_send(second), 1U);
    EXPECT_EQ(receive(*sink, 1).size(), 1U);
    EXPECT_EQ(source->try_unreachable(), closed);
    EXPECT_EQ(source->try_unreachable(), std::nullopt);
}

TEST_F(Udp, interfaces_have_a_size_of_packets) {
    const auto socket = open(Address::loopback(0));
    EXPECT_EQ(socket->mtu(0), 0U);
    EXPECT_GE(socket->mtu(1), 1280U);  // the loopback is the first
    EXPECT_EQ(socket->mtu(999'999), 0U);
}

// As they are on the wire; and datagrams that are too long for the way may be cut on it (no DF).
TEST_F(Udp, T102_time_to_live_class_and_fragments) {
    const auto sender = open(Address::loopback(0), {.ttl = 7, .dscp = 46});
    const int receiver = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ASSERT_EQ(setsockopt(receiver, IPPROTO_IP, IP_RECVTTL, &on, sizeof on), 0);
    ASSERT_EQ(setsockopt(receiver, IPPROTO_IP, IP_RECVTOS, &on, sizeof on), 0);
    sockaddr_storage bound{};
    socklen_t length = Address::loopback(0).to_system(bound);
    ASSERT_EQ(::bind(receiver, reinterpret_cast<sockaddr*>(&bound), length), 0);
    ASSERT_EQ(::getsockname(receiver, reinterpret_cast<sockaddr*>(&bound), &length), 0);

    const std::string text = "x";
    const std::array pieces{piece(text)};
    const std::array departures{Departure{.peer = Address::from_system(bound), .local = {}, .pieces = pieces}};
    ASSERT_EQ(sender->try_send(departures), 1U);

    std::array<char, 16> bytes;
    alignas(cmsghdr) std::array<char, 256> control;
    iovec room{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &room;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    pollfd ready{receiver, POLLIN, 0};
    ASSERT_GT(::poll(&ready, 1, 60'000), 0);
    ASSERT_EQ(::recvmsg(receiver, &message, 0), 1);
    int ttl = 0;
    unsigned tos = 0;
    for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
        if (one->cmsg_type == IP_TTL) std::memcpy(&ttl, CMSG_DATA(one), sizeof ttl);
        if (one->cmsg_type == IP_TOS) tos = *CMSG_DATA(one);
    }
    ::close(receiver);
    EXPECT_EQ(ttl, 7);
    EXPECT_EQ(tos >> 2U, 46U);
    int discovery = -1;
    length = sizeof discovery;
    ASSERT_EQ(getsockopt(sender->watch().descriptor(), IPPROTO_IP, IP_MTU_DISCOVER, &discovery, &length), 0);
    EXPECT_EQ(discovery, IP_PMTUDISC_DONT);
}

TEST_F(Udp, a_port_that_is_taken) {
    const auto first = open(Address::loopback(0));
    const auto second = datagrams->open(loop, first->local(), {});
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("choose another one"), std::string::npos);
}

}  // namespace
}  // namespace wherry::net
