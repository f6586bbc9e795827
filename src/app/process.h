#pragma once
// What a process that serves asks of the system.
#include <string>
#include <vector>

#include "service/config.h"

namespace wherry::app {

// As many descriptors as it may have, and no signal that ends it for the fault of one client or one file.
void prepare_to_serve();

// What the limits of the process are too small for, were they raised by prepare_to_serve(): one sentence each.
std::vector<std::string> process_warnings(const Config& config);

}  // namespace wherry::app
