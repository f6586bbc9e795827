#include "net/udp_socket.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "net/ancillary.h"
#include "net/direct_calls.h"

namespace wherry::net {
namespace {

std::span<const std::byte> control_of(const msghdr& message) {
    return {static_cast<const std::byte*>(message.msg_control), message.msg_controllen};
}

std::size_t count_datagrams(const Departure& departure) {
    std::size_t bytes = 0;
    for (const iovec& piece : departure.pieces) bytes += piece.iov_len;
    return (bytes + departure.segment - 1) / departure.segment;
}

void share_port(int descriptor, bool on) {
    const int value = on ? 1 : 0;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &value, sizeof value);
}

}  // namespace

// Where datagrams go. A call changes only what stands in the headers of those that came.
void UdpSocket::make_receiving() {
    receiving_ = std::make_unique<Receiving>();
    auto& r = *receiving_;
    std::byte* const room = watch_.loop().scratch().data();
    for (std::size_t i = 0; i < receive_count_; ++i) {
        r.pieces[i] = {room + i * receive_size_, receive_size_};
        msghdr& header = r.messages[i].msg_hdr;
        header.msg_name = &r.names[i];
        header.msg_namelen = sizeof r.names[i];
        header.msg_iov = &r.pieces[i];
        header.msg_iovlen = 1;
        header.msg_control = &r.controls[i];
        header.msg_controllen = sizeof r.controls[i];
    }
}

