#include "net/link_facts.h"

#include <ifaddrs.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/if.h>  // after the others: it needs their types

#include <algorithm>
#include <cstring>

#include "net/tcp.h"

namespace wherry::net {
namespace {

constexpr std::chrono::seconds mtu_age{5};
constexpr std::chrono::seconds name_age{30};
constexpr std::chrono::seconds neighbour_age{30};
constexpr std::chrono::seconds no_neighbour_age{1};
constexpr std::chrono::seconds address_age{1};
constexpr std::chrono::minutes narrow_age{10};

unsigned kind_of(const Address& address) {
    return (address.is_ipv6() ? 1U : 0U) | (address.is_loopback() ? 2U : 0U) | (address.is_link_local() ? 4U : 0U);
}

std::optional<Address> ask_only_address(unsigned kind) {
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) return std::nullopt;
    std::optional<Address> found;
    int count = 0;
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
        const int family = one->ifa_addr == nullptr ? AF_UNSPEC : one->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        sockaddr_storage system{};
        std::memcpy(&system, one->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        const Address address = Address::from_system(system);
        if (kind_of(address) != kind) continue;
        found = address;
        ++count;
    }
    freeifaddrs(all);
    return count == 1 ? found : std::nullopt;
}

std::string bytes_of(const Address& peer) {
    return {reinterpret_cast<const char*>(peer.bytes()), peer.is_ipv6() ? std::size_t{16} : 4};
}

std::uint32_t ask_mtu(std::uint32_t interface) {
    const Socket socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    request.ifr_ifindex = static_cast<int>(interface);
    if (!socket || ioctl(socket.descriptor(), SIOCGIFNAME, &request) != 0) return 0;
    if (ioctl(socket.descriptor(), SIOCGIFMTU, &request) != 0) return 0;
    return static_cast<std::uint32_t>(std::max(0, request.ifr_mtu));
}

}  // namespace

std::uint32_t LinkFacts::mtu(std::uint32_t interface, TimePoint now) {
    if (interface == 0) return 0;
    if (const std::uint32_t* const known = mtus_.find(interface, now)) return *known;
    return mtus_.put(interface, ask_mtu(interface), now + mtu_age);
}

std::string LinkFacts::name_of(std::uint32_t interface, TimePoint now) {
    if (const std::string* const known = names_.find(interface, now)) return *known;
    return names_.put(interface, interface_name(interface), now + name_age);
}

std::optional<Address> LinkFacts::only_address(const Address& peer, TimePoint now) {
    const unsigned kind = kind_of(peer);
    if (const std::optional<Address>* const known = only_.find(kind, now)) return *known;
    return only_.put(kind, ask_only_address(kind), now + address_age);
}

std::optional<Mac> LinkFacts::neighbour(const Address& peer, std::uint32_t interface, TimePoint now) {
    std::string key = bytes_of(peer);
    key.append(reinterpret_cast<const char*>(&interface), sizeof interface);
    if (const std::optional<Mac>* const known = neighbours_.find(key, now)) return *known;
    const std::optional<Mac> mac = ask_neighbour(peer, interface);
    return neighbours_.put(key, mac, now + (mac ? neighbour_age : no_neighbour_age));
}

void LinkFacts::is_narrow(const Address& peer, TimePoint now) { narrow_.put(bytes_of(peer), true, now + narrow_age); }

bool LinkFacts::narrow(const Address& peer, TimePoint now) const {
    return narrow_.size() != 0 && narrow_.find(bytes_of(peer), now) != nullptr;
}

}  // namespace wherry::net
