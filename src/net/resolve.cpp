#include "net/resolve.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace wherry::net {
namespace {

// Of AF_INET or of both families.
Result<std::vector<Address>> ask(const std::string& host, int family, std::uint16_t port) {
    addrinfo wanted{};
    wanted.ai_family = family;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(host.c_str(), nullptr, &wanted, &found);
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
    if (error != 0 || found == nullptr) {
        const bool none = error == EAI_NONAME || error == EAI_NODATA || error == 0;
        return fail(none ? Code::not_found : Code::io, "resolving '" + host + "': " + gai_strerror(error));
    }
    std::vector<Address> out;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        sockaddr_storage system{};
        std::memcpy(&system, one->ai_addr, one->ai_addrlen);
        const Address address = Address::from_system(system).with_port(port);
        if (std::ranges::find(out, address) == out.end()) out.push_back(address);
    }
    return out;
}

}  // namespace

Result<Address> resolve_ipv4(const std::string& host) {
    const auto found = ask(host, AF_INET, 0);
    if (!found) return std::unexpected(found.error());
    return found->front();
}

Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port) { return ask(host, AF_UNSPEC, port); }

}  // namespace wherry::net