std::size_t UdpSocket::try_receive(std::span<Arrival> into) {
    if (std::exchange(drained_, false)) return 0;
    if (!receiving_) make_receiving();
    auto& r = *receiving_;
    const std::size_t most = std::min(into.size(), receive_count_);
    int got = -1;
    // A pending error of some other peer makes a call fail, and is gone with that.
    for (int tries = 0; got < 0 && tries < 8; ++tries) {
        got = direct::recvmmsg(socket_.descriptor(), r.messages.data(), static_cast<unsigned>(most), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
        errors_ = errors_ || got < 0;
    }
    // It was empty then. Whatever comes later, an error as well, is an edge of its own and wakes who waits.
    drained_ = got > 0 && static_cast<std::size_t>(got) < most;
    for (int i = 0; i < got; ++i) {
        const auto slot = static_cast<std::size_t>(i);
        mmsghdr& message = r.messages[slot];
        Arrival& arrival = into[slot];
        arrival = Arrival{};
        arrival.peer = Address::from_system(r.names[slot]);
        arrival.local = local_;
        arrival.bytes = {static_cast<const std::byte*>(r.pieces[slot].iov_base), message.msg_len};
        arrival.cut = (message.msg_hdr.msg_flags & MSG_TRUNC) != 0;
        if (message.msg_hdr.msg_controllen != 0) read_control(message.msg_hdr, arrival);
        if (arrival.local.is_unspecified()) {
            // It came before the socket was told to say where to (see Datagrams::adopt).
            const auto only = link_.only_address(arrival.peer, watch_.loop().now());
            if (only) arrival.local = only->with_port(local_.port());
        }
        message.msg_hdr.msg_namelen = sizeof r.names[slot];
        message.msg_hdr.msg_controllen = sizeof r.controls[slot];
    }
    return got < 0 ? 0 : static_cast<std::size_t>(got);
}

void UdpSocket::read_control(const msghdr& message, Arrival& arrival) const {
    const Ancillary said = read_ancillary(control_of(message));
    if (said.local) arrival.local = said.local->with_port(local_.port());
    arrival.interface = said.interface;
    arrival.to_many = said.to_many;
    if (said.segment < arrival.bytes.size()) arrival.segment = static_cast<std::uint16_t>(said.segment);
}

void UdpSocket::write_message(const Departure& departure, std::size_t slot, std::span<const iovec> pieces,
                              std::uint16_t segment) {
    auto& s = *sending_;
    s.messages[slot] = {};
    msghdr& header = s.messages[slot].msg_hdr;
    if (!connected_) {
        header.msg_name = &s.names[slot];
        header.msg_namelen = departure.peer.to_system(s.names[slot]);
    }
    header.msg_iov = const_cast<iovec*>(pieces.data());
    header.msg_iovlen = pieces.size();
    header.msg_control = &s.controls[slot];
    header.msg_controllen = sizeof s.controls[slot];
    std::size_t used = 0;
    cmsghdr* part = CMSG_FIRSTHDR(&header);
    const auto add = [&](int level, int type, const void* data, std::size_t size) {
        part->cmsg_level = level;
        part->cmsg_type = type;
        part->cmsg_len = CMSG_LEN(size);
        std::memcpy(CMSG_DATA(part), data, size);
        used += CMSG_SPACE(size);
        part = reinterpret_cast<cmsghdr*>(s.controls[slot].bytes.data() + used);
    };
    if (!one_address_ && !departure.local.is_unspecified()) {
        sockaddr_storage from{};
        departure.local.to_system(from);
        if (departure.local.is_ipv6()) {
            // Named for link-local addresses alone: any other way out is the routing table's to choose.
            const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(from).sin6_addr;
            const in6_pktinfo info{address, IN6_IS_ADDR_LINKLOCAL(&address) ? departure.interface : 0U};
            add(IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
        } else {
            const in_pktinfo info{0, reinterpret_cast<const sockaddr_in&>(from).sin_addr, in_addr{}};
            add(IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
        }
    }
    if (segment != 0) add(SOL_UDP, UDP_SEGMENT, &segment, sizeof segment);
    header.msg_controllen = used;
    if (used == 0) header.msg_control = nullptr;
}

std::size_t UdpSocket::try_send(std::span<const Departure> from) {
    if (!sending_) sending_ = std::make_unique<Sending>();
    std::size_t gone = 0;
    int errors_in_a_row = 0;
    while (gone < from.size()) {
        const auto next = from.subspan(gone, std::min(batch, from.size() - gone));
        const std::size_t sent = send_batch(next);
        if (sent > 0) {
            segments_.used(std::ranges::count_if(next.first(sent), [](const auto& one) { return one.segment != 0; }));
            gone += sent;
            errors_ = errors_ || sent < next.size();  // why, the kernel does not say
            errors_in_a_row = 0;
            continue;
        }
        const int error = errno;
        const Departure& failed = from[gone];
        using Refusal = Segmentation::Refusal;
        const Refusal refusal = failed.segment == 0 ? Refusal::none : segments_.refused(error, count_datagrams(failed));
        if (refusal == Refusal::none) segments_.failed(error);
        if (error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS) return gone;
        if (refusal != Refusal::none) {
            if (refusal == Refusal::way) link_.is_narrow(failed.peer, watch_.loop().now());
            if (!send_one_by_one(failed)) return gone;
            ++gone;
        } else if (survives(error) && errors_in_a_row++ < 4) {
            errors_ = true;
            continue;  // it was the error of another peer's datagram; this one has not been tried
        } else {
            ++gone;
            errors_in_a_row = 0;
        }
    }
    return gone;
}

// ICMP errors of earlier datagrams are reported to whoever calls next.
bool UdpSocket::survives(int error) const {
    return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EINTR;
}

std::size_t UdpSocket::send_batch(std::span<const Departure> from) {
    for (std::size_t i = 0; i < from.size(); ++i) write_message(from[i], i, from[i].pieces, from[i].segment);
    mmsghdr* const messages = sending_->messages.data();
    if (from.size() == 1) {
        const auto send_one = from[0].segment == 0 ? &direct::sendmsg : &sendmsg;  // the former is for one packet
        return send_one(socket_.descriptor(), &messages->msg_hdr, 0) < 0 ? 0 : 1;
    }
    const int sent = sendmmsg(socket_.descriptor(), messages, static_cast<unsigned>(from.size()), 0);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

// False when the socket is full; what has gone by then goes a second time, which the protocol above survives.
bool UdpSocket::send_one_by_one(const Departure& departure) {
    std::vector<iovec> pieces;
    std::size_t left = departure.segment;
    for (std::size_t i = 0; i < departure.pieces.size(); ++i) {
        iovec rest = departure.pieces[i];
        while (rest.iov_len > 0) {
            const std::size_t part = std::min(rest.iov_len, left);
            pieces.push_back({rest.iov_base, part});
            rest = {static_cast<char*>(rest.iov_base) + part, rest.iov_len - part};
            left -= part;
            const bool last = i + 1 == departure.pieces.size() && rest.iov_len == 0;
            if (left != 0 && !last) continue;
            write_message(departure, 0, pieces, 0);
            const ssize_t sent = sendmsg(socket_.descriptor(), &sending_->messages[0].msg_hdr, 0);
            if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) return false;
            pieces.clear();
            left = departure.segment;
        }
    }
    return true;
}

std::optional<Address> UdpSocket::try_unreachable() {
    if (!errors_) return std::nullopt;
    for (int tries = 0; tries < 64; ++tries) {
        sockaddr_storage name{};
        Control control{};
        char nothing = 0;
        iovec piece{&nothing, 1};
        msghdr header{};
        header.msg_name = &name;
        header.msg_namelen = sizeof name;
        header.msg_iov = &piece;
        header.msg_iovlen = 1;
        header.msg_control = &control;
        header.msg_controllen = sizeof control;
        errors_ = recvmsg(socket_.descriptor(), &header, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0;
        if (!errors_) return std::nullopt;
        if (says_unreachable(control_of(header))) return Address::from_system(name);
    }
    return std::nullopt;
}

Result<DatagramSocketPtr> UdpSocket::connected(const Address& peer, const Address& from, std::uint32_t interface) {
    DatagramOptions options = options_;
    options.peer = peer;
    options.interface = interface;
    options.says_interface = false;
    options.reuse_port = true;
    // For this moment alone: the port is nobody else's, and no socket of ours that asks for any port is to get it.
    if (!options_.reuse_port) share_port(socket_.descriptor(), true);
    auto made = open_udp(watch_.loop(), from.with_port(local_.port()), options, segments_);
    if (!options_.reuse_port) share_port(socket_.descriptor(), false);
    return made;
}

}  // namespace wherry::net
