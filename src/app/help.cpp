// wherry help [COMMAND]
#include <fmt/format.h>

#include <memory>

#include "app/commands.h"
#include "core/suggest.h"
#include "core/text.h"

namespace wherry::app {

std::string help_of(const CLI::App& program, const CLI::App& command) {
    const std::string name = &command == &program ? "wherry" : "wherry " + command.get_name();
    return program.get_formatter()->make_help(&command, name, CLI::AppFormatMode::Normal);
}

namespace {

int help(const CLI::App& program, const std::string& name) {
    std::vector<std::string> names;
    for (const CLI::App* command : program.get_subcommands({})) {
        if (command->get_name() == name) {
            fmt::print("{}", help_of(program, *command));
            return exit_ok;
        }
        names.push_back(command->get_name());
    }
    if (name.empty()) {
        fmt::print("{}", help_of(program, program));
        return exit_ok;
    }
    const auto near = suggest(name, std::vector<std::string_view>(names.begin(), names.end()));
    complain(fmt::format("help: there is no command '{}'{}", for_log(name),
                         near.empty() ? std::string() : fmt::format("; did you mean {}?", near)));
    return exit_usage;
}

}  // namespace

void add_help(CLI::App& program, int& exit_code) {
    const auto name = std::make_shared<std::string>();
    CLI::App* const command = program.add_subcommand("help", "Show what a command does and its options");
    command->add_option("COMMAND", *name, "One of the commands");
    command->callback([&program, &exit_code, name] { exit_code = help(program, *name); });
}

}  // namespace wherry::app
