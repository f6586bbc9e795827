#pragma once
// Names of hosts in the lists of places where to wait for clients.
#include <string>
#include <string_view>
#include <vector>

#include "service/config.h"
#include "wherry/result.h"

namespace wherry {

// `places` with each host replaced by its addresses, but those that are there already; ListenPlace::host still says
// whose they are. Code::not_found with `key` and the name if it has none. Blocks: never on a loop.
Result<ListenPlaces> with_addresses(const ListenPlaces& places, std::string_view key);

// A sentence for each list in which some host has no address. Blocks.
std::vector<std::string> hosts_without_address(const Config& config);

}  // namespace wherry
