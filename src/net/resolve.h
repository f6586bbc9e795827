#pragma once
// Names of hosts into addresses, by the system's resolver.
#include <string>

#include "net/address.h"

namespace wherry::net {

// An IPv4 address of that name; its port is 0. Blocks, possibly for long: for a lane. Code::not_found if there is none,
// Code::io if the resolver could not say.
Result<Address> resolve_ipv4(const std::string& host);

}  // namespace wherry::net
