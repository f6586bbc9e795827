#pragma once
// A certificate that no authority has signed: TLS for a server that was given none. It keeps listeners out; who wants
// to be sure of the server as well compares its fingerprint.
#include <string>
#include <vector>

#include "wherry/result.h"

namespace wherry::net {

// A new key (P-256) and its certificate for these DNS names and IP addresses, at least one, good for ten years: one PEM
// text.
Result<std::string> make_self_signed(const std::vector<std::string>& names);

}  // namespace wherry::net
