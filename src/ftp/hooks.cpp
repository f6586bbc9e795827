#include "ftp/hooks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"
#include "ftp/command_line.h"
#include "ftp/commands.h"

namespace wherry::ftp {
namespace {

constexpr std::string_view site_prefix = "SITE ";
// The session itself knows these by what they do.
constexpr std::array<std::string_view, 5> not_replaceable{"USER", "PASS", "QUIT", "ABOR", "SITE"};

// Whether a client could say it: as parse_command_line() has it.
bool can_be_said(std::string_view verb) {
    if (verb.size() > CommandLine::max_verb) return false;
    const auto line = parse_command_line(verb);
    return line && line->verb == verb && line->foreign == Foreign::none;
}

}  // namespace

Result<void> add_command(Hooks& hooks, OwnCommand command) {
    FtpCommand& row = command.row;
    row.verb = upper(row.verb);
    const bool is_site = row.verb.starts_with(site_prefix);
    const std::string word = is_site ? row.verb.substr(site_prefix.size()) : row.verb;
    const bool fixed = std::ranges::find(not_replaceable, row.verb) != not_replaceable.end();
    const std::string what = "command '" + for_log(row.verb) + "': ";
    if (!can_be_said(word) || has_control(row.help) || has_control(row.feature)) {
        return fail(Code::invalid, what + "a verb is one word of visible ASCII, help and feature are one line");
    }
    if (fixed) return fail(Code::invalid, what + "it cannot be replaced");
    if (!command.run) return fail(Code::invalid, what + "it has no function");
    if (row.data) row.slow = true;
    if (row.slow && !row.login) return fail(Code::invalid, what + "slow ones are for users who have logged in");
    if (row.permission != '\0' && Perm(std::string_view(&row.permission, 1)).empty()) {
        return fail(Code::invalid, what + "a permission is an ASCII letter");
    }
    if (std::ranges::any_of(hooks.commands, [&](const OwnCommand& other) { return other.row.verb == row.verb; })) {
        return fail(Code::exists, what + "there is one of this verb");
    }
    if (row.help.empty()) row.help = row.verb;
    hooks.commands.push_back(std::move(command));
    return {};
}

void CommandTable::add(const OwnCommand& command) {
    const FtpCommand& row = command.row;
    const bool is_site = row.verb.starts_with(site_prefix);
    const std::string_view word = std::string_view(row.verb).substr(is_site ? site_prefix.size() : 0);
    Needs needs = row.login || row.permission != '\0' ? login : nothing;
    if (row.argument) needs = needs | argument;
    if (row.slow) needs = needs | transfer;
    if (row.data) needs = needs | channel;
    std::vector<Row>& rows = is_site ? site_ : commands_;
    std::erase_if(rows, [&](const Row& ours) { return ours.verb == word; });
    rows.emplace_back(word, needs, row.help, command, row.feature);
}

}  // namespace wherry::ftp
