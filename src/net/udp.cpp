#include "net/udp.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "net/tcp.h"
#include "net/udp_socket.h"

namespace wherry::net {
namespace {

bool set(int descriptor, int level, int option, int value) {
    return setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

// 0, or errno.
int bind_to(int descriptor, const sockaddr_storage& system, socklen_t length) {
    return bind(descriptor, reinterpret_cast<const sockaddr*>(&system), length) == 0 ? 0 : errno;
}

bool allow_waiting(int descriptor, const Address& local) {
    return local.is_ipv6() ? set(descriptor, IPPROTO_IPV6, IPV6_FREEBIND, 1)
                           : set(descriptor, IPPROTO_IP, IP_FREEBIND, 1);
}

void prepare(int descriptor, const Address& local, const DatagramOptions& options) {
    const bool asks = options.says_interface || local.is_unspecified();
    if (options.reuse_port) set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
    if (local.is_ipv6()) {
        set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, options.families == Families::ipv6 ? 1 : 0);
        if (asks) set(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        set(descriptor, IPPROTO_IPV6, IPV6_RECVERR, 1);
        set(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
        if (options.ttl > 0) set(descriptor, IPPROTO_IPV6, IPV6_UNICAST_HOPS, options.ttl);
        if (options.dscp > 0) set(descriptor, IPPROTO_IPV6, IPV6_TCLASS, options.dscp << 2);
    }
    // Of an IPv6 socket these hold for the IPv4 clients that it serves as well.
    if (asks) set(descriptor, IPPROTO_IP, IP_PKTINFO, 1);
    set(descriptor, IPPROTO_IP, IP_RECVERR, 1);
    set(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    if (options.ttl > 0) set(descriptor, IPPROTO_IP, IP_TTL, options.ttl);
    if (options.dscp > 0) set(descriptor, IPPROTO_IP, IP_TOS, options.dscp << 2);
    if (options.many_at_once) set(descriptor, SOL_UDP, UDP_GRO, 1);
    if (options.receive_buffer > 0) {
        if (!set(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, options.receive_buffer)) {
            set(descriptor, SOL_SOCKET, SO_RCVBUF, options.receive_buffer);
        }
    }
    set(descriptor, SOL_SOCKET, SO_SNDBUF, 1 << 20U);
}

class UdpDatagrams final : public Datagrams {
public:
    UdpDatagrams(Metrics* metrics, Log* log) : segments_(metrics, log) {}

    Result<DatagramSocketPtr> open(Loop& loop, const Address& local, const DatagramOptions& options) override {
        return open_udp(loop, local, options, segments_);
    }

    Result<DatagramSocketPtr> adopt(Loop& loop, Socket bound, const DatagramOptions& options) override {
        segments_.tell();
        const Address local = local_address(bound.descriptor());
        prepare(bound.descriptor(), local, options);
        return std::make_unique<UdpSocket>(loop, std::move(bound), local, options, segments_);
    }

private:
    Segmentation segments_;
};

}  // namespace

Result<DatagramSocketPtr> open_udp(Loop& loop, const Address& local, const DatagramOptions& options,
                                   Segmentation& segments) {
    Socket socket(::socket(local.is_ipv6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return fail_errno(errno, "making a UDP socket for", local.text());
    prepare(socket.descriptor(), local, options);
    sockaddr_storage system{};
    const socklen_t length = local.to_system(system);
    if (local.is_ipv6()) {
        auto& form = reinterpret_cast<sockaddr_in6&>(system);
        if (IN6_IS_ADDR_LINKLOCAL(&form.sin6_addr) && form.sin6_scope_id == 0) {
            form.sin6_scope_id = options.interface;
        }
    }
    // Last, so that no datagram is received before the options hold: its answer would come from a wrong address.
    int error = bind_to(socket.descriptor(), system, length);
    const bool waits = error == EADDRNOTAVAIL && options.may_wait && allow_waiting(socket.descriptor(), local);
    if (waits) error = bind_to(socket.descriptor(), system, length);
    if (error != 0) {
        auto failed = fail_errno(error, "binding UDP", local.text());
        if (error == EADDRINUSE) failed.error().message += "; another program serves that port: choose another one";
        if (error == EACCES) failed.error().message += "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
        if (error == EADDRNOTAVAIL) failed.error().message += "; this machine has no such address";
        return failed;
    }
    if (options.peer) {
        const socklen_t peer_length = options.peer->to_system(system);
        if (connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&system), peer_length) != 0) {
            return fail_errno(errno, "connecting UDP to", options.peer->text());
        }
    }
    segments.tell();
    const Address bound = local.with_port(local_address(socket.descriptor()).port());
    return std::make_unique<UdpSocket>(loop, std::move(socket), bound, options, segments, waits);
}

std::unique_ptr<Datagrams> udp_datagrams(Metrics* metrics, Log* log) {
    return std::make_unique<UdpDatagrams>(metrics, log);
}

}  // namespace wherry::net
