#pragma once
// Names of hosts into addresses, by the system's resolver.
#include <cstdint>
#include <string>
#include <vector>

#include "net/address.h"

namespace wherry::net {

// An IPv4 address of that name; its port is 0. Blocks, possibly for long: for a lane. Code::not_found if there is none,
// Code::io if the resolver could not say.
Result<Address> resolve_ipv4(const std::string& host);
// All addresses of that name, of both families, each once, with that port. Blocks and fails in the same way.
Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port);

}  // namespace wherry::net
