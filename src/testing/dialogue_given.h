#pragma once
// What a dialogue begins with: settings of the server and its users.
#include <string>
#include <string_view>

#include "wherry/user.h"

namespace wherry::testing {

class Harness;

// "idle_timeout", "300s" and the like; the names stand in the source. All but `unreachable` are for the time before the
// first connection, and throw Mismatch after it, where they would change nothing. A name with a dot is a key of the
// configuration, with its value as TOML has it: "ftp.hash", "true".
void set_option(Harness& harness, std::string_view name, std::string_view value);

// NAME PASSWORD [LETTERS] [DIR=LETTERS | storage=BYTES | sessions=N | start=DIR | host=NAME ...]
User user_of(std::string_view text, std::string& password);

}  // namespace wherry::testing
