#pragma once
// The certificate that `wherry serve` makes for itself when it is given none.
#include <string>

#include "service/config.h"
#include "wherry/result.h"

namespace wherry::app {

// Names the certificate of the state folder in `config`, if that has none and wants TLS; makes it on the first start.
// The folder: $STATE_DIRECTORY of systemd, else $XDG_STATE_HOME/wherry, ~/.local/state/wherry. True if it did.
Result<bool> provide_certificate(Config& config);

}  // namespace wherry::app
