#include "net/resolve.h"

#include <netdb.h>

#include <cstring>
#include <memory>

namespace wherry::net {

Result<Address> resolve_ipv4(const std::string& host) {
    addrinfo wanted{};
    wanted.ai_family = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(host.c_str(), nullptr, &wanted, &found);
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
    if (error != 0 || found == nullptr) {
        const bool none = error == EAI_NONAME || error == EAI_NODATA || error == 0;
        return fail(none ? Code::not_found : Code::io, "resolving '" + host + "': " + gai_strerror(error));
    }
    sockaddr_storage system{};
    std::memcpy(&system, found->ai_addr, found->ai_addrlen);
    return Address::from_system(system);
}

}  // namespace wherry::net
