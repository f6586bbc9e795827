#pragma once
// Asking a running server by its control socket, for the commands that do.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "service/control_words.h"

namespace wherry::app {

struct ControlOptions {
    std::string socket;
    std::string config;
    std::uint64_t id = 0;
};

// The options that say which server, of a command.
std::shared_ptr<ControlOptions> declare_socket(CLI::App& command);

// The rows of its answer. Waits half a minute at most.
Result<std::vector<std::string>> ask_server(const ControlOptions& options, const control::Request& request);

}  // namespace wherry::app
