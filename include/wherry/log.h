#pragma once
// How much a server says in its log.
#include <cstdint>

namespace wherry {

// Each level holds those after it as well: debug has a line for every command, info one for every connection, login and
// transfer, warning what an operator ought to look at, error what has failed.
enum class LogLevel : std::uint8_t { debug, info, warning, error, off };

}  // namespace wherry
