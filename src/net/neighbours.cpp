#include "net/neighbours.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>  // after the others: it needs their types
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/hex.h"
#include "net/network.h"

namespace wherry::net {
namespace {

std::string hex_of(std::span<const std::uint8_t> bytes, char between) {
    std::string out;
    for (const std::uint8_t byte : bytes) {
        if (!out.empty()) out += between;
        append_hex(out, byte);
    }
    return out;
}

struct Question {
    nlmsghdr head{};
    ndmsg about{};
    rtattr attribute{};
    std::array<std::uint8_t, 16> address{};
};

Question question_about(const Address& address, std::uint32_t interface) {
    const unsigned short size = address.is_ipv6() ? 16 : 4;
    Question question;
    question.head.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(sizeof(ndmsg)) + RTA_LENGTH(size));
    question.head.nlmsg_type = RTM_GETNEIGH;
    question.head.nlmsg_flags = NLM_F_REQUEST;
    question.about.ndm_family = address.is_ipv6() ? AF_INET6 : AF_INET;
    question.about.ndm_ifindex = static_cast<int>(interface);
    question.attribute = {.rta_len = static_cast<unsigned short>(RTA_LENGTH(size)), .rta_type = NDA_DST};
    std::memcpy(question.address.data(), address.bytes(), size);
    return question;
}

// Of the one message that answers.
std::optional<Mac> mac_in(std::span<const std::byte> answer) {
    nlmsghdr head{};
    ndmsg about{};
    if (answer.size() < NLMSG_LENGTH(sizeof about)) return std::nullopt;
    std::memcpy(&head, answer.data(), sizeof head);
    std::memcpy(&about, answer.data() + NLMSG_HDRLEN, sizeof about);
    constexpr unsigned known = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
    if (head.nlmsg_type != RTM_NEWNEIGH || (about.ndm_state & known) == 0) return std::nullopt;
    auto rest = answer.first(std::min<std::size_t>(answer.size(), head.nlmsg_len)).subspan(NLMSG_LENGTH(sizeof about));
    while (rest.size() >= sizeof(rtattr)) {
        rtattr attribute{};
        std::memcpy(&attribute, rest.data(), sizeof attribute);
        if (attribute.rta_len < sizeof attribute || attribute.rta_len > rest.size()) break;
        Mac mac;
        if (attribute.rta_type == NDA_LLADDR && attribute.rta_len == RTA_LENGTH(mac.bytes.size())) {
            std::memcpy(mac.bytes.data(), rest.data() + RTA_LENGTH(0), mac.bytes.size());
            return mac;
        }
        rest = rest.subspan(std::min<std::size_t>(rest.size(), RTA_ALIGN(attribute.rta_len)));
    }
    return std::nullopt;
}

}  // namespace

std::optional<Mac> Mac::parse(std::string_view text) {
    const auto prefix = MacPrefix::parse(text);
    return prefix ? prefix->whole() : std::nullopt;
}

std::string Mac::text() const { return hex_of(bytes, '-'); }

std::optional<MacPrefix> MacPrefix::parse(std::string_view text) {
    MacPrefix prefix;
    while (!text.empty()) {
        if (prefix.size_ > 0 && (text.front() == ':' || text.front() == '-')) text.remove_prefix(1);
        if (text.size() < 2 || prefix.size_ == prefix.first_.bytes.size()) return std::nullopt;
        const int byte = hex_byte(text[0], text[1]);
        if (byte < 0) return std::nullopt;
        prefix.first_.bytes[prefix.size_++] = static_cast<std::uint8_t>(byte);
        text.remove_prefix(2);
    }
    return prefix.size_ > 0 ? std::optional(prefix) : std::nullopt;
}

bool MacPrefix::contains(const Mac& mac) const noexcept {
    return std::equal(mac.bytes.begin(), mac.bytes.begin() + static_cast<std::ptrdiff_t>(size_), first_.bytes.begin());
}

std::optional<Mac> MacPrefix::whole() const noexcept {
    return size_ == first_.bytes.size() ? std::optional(first_) : std::nullopt;
}

std::string MacPrefix::text() const { return hex_of(std::span(first_.bytes).first(size_), ':'); }

std::optional<Mac> ask_neighbour(const Address& address, std::uint32_t interface) {
    if (interface == 0) return std::nullopt;
    const Socket socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    const Question question = question_about(address, interface);
    if (!socket || send(socket.descriptor(), &question, question.head.nlmsg_len, 0) < 0) return std::nullopt;
    // The kernel has answered before send(2) returns.
    std::array<std::byte, 1024> answer;
    const ssize_t got = recv(socket.descriptor(), answer.data(), answer.size(), 0);
    return got > 0 ? mac_in(std::span(answer).first(static_cast<std::size_t>(got))) : std::nullopt;
}

std::string interface_name(std::uint32_t interface) {
    const Socket socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    request.ifr_ifindex = static_cast<int>(interface);
    if (!socket || ioctl(socket.descriptor(), SIOCGIFNAME, &request) != 0) return {};
    request.ifr_name[IFNAMSIZ - 1] = '\0';
    return request.ifr_name;
}

}  // namespace wherry::net
