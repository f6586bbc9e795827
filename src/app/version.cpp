// wherry version
#include <fmt/format.h>

#include "app/commands.h"

namespace wherry::app {

std::string version_line() { return "wherry " WHERRY_VERSION; }

void add_version(CLI::App& program, int& exit_code) {
    program.add_subcommand("version", "Show the version")->callback([&exit_code] {
        fmt::print("{}\n", version_line());
        exit_code = exit_ok;
    });
}

}  // namespace wherry::app
