#pragma once
// The folders of the TFTP service.
#include <memory>
#include <string>
#include <vector>

#include "service/config.h"
#include "tftp/server.h"

namespace wherry {

// Opens those that the configuration names; the anonymous user's if it names none. Empty if it listens nowhere. Blocks.
Result<std::vector<tftp::Tree>> open_tftp_trees(const Config& config, const UserPtr& anonymous);

// The rules for names; null if there are none. The error has a line for each mistake in the file. Blocks.
Result<std::shared_ptr<const tftp::Remap>> load_tftp_map(const std::string& file);

}  // namespace wherry
