#pragma once
// Programs that the configuration names, run one call each: started without a shell, and bounded in time and in what
// they write.
//
// A program has nothing of the server's but its account: an environment of its own (PATH and LANG), "/" to work in, no
// descriptor beside the standard three, all signals as they are by default, no capability, and no way to more rights
// than it has (no_new_privs). It leads a process group; when it ends, or has to, whatever is left of that group is
// killed. posix_spawn(3) copies no memory of the server's, however much that has.
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "wherry/result.h"

namespace wherry {

inline constexpr std::size_t most_complaints = 4096;

struct ChildProgram {
    std::vector<std::string> command;  // an absolute path, and arguments
    std::string input;                 // its standard input, which ends there; no more than a pipe takes at once
    std::chrono::milliseconds time{0};
    std::size_t most_output = 0;  // bytes; 0: nobody reads what it writes
};

struct ChildEnd {
    // What it has written to its standard output; or why that is worth nothing: it could not be started, has failed
    // (Code::io), takes too long (Code::timeout), writes too much, or `stop` came (Code::killed).
    Result<std::string> output;
    std::string complaints;  // what it wrote to standard error, the first most_complaints bytes of it
};

// Blocks until it has ended. Once the descriptor `stop` is readable, the program is killed. The calling thread gives up
// for good what its programs must not have: it should be one of a lane for that.
ChildEnd run_program(const ChildProgram& program, const Clock& clock, int stop);

// Whether that could be started. The error says what is wrong, to be read behind the key.
Result<void> can_run(const std::vector<std::string>& command);

}  // namespace wherry
