// Messages from the queue of errors of a socket: whose port is unreachable. Input: the name, a sockaddr_storage, then
// the ancillary data.
#include <netinet/in.h>
#include <sys/socket.h>
#include <ctime>

#include <linux/errqueue.h>  // after the others: it needs their types

#include <cerrno>
#include <cstring>
#include <vector>

#include "fuzz.h"
#include "net/ancillary.h"

namespace {

using wherry::fuzz::require;

constexpr std::size_t name_size = sizeof(sockaddr_in6);

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, size);
    sockaddr_storage name{};
    const std::string_view bytes = input.take(name_size);
    if (!bytes.empty()) std::memcpy(&name, bytes.data(), bytes.size());
    const std::string_view rest = input.rest();
    const std::vector<char> memory(rest.begin(), rest.end());
    const auto control = std::as_bytes(std::span(memory));

    const auto peer = wherry::net::Address::from_system(name);
    sockaddr_storage again{};
    peer.to_system(again);
    require(wherry::net::Address::from_system(again) == peer, "the system's form is the same address");

    const bool says = wherry::net::says_unreachable(control);
    if (!says) return 0;
    bool found = false;
    for (std::size_t at = 0; at + sizeof(sock_extended_err) <= control.size(); ++at) {
        sock_extended_err error{};
        std::memcpy(&error, control.data() + at, sizeof error);
        const bool icmp = error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
        found = found || (icmp && error.ee_errno == ECONNREFUSED);
    }
    require(found, "no error is made up");
    // What is cut short says no more than the whole.
    for (std::size_t length = 0; length < std::min<std::size_t>(control.size(), 200); ++length) {
        const std::vector<char> shorter(memory.begin(), memory.begin() + static_cast<long>(length));
        if (!wherry::net::says_unreachable(std::as_bytes(std::span(shorter)))) continue;
        require(length >= CMSG_LEN(sizeof(sock_extended_err)), "an error takes a whole part");
        break;
    }
    return 0;
}
