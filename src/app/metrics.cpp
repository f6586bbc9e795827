// wherry metrics: the metrics of a running server, asked by its control socket.
#include <fmt/format.h>

#include "app/commands.h"
#include "app/control.h"
#include "core/text.h"

namespace wherry::app {
namespace {

int show_metrics(const ControlOptions& options) {
    const auto lines = ask_server(options, control::ShowMetrics{});
    if (!lines) return failed(lines.error(), exit_failed);
    for (const std::string& line : *lines) fmt::print("{}\n", printable(line));
    return exit_ok;
}

}  // namespace

void add_metrics(CLI::App& program, int& exit_code) {
    CLI::App* const command =
        program.add_subcommand("metrics", "Print the metrics of a running server, in the text format of Prometheus");
    command->callback([&exit_code, options = declare_socket(*command)] { exit_code = show_metrics(*options); });
}

}  // namespace wherry::app
