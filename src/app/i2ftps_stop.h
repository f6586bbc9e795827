#pragma once
// `wherry i2ftps stop`: the end of a server on this machine, found as the original finds it.
#include "i2ftp/legacy_config.h"
#include "wherry/result.h"

namespace wherry::app {

// Asks the server on the configured port for its process (PCTL) and interrupts that, if it is the one that listens
// there: whoever else may have taken the port cannot have us end another process. Waits until it has ended, 20 seconds
// at most. The number of the process; the error is for the user's eyes.
Result<int> stop_i2ftps(const i2ftp::LegacyConfig& config);

}  // namespace wherry::app
