#pragma once
// What a process that serves asks of the system.

namespace wherry::app {

// As many descriptors as it may have, and no signal that ends it for the fault of one client or one file.
void prepare_to_serve();

}  // namespace wherry::app
