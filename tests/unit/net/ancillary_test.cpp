#include "net/ancillary.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <ctime>

#include <linux/errqueue.h>  // after the others: it needs their types

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <string>

#include "net/datagram.h"

namespace wherry::net {
namespace {

// As the kernel writes it.
class Control {
public:
    template <class Value>
    Control& add(int level, int type, const Value& value) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + CMSG_SPACE(sizeof value), '\0');
        const cmsghdr part{.cmsg_len = CMSG_LEN(sizeof value), .cmsg_level = level, .cmsg_type = type};
        std::memcpy(bytes_.data() + at, &part, sizeof part);
        std::memcpy(bytes_.data() + at + CMSG_LEN(0), &value, sizeof value);
        return *this;
    }
    std::span<const std::byte> bytes() const { return std::as_bytes(std::span(bytes_)); }

private:
    std::string bytes_;
};

in_pktinfo pktinfo(const char* own, const char* sent_to) {
    in_pktinfo info{};
    info.ipi_ifindex = 7;
    inet_pton(AF_INET, own, &info.ipi_spec_dst);
    inet_pton(AF_INET, sent_to, &info.ipi_addr);
    return info;
}

in6_pktinfo pktinfo6(const char* sent_to) {
    in6_pktinfo info{};
    info.ipi6_ifindex = 8;
    inet_pton(AF_INET6, sent_to, &info.ipi6_addr);
    return info;
}

sock_extended_err refused(std::uint8_t origin, std::uint32_t error = ECONNREFUSED) {
    sock_extended_err out{};
    out.ee_errno = error;
    out.ee_origin = origin;
    return out;
}

TEST(Ancillary, says_the_asked_address_and_the_interface) {
    const Ancillary said =
        read_ancillary(Control().add(IPPROTO_IP, IP_PKTINFO, pktinfo("10.77.0.2", "10.77.0.2")).bytes());
    EXPECT_EQ(said.local->text(), "10.77.0.2:0");
    EXPECT_EQ(said.interface, 7U);
    EXPECT_FALSE(said.to_many);
    EXPECT_EQ(said.segment, 0U);
}

TEST(Ancillary, says_the_hosts_own_address_of_a_broadcast) {
    const Ancillary said =
        read_ancillary(Control().add(IPPROTO_IP, IP_PKTINFO, pktinfo("10.77.0.1", "10.77.0.255")).bytes());
    EXPECT_EQ(said.local->ip(), "10.77.0.1");
    EXPECT_TRUE(said.to_many);
}

TEST(Ancillary, knows_multicast_of_IPv6) {
    EXPECT_FALSE(read_ancillary(Control().add(IPPROTO_IPV6, IPV6_PKTINFO, pktinfo6("fd77::1")).bytes()).to_many);
    const Ancillary said = read_ancillary(Control().add(IPPROTO_IPV6, IPV6_PKTINFO, pktinfo6("ff02::1")).bytes());
    EXPECT_TRUE(said.to_many);
    EXPECT_EQ(said.interface, 8U);
}

// An IPv6 socket that serves IPv4 says both, the broadcast address first.
TEST(Ancillary, takes_the_form_of_IPv4_for_a_client_of_IPv4) {
    const Ancillary said = read_ancillary(Control()
                                              .add(IPPROTO_IPV6, IPV6_PKTINFO, pktinfo6("::ffff:10.77.0.255"))
                                              .add(IPPROTO_IP, IP_PKTINFO, pktinfo("10.77.0.1", "10.77.0.255"))
                                              .add(SOL_UDP, UDP_GRO, 516)
                                              .bytes());
    EXPECT_EQ(said.local->ip(), "10.77.0.1");
    EXPECT_TRUE(said.to_many);
    EXPECT_EQ(said.segment, 516U);
}

TEST(Ancillary, passes_over_what_it_does_not_know) {
    const Ancillary said = read_ancillary(
        Control().add(SOL_SOCKET, SCM_RIGHTS, 3).add(SOL_UDP, UDP_GRO, 1472).add(SOL_UDP, UDP_SEGMENT, 9).bytes());
    EXPECT_EQ(said.segment, 1472U);
    EXPECT_FALSE(said.local);
}

TEST(Ancillary, a_size_of_nothing_or_less_is_none) {
    for (const int size : {0, -1}) {
        EXPECT_EQ(read_ancillary(Control().add(SOL_UDP, UDP_GRO, size).bytes()).segment, 0U);
    }
}

