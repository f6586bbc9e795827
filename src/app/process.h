#pragma once
// What a process that serves asks of the system.
#include <cstdint>

namespace wherry::app {

// As many descriptors as it may have, and no signal that ends it for the fault of one client or one file.
void prepare_to_serve();

// How many descriptors that are, or would be after prepare_to_serve().
std::uint64_t most_descriptors();

}  // namespace wherry::app
