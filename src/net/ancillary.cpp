#include "net/ancillary.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <ctime>

#include <linux/errqueue.h>  // after the others: it needs their types

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace wherry::net {
namespace {

using Bytes = std::span<const std::byte>;

// CMSG_NXTHDR looks at the length of a part only when it steps over it, so a part that is cut would be read in full.
template <class Function>
void each_part(Bytes control, Function function) {
    while (control.size() >= sizeof(cmsghdr)) {
        cmsghdr part;
        std::memcpy(&part, control.data(), sizeof part);
        if (part.cmsg_len < CMSG_LEN(0) || part.cmsg_len > control.size()) return;
        const std::size_t size = part.cmsg_len - CMSG_LEN(0);
        function(part.cmsg_level, part.cmsg_type, control.subspan(CMSG_LEN(0), size));
        control = control.subspan(std::min(control.size(), CMSG_SPACE(size)));
    }
}

template <class Value>
bool read_value(Bytes data, Value& value) {
    if (data.size() < sizeof value) return false;
    std::memcpy(&value, data.data(), sizeof value);
    return true;
}

}  // namespace

Ancillary read_ancillary(Bytes control) noexcept {
    Ancillary out;
    each_part(control, [&](int level, int type, Bytes data) {
        sockaddr_storage system{};
        if (in_pktinfo info; level == IPPROTO_IP && type == IP_PKTINFO && read_value(data, info)) {
            auto& form = reinterpret_cast<sockaddr_in&>(system);
            form.sin_family = AF_INET;
            // Not ipi_addr: for a broadcast that is the broadcast address, from which nothing can be sent.
            form.sin_addr = info.ipi_spec_dst;
            out.local = Address::from_system(system);
            out.interface = static_cast<std::uint32_t>(info.ipi_ifindex);
            out.to_many = info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr;
        } else if (in6_pktinfo info6; level == IPPROTO_IPV6 && type == IPV6_PKTINFO && read_value(data, info6)) {
            auto& form = reinterpret_cast<sockaddr_in6&>(system);
            form.sin6_family = AF_INET6;
            form.sin6_addr = info6.ipi6_addr;
            out.local = Address::from_system(system);
            out.interface = info6.ipi6_ifindex;
            out.to_many = IN6_IS_ADDR_MULTICAST(&info6.ipi6_addr);
        } else if (int size = 0; level == SOL_UDP && type == UDP_GRO && read_value(data, size)) {
            out.segment = static_cast<std::uint32_t>(std::max(0, size));
        }
    });
    return out;
}

bool says_unreachable(Bytes control) noexcept {
    bool says = false;
    each_part(control, [&](int level, int type, Bytes data) {
        const bool ours =
            (level == IPPROTO_IP && type == IP_RECVERR) || (level == IPPROTO_IPV6 && type == IPV6_RECVERR);
        sock_extended_err error{};
        if (!ours || !read_value(data, error)) return;
        const bool icmp = error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
        says = says || (icmp && error.ee_errno == ECONNREFUSED);
    });
    return says;
}

}  // namespace wherry::net
