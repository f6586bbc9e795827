#pragma once
// The folders of the TFTP service.
#include <vector>

#include "service/config.h"
#include "tftp/server.h"

namespace wherry {

// Opens those that the configuration names; the anonymous user's if it names none. Empty if it listens nowhere. Blocks.
Result<std::vector<tftp::Tree>> open_tftp_trees(const Config& config, const UserPtr& anonymous);

}  // namespace wherry
