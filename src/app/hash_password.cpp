// wherry hash-password: the value of `password` in a users file.
#include <fmt/format.h>

#include "app/commands.h"
#include "app/prompt.h"
#include "auth/password.h"

namespace wherry::app {
namespace {

Result<Password> new_password() {
    if (!can_ask()) return read_password();
    auto first = ask_password("Password: ");
    if (!first || first->text().empty()) return first;
    const auto second = ask_password("The same again: ");
    if (!second) return second;
    if (!first->matches(*second)) return fail(Code::invalid, "the two passwords differ; try again");
    return first;
}

int hash_password_command() {
    const auto password = new_password();
    if (!password) {
        complain(password.error().message);
        return exit_usage;
    }
    const auto hash = hash_password(*password);
    if (!hash) {
        complain(fmt::format("hashing the password: {}", hash.error().message));
        return hash.error().code == Code::invalid ? exit_usage : exit_failed;
    }
    fmt::print("{}\n", *hash);
    return exit_ok;
}

}  // namespace

void add_hash_password(CLI::App& program, int& exit_code) {
    program
        .add_subcommand("hash-password",
                        "Ask for a password (or read a line of standard input) and print its argon2id hash")
        ->callback([&exit_code] { exit_code = hash_password_command(); });
}

}  // namespace wherry::app
