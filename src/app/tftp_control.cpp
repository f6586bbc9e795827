// wherry tftp ls-transfers, wherry tftp kill ID: what a running server does, asked by its control socket.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/commands.h"
#include "app/control.h"
#include "core/text.h"

namespace wherry::app {
namespace {

// Columns as wide as what stands in them; the last, the name, as it is.
void print_table(const std::vector<std::string>& rows) {
    constexpr std::size_t columns = 7;
    std::vector<std::vector<std::string_view>> table{{"ID", "OP", "CLIENT", "BYTES", "SIZE", "MS", "NAME"}};
    for (const std::string& row : rows) {
        table.push_back(split(row, '\t'));
        table.back().resize(columns);
    }
    std::array<std::size_t, columns> widths{};
    for (const auto& row : table) {
        for (std::size_t i = 0; i + 1 < columns; ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const auto& row : table) {
        // What the server has not escaped could move the cursor of a terminal.
        for (std::size_t i = 0; i + 1 < columns; ++i) fmt::print("{:<{}}  ", printable(row[i]), widths[i]);
        fmt::print("{}\n", printable(row.back()));
    }
}

int list_transfers(const ControlOptions& options) {
    const auto rows = ask_server(options, control::ListTftp{});
    if (!rows) return failed(rows.error(), exit_failed);
    if (!rows->empty()) print_table(*rows);
    return exit_ok;
}

int end_transfer(const ControlOptions& options) {
    const auto done = ask_server(options, control::EndTftp{options.id});
    return done ? exit_ok : failed(done.error(), exit_failed);
}

}  // namespace

void add_tftp_control(CLI::App& tftp, int& exit_code) {
    tftp.require_subcommand(0, 1);
    CLI::App* const ls = tftp.add_subcommand("ls-transfers", "Show what a running server transfers");
    ls->callback([&exit_code, options = declare_socket(*ls)] { exit_code = list_transfers(*options); });
    CLI::App* const end = tftp.add_subcommand("kill", "End a transfer; its client is told");
    const auto options = declare_socket(*end);
    end->add_option("ID", options->id, "The first column of ls-transfers")->required();
    end->callback([&exit_code, options] { exit_code = end_transfer(*options); });
}

}  // namespace wherry::app
