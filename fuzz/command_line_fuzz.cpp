// One line of the control connection, as verb and argument.
#include "ftp/command_line.h"

#include <string>

#include "core/text.h"
#include "fuzz.h"

namespace {

using wherry::fuzz::require;

void check_command(const wherry::ftp::CommandLine& command, std::string_view line) {
    const std::string& verb = command.verb;
    require(!verb.empty() && verb.size() <= wherry::ftp::CommandLine::max_verb, "a verb has 1 to 32 bytes");
    for (const char c : verb) require(c > ' ' && c < 127, "a verb is visible ASCII");
    require(verb == wherry::upper(verb), "a verb is in upper case");
    require(verb.size() + command.argument.size() <= line.size(), "nothing is added");
    // CR CR NUL NUL becomes CR CR NUL: one pad is taken, not all that a second look would find.
    if (line.find("\r\0") == std::string_view::npos && line.find('\xFF') == std::string_view::npos) {
        const std::size_t blank = line.find(' ');
        require(verb == wherry::upper(line.substr(0, blank)), "the verb ends at the first blank");
    }
    using wherry::ftp::Foreign;
    if (command.foreign == Foreign::header) require(verb.ends_with(':'), "a header ends with a colon");
    const auto again = wherry::ftp::parse_command_line(verb);
    require(again && again->verb == verb && again->argument.empty(), "a verb alone is the same verb");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line = wherry::fuzz::text_of(data, size);
    const auto telnet = wherry::ftp::strip_telnet(line);
    require(telnet.text.size() <= line.size(), "taking Telnet out adds nothing");
    if (!line.contains('\xFF')) {
        require(telnet.text == line && !telnet.had_sequences, "without IAC all is content");
    }

    const auto command = wherry::ftp::parse_command_line(line);
    if (command) {
        check_command(*command, line);
    } else {
        require(command.error().code == wherry::Code::invalid, "the only failure is Code::invalid");
    }

    // IAC doubled is IAC as content: so written, every text comes through as it is.
    std::string escaped = "SITE ";
    for (const char c : line) escaped.append(c == '\xFF' ? 2 : 1, c);
    const auto site = wherry::ftp::parse_command_line(escaped);
    require(site && site->verb == "SITE", "the verb stands whatever follows it");
    if (!line.contains('\0')) require(site->argument == line, "an argument comes through byte by byte");
    return 0;
}
