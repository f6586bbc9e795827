// wherry check-config FILE: what is wrong with a configuration, and what is unwise about it.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "app/commands.h"
#include "app/process.h"
#include "ftp/command_docs.h"
#include "service/config_check.h"
#include "service/config_docs.h"
#include "service/config_load.h"
#include "service/table_docs.h"

namespace wherry::app {
namespace {

int check(const std::string& file) {
    const auto loaded = load_config(file);
    if (!loaded) {
        complain(loaded.error().message);
        return exit_usage;
    }
    for (const ConfigProblem& problem : loaded->problems) fmt::print(stderr, "{}\n", print_problem(file, problem));
    ConfigFindings found = check_config(loaded->config);
    for (std::string& warning : process_warnings(loaded->config)) found.warnings.push_back(std::move(warning));
    for (const std::string& error : found.errors) {
        // Complaints about users have the name of their file in front.
        fmt::print(stderr, "{}{}\n", error.starts_with("/") || error.starts_with(file) ? "" : file + ": ", error);
    }
    if (!loaded->problems.empty() || !found.errors.empty()) return exit_usage;
    fmt::print("{}: ok: {}\n", file, config_summary(loaded->config));
    for (const std::string& warning : found.warnings) fmt::print("{}: warning: {}\n", file, warning);
    return exit_ok;
}

}  // namespace

void add_check_config(CLI::App& program, int& exit_code) {
    struct Options {
        std::string file;
        bool keys = false;
        bool commands = false;
        bool events = false;
        bool metrics = false;
    };
    const auto options = std::make_shared<Options>();
    CLI::App* const command = program.add_subcommand("check-config", "Check a configuration file without serving");
    command->add_option("FILE", options->file, "The TOML file");
    command->add_flag("--keys", options->keys, "Describe all keys instead, in Markdown");
    command->add_flag("--commands", options->commands, "Describe the FTP commands instead, in Markdown");
    command->add_flag("--events", options->events, "Describe the events instead, in Markdown");
    command->add_flag("--metrics", options->metrics, "Describe the metrics instead, in Markdown");
    command->callback([&exit_code, options] {
        if (options->commands || options->events || options->metrics) {
            fmt::print("{}", options->commands ? ftp::commands_markdown()
                             : options->events ? events_markdown()
                                               : metrics_markdown());
            exit_code = exit_ok;
            return;
        }
        if (options->keys) {
            fmt::print("{}", config_markdown());
            exit_code = exit_ok;
        } else if (options->file.empty()) {
            complain("check-config: which file? Run: wherry check-config FILE");
            exit_code = exit_usage;
        } else {
            exit_code = check(options->file);
        }
    });
}

}  // namespace wherry::app
