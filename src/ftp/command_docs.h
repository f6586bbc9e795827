#pragma once
// docs/commands.md: what the tables of commands.cpp hold, for people.
#include <string>
#include <string_view>

namespace wherry::ftp {

std::string commands_markdown();
// One sentence about a command ("MLSD", "SITE CHMOD"); empty for one that nobody has described yet.
std::string_view command_sentence(std::string_view name);

}  // namespace wherry::ftp
