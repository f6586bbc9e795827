#include "udp.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace wherry::bench {
namespace {

constexpr std::size_t most_segments = 64;
constexpr std::size_t most_bytes = 65000;

}  // namespace

sockaddr_storage loopback(std::uint16_t port) {
    sockaddr_storage out{};
    auto& form = reinterpret_cast<sockaddr_in&>(out);
    form.sin_family = AF_INET;
    form.sin_port = htons(port);
    form.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return out;
}

Result<Udp> Udp::open(std::uint16_t port, int receive_buffer) {
    Udp socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.descriptor_ < 0) return fail_errno("socket");
    if (receive_buffer > 0 &&
        setsockopt(socket.descriptor_, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(int))) {
        setsockopt(socket.descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(int));
    }
    const sockaddr_storage address = loopback(port);
    if (bind(socket.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(sockaddr_in)) != 0) {
        return fail_errno("bind");
    }
    return socket;
}

Udp::Udp(Udp&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Udp& Udp::operator=(Udp&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

Udp::~Udp() {
    if (descriptor_ >= 0) close(descriptor_);
}

void Udp::connect(const sockaddr_storage& peer) const {
    static_cast<void>(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&peer), sizeof(sockaddr_in)));
}

void Udp::send(std::span<const std::byte> packet) const {
    static_cast<void>(::send(descriptor_, packet.data(), packet.size(), MSG_NOSIGNAL));
}

void Udp::send_to(std::span<const std::byte> packet, const sockaddr_storage& peer) const {
    static_cast<void>(sendto(descriptor_, packet.data(), packet.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&peer), sizeof(sockaddr_in)));
}

std::array<std::byte, tftp_header> header(std::uint8_t op, std::uint64_t block) {
    return {std::byte{0}, std::byte{op}, static_cast<std::byte>(block >> 8U & 0xffU),
            static_cast<std::byte>(block & 0xffU)};
}

std::uint16_t op_of(std::span<const std::byte> packet) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(packet[0]) << 8U |
                                      std::to_integer<unsigned>(packet[1]));
}

std::uint16_t block_of(std::span<const std::byte> packet) { return op_of(packet.subspan(2)); }

std::vector<std::string> words_of(std::span<const std::byte> packet) {
    std::vector<std::string> words(1);
    for (const std::byte byte : packet.subspan(2)) {
        if (byte != std::byte{0}) {
            words.back() += static_cast<char>(byte);
        } else {
            words.emplace_back();
        }
    }
    words.pop_back();
    return words;
}

std::size_t send_blocks(int descriptor, std::uint64_t first, std::size_t count, std::span<const std::byte> content,
                        std::size_t blksize) {
    const std::size_t most =
        std::clamp<std::size_t>(most_bytes / (blksize + tftp_header), 1, std::min(most_segments, count));
    std::array<std::array<std::byte, tftp_header>, most_segments> headers;
    std::array<iovec, 2 * most_segments> pieces;
    for (std::size_t i = 0; i < most; ++i) {
        headers[i] = header(3, first + i);
        const std::size_t at = std::min(i * blksize, content.size());
        const auto block = content.subspan(at, std::min(blksize, content.size() - at));
        pieces[2 * i] = {headers[i].data(), tftp_header};
        pieces[2 * i + 1] = {const_cast<std::byte*>(block.data()), block.size()};
    }
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> control{};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = 2 * most;
    if (most > 1) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* const part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_UDP;
        part->cmsg_type = UDP_SEGMENT;
        part->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
        const auto segment = static_cast<std::uint16_t>(blksize + tftp_header);
        std::memcpy(CMSG_DATA(part), &segment, sizeof segment);
    }
    return sendmsg(descriptor, &message, MSG_NOSIGNAL) < 0 ? 0 : most;
}

}  // namespace wherry::bench