// Where the room ends (MSG_CTRUNC) the kernel writes the part that fits, with a length that says so.
TEST(Ancillary, a_part_that_is_cut_short_is_not_there) {
    Control whole;
    whole.add(SOL_UDP, UDP_GRO, 516).add(IPPROTO_IP, IP_PKTINFO, pktinfo("10.77.0.2", "10.77.0.2"));
    const std::size_t first = CMSG_SPACE(sizeof(int));
    for (std::size_t size = 0; size < CMSG_LEN(sizeof(in_pktinfo)); ++size) {
        std::vector<std::byte> cut(whole.bytes().begin(), whole.bytes().begin() + static_cast<long>(first + size));
        EXPECT_FALSE(read_ancillary(cut).local) << "beyond the room: " << size;
        if (size < sizeof(cmsghdr)) continue;
        cmsghdr part;
        std::memcpy(&part, cut.data() + first, sizeof part);
        part.cmsg_len = size;
        std::memcpy(cut.data() + first, &part, sizeof part);
        EXPECT_FALSE(read_ancillary(cut).local) << "says so: " << size;
        EXPECT_EQ(read_ancillary(cut).segment, 516U);
    }
}

TEST(Ancillary, a_length_that_cannot_be_ends_it) {
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, sizeof(cmsghdr) - 1, ~std::size_t{0}}) {
        Control control;
        control.add(SOL_UDP, UDP_GRO, 516).add(SOL_UDP, UDP_GRO, 600);
        std::vector<std::byte> bytes(control.bytes().begin(), control.bytes().end());
        cmsghdr part{.cmsg_len = length, .cmsg_level = SOL_UDP, .cmsg_type = UDP_GRO};
        std::memcpy(bytes.data(), &part, sizeof part);
        EXPECT_EQ(read_ancillary(bytes).segment, 0U) << length;
    }
}

TEST(AncillaryOfErrors, says_that_a_port_is_unreachable) {
    EXPECT_TRUE(says_unreachable(Control().add(IPPROTO_IP, IP_RECVERR, refused(SO_EE_ORIGIN_ICMP)).bytes()));
    EXPECT_TRUE(says_unreachable(Control().add(IPPROTO_IPV6, IPV6_RECVERR, refused(SO_EE_ORIGIN_ICMP6)).bytes()));
    EXPECT_TRUE(says_unreachable(Control()
                                     .add(IPPROTO_IP, IP_PKTINFO, pktinfo("10.0.0.1", "10.0.0.1"))
                                     .add(IPPROTO_IP, IP_RECVERR, refused(SO_EE_ORIGIN_ICMP))
                                     .bytes()));
}

TEST(AncillaryOfErrors, takes_nothing_else_for_one) {
    const auto says = [](int level, int type, const sock_extended_err& error) {
        return says_unreachable(Control().add(level, type, error).bytes());
    };
    EXPECT_FALSE(says_unreachable({}));
    EXPECT_FALSE(says(IPPROTO_IP, IP_RECVERR, refused(SO_EE_ORIGIN_LOCAL)));
    EXPECT_FALSE(says(IPPROTO_IP, IP_RECVERR, refused(SO_EE_ORIGIN_ICMP, EHOSTUNREACH)));
    EXPECT_FALSE(says(IPPROTO_IP, IP_PKTINFO, refused(SO_EE_ORIGIN_ICMP)));
    EXPECT_FALSE(says(SOL_SOCKET, IP_RECVERR, refused(SO_EE_ORIGIN_ICMP)));
}

TEST(EachDatagram, cuts_what_came_as_one) {
    const std::string bytes = "aaabbbcc";
    const auto pieces = [&](std::uint16_t segment, std::size_t size) {
        std::string out;
        Arrival arrival;
        arrival.bytes = std::as_bytes(std::span(bytes)).first(size);
        arrival.segment = segment;
        each_datagram(arrival, [&](std::span<const std::byte> one) {
            out.append(reinterpret_cast<const char*>(one.data()), one.size()).append("|");
        });
        return out;
    };
    EXPECT_EQ(pieces(3, 8), "aaa|bbb|cc|");
    EXPECT_EQ(pieces(3, 6), "aaa|bbb|");
    EXPECT_EQ(pieces(8, 8), "aaabbbcc|");
    EXPECT_EQ(pieces(0, 8), "aaabbbcc|");
    EXPECT_EQ(pieces(0, 0), "|");  // a datagram of no bytes is one
    EXPECT_EQ(pieces(1, 2), "a|a|");
}

}  // namespace
}  // namespace wherry::net
