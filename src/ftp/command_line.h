#pragma once
// One line of the control connection as verb and argument (RFC 959 5.3, RFC 854, RFC 2640 3.1). Pure.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wherry/result.h"

namespace wherry::ftp {

// Words of other protocols. Whoever says them is a browser or a mail server that somebody has aimed at this port: the
// session answers once and closes (ALPACA, NAT slipstreaming).
enum class Foreign : std::uint8_t { none, http, smtp, header };

struct CommandLine {
    std::string verb;      // upper case, 1 to max_verb bytes, all of them visible ASCII
    std::string argument;  // all behind the one blank after the verb; blanks at its ends are part of it
    Foreign foreign = Foreign::none;

    static constexpr std::size_t max_verb = 32;
};

// `line` is without its line end. What is done to it, in this order:
//  1. Telnet sequences are taken out: IAC IAC is the byte 0xFF; WILL, WONT, DO and DONT go with their option; SB goes
//  with
//     all up to IAC SE (or the end of the line); any other command is two bytes. An IAC before a byte that is no Telnet
//     command is content, since clients that know no Telnet send names with such bytes.
//  2. The verb ends at the first blank. It must not be empty and must hold visible ASCII only; letters become upper
//  case
//     by ASCII rules. Only if the line had Telnet sequences, what an urgent pointer may have torn off them (bytes
//     above 127) is dropped before ABOR, STAT and QUIT: "FOOQUIT" is no QUIT.
//  3. In the argument CR NUL becomes CR. A NUL elsewhere stays, for Path and others to refuse.
// Fails with Code::invalid, which is a 500.
Result<CommandLine> parse_command_line(std::string_view line);

// `line` without its Telnet sequences, and whether there were any.
struct TelnetText {
    std::string text;
    bool had_sequences = false;
};
TelnetText strip_telnet(std::string_view line);

}  // namespace wherry::ftp
