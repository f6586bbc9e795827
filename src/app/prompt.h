#pragma once
// Asking for a password.
#include <string>

#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry::app {

bool can_ask();  // standard input is a terminal

// Shows `prompt` on standard error and reads a line from the terminal without echo. Code::closed at the end of input.
Result<Password> ask_password(const std::string& prompt);

// One line of standard input, without its end. Code::closed if there is none, Code::invalid if it has no end in sight.
Result<Password> read_password();

}  // namespace wherry::app
