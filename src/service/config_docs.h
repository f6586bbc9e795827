#pragma once
// docs/config.md out of the tables of keys.
#include <string>

namespace wherry {

std::string config_markdown();

}  // namespace wherry
