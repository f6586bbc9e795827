#pragma once
// Commands of your own, and your say in how FTP speaks to a client: given to Server::ftp().
//
// All these functions are plain blocking code. They run on a worker, several at once for different sessions, while the
// session that they are called for waits; a slow one slows no other session. What they throw goes to the log, and the
// client is told of a local error.
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "wherry/events.h"
#include "wherry/path.h"
#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

// What a command of yours sends over the data connection: fills `into`, and answers how many bytes that were; 0 is the
// end. Of an error the client is told in the last reply.
using FtpSource = std::function<Result<std::size_t>(std::span<std::byte> into)>;
// What it does with the bytes that come: called with some of them each time, and once with none when all have come.
// Without that last call the client has broken off.
using FtpSink = std::function<Result<void>(std::span<const std::byte> bytes)>;

// What the client is told: a code from 200 to 599 and a text whose lines end in "\n". Each line is made printable, and
// none can end the reply.
struct FtpReply {
    int code = 200;
    std::string text{};
    bool close = false;  // end the session with it
    // One of them, of a command with `data`: then the code is not told. The client reads 125 or 150 with the text, the
    // bytes move, as they are and with PROT and MODE as they have been set, and 226 or what went wrong is the reply.
    // What is received cannot be compressed: 504 in MODE Z. No rate and no event is for these bytes.
    FtpSource send{};
    FtpSink receive{};
};

// A command as a client has given it.
struct FtpCall {
    SessionInfo session{};
    UserPtr user{};          // null before login
    Path directory{};        // where the session stands
    std::string verb{};      // in capitals: "RETR"; of a command of your own also "SITE ECHO"
    std::string argument{};  // as it came, without the blank before it

    // The path that the client means by `text`, and whether the user has that letter there. Files are reached through
    // user->filesystem; then no guard is asked and no event is told.
    Result<Path> path(std::string_view text) const { return Path::resolve(directory, text); }
    bool may(const Path& path, char letter) const { return user && user->permissions_for(path).has(letter); }
};

// When a command of your own may run, and how HELP and FEAT speak of it. The session goes through the same checks as
// for the commands that Wherry brings.
struct FtpCommand {
    std::string verb{};     // "XECHO", or "SITE ECHO"
    std::string help{};     // its syntax, for HELP and for 501: "SITE ECHO <text>"; empty: the verb
    std::string feature{};  // its line in FEAT; empty: none
    bool login = true;      // 530 before it
    bool argument = false;  // 501 without one
    bool slow = false;      // takes its time: NOOP, STAT and the like are answered meanwhile
    bool data = false;      // moves something over the data connection: 425 before PASV or its like. Implies `slow`
    // A letter of your own (see Perm) that the user must have in the directory where the session stands: 550 without
    // it. Where the argument is a path, leave it out and ask FtpCall::may().
    char permission = '\0';
};

using FtpFunction = std::function<FtpReply(const FtpCall& call)>;

// How a connection is received.
struct FtpWelcome {
    bool admitted = true;
    std::string text{};             // of 220, of 421 if it is not admitted; empty: the server's
    std::shared_ptr<void> extra{};  // becomes SessionInfo::extra
    static FtpWelcome greet(std::string text = {}) { return {.text = std::move(text)}; }
    static FtpWelcome refuse(std::string text = {}) { return {.admitted = false, .text = std::move(text)}; }
};

}  // namespace wherry
