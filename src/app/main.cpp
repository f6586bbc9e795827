// wherry: the file-transfer server as a program.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>

#include "app/commands.h"
#include "core/suggest.h"
#include "core/text.h"

namespace wherry::app {
namespace {

constexpr auto all_commands = std::to_array<AddCommand>(
    {&add_serve, &add_tftp, &add_get, &add_put, &add_map_test, &add_metrics, &add_i2ftp, &add_i2ftps, &add_i2ftps_setup,
     &add_check_config, &add_hash_password, &add_version, &add_help});

const CLI::App& chosen(const CLI::App& program) {
    const auto given = program.get_subcommands();
    return given.empty() ? program : *given.front();
}

// What a mistyped word was probably meant to be; empty if nothing is near.
std::string meant(const CLI::App& program, std::span<char*> words) {
    const CLI::App& command = chosen(program);
    std::vector<std::string> known;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    if (&command == &program) {
        for (const CLI::App* other : program.get_subcommands({})) known.push_back(other->get_name());
    }
    const std::vector<std::string_view> views(known.begin(), known.end());
    for (const std::string_view word : words.subspan(std::min<std::size_t>(1, words.size()))) {
        const std::string_view name = word.substr(0, word.find('='));
        if (std::find(views.begin(), views.end(), name) != views.end() || name == command.get_name()) continue;
        if (&command != &program && !name.starts_with("--")) continue;
        if (const auto near = suggest(name, views); !near.empty()) return fmt::format("; did you mean {}?", near);
    }
    return {};
}

int complain_of_usage(const CLI::App& program, const CLI::ParseError& error, std::span<char*> words) {
    const CLI::App& command = chosen(program);
    std::string what = error.what();
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) what += meant(program, words);
    complain(what);
    complain(fmt::format("see: wherry help{}{}", &command == &program ? "" : " ",
                         &command == &program ? "" : command.get_name()));
    return exit_usage;
}

int run(int count, char** words) {
    CLI::App program("Serves files over the network (FTP, FTPS, TFTP, I2FTP), and is a client of the last two.",
                     "wherry");
    program.require_subcommand(0, 1);
    program.get_formatter()->column_width(34);
    program.set_help_flag("-h,--help", "Show this");
    program.set_version_flag("--version", version_line(), "Show the version");
    int exit_code = exit_ok;
    for (const AddCommand add : all_commands) add(program, exit_code);
    try {
        program.parse(count, words);
    } catch (const CLI::CallForHelp&) {
        fmt::print("{}", help_of(program, chosen(program)));
        return exit_ok;
    } catch (const CLI::CallForVersion& version) {
        fmt::print("{}\n", version.what());
        return exit_ok;
    } catch (const CLI::ParseError& error) {
        return complain_of_usage(program, error, {words, static_cast<std::size_t>(count)});
    }
    if (program.get_subcommands().empty()) {
        fmt::print(stderr, "{}", help_of(program, program));
        return exit_usage;
    }
    return exit_code;
}

}  // namespace

std::span<const AddCommand> commands() { return all_commands; }

void complain(std::string_view text) {
    for (const std::string_view line : split(text, '\n')) fmt::print(stderr, "wherry: {}\n", line);
}

int failed(const Error& error, int exit_code) {
    complain(error.message.empty() ? std::string(name_of(error.code)) : error.message);
    return exit_code;
}

}  // namespace wherry::app

int main(int count, char** words) {
    try {
        return wherry::app::run(count, words);
    } catch (const std::exception& thrown) {
        wherry::app::complain(fmt::format("cannot go on: {}", thrown.what()));
        return wherry::app::exit_failed;
    }
}
