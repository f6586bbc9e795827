#pragma once
// The names that this machine has for users and groups. They may be asked of a server somewhere: only on a lane.
#include <cstdint>
#include <string>

namespace wherry::ftp {

std::string user_name(std::uint32_t id);  // empty: it has none
std::string group_name(std::uint32_t id);

}  // namespace wherry::ftp
