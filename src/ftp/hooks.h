#pragma once
// Hooks: what an embedder brings for FTP. Filled before the server starts, then only read, from any thread. The
// functions may block and may throw: they are called on lanes, in session_hooks.cpp.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "wherry/events.h"
#include "wherry/ftp_command.h"
#include "wherry/user.h"

namespace wherry::ftp {

struct OwnCommand {
    FtpCommand row;
    FtpFunction run;
};

struct Hooks {
    std::vector<OwnCommand> commands;
    std::function<std::optional<FtpReply>(const FtpCall&)> before_command;
    std::function<FtpWelcome(const SessionInfo&)> greeting;
    std::function<Verdict(const SessionInfo&, const std::string&)> allow_name;
    std::function<std::string(const SessionInfo&, const User&)> login_message;
    std::function<std::string(const SessionInfo&)> quit_message;
};

// Takes `command` into the hooks, with its verb in capitals. Code::invalid if no client could give that verb, or it is
// one that every session needs; Code::exists if there is one of that verb.
Result<void> add_command(Hooks& hooks, OwnCommand command);

}  // namespace wherry::ftp
