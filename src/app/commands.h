#pragma once
// The commands of the program: one function, one file each. A command adds itself with its options to the command line;
// when it was given, its callback does the work and leaves the exit code.
#include <span>
#include <string>
#include <string_view>

#include "app/command_line.h"
#include "wherry/result.h"

namespace wherry::app {

// Exit codes: 0 all went well, 1 something failed while running, 2 the command line or the configuration is wrong.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

void add_serve(CLI::App& program, int& exit_code);
void add_tftp(CLI::App& program, int& exit_code);
void add_tftp_control(CLI::App& tftp, int& exit_code);  // those that look at a running server
void add_metrics(CLI::App& program, int& exit_code);
void add_get(CLI::App& program, int& exit_code);
void add_put(CLI::App& program, int& exit_code);
void add_map_test(CLI::App& program, int& exit_code);
void add_check_config(CLI::App& program, int& exit_code);
void add_hash_password(CLI::App& program, int& exit_code);
void add_i2ftp(CLI::App& program, int& exit_code);
void add_i2ftps(CLI::App& program, int& exit_code);
void add_i2ftps_setup(CLI::App& program, int& exit_code);
void add_version(CLI::App& program, int& exit_code);
void add_help(CLI::App& program, int& exit_code);

// THE list.
using AddCommand = void (*)(CLI::App& program, int& exit_code);
std::span<const AddCommand> commands();

// "wherry: TEXT" on standard error, one such line for each line of `text`.
void complain(std::string_view text);
int failed(const Error& error, int exit_code);  // complains of it, and gives `exit_code` back

std::string help_of(const CLI::App& program, const CLI::App& command);  // or of the program itself
std::string version_line();                                             // "wherry 0.1.0"

}  // namespace wherry::app
