#include "ftp/command_line.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"

namespace wherry::ftp {

namespace {

// RFC 854.
constexpr unsigned char telnet_se = 240;
constexpr unsigned char telnet_sb = 250;
constexpr unsigned char telnet_will = 251;
constexpr unsigned char telnet_dont = 254;
constexpr unsigned char telnet_iac = 255;

// Takes Telnet sequences out of a text, byte by byte. The states are all its memory, so that nothing a stranger sends
// can make it grow or read beyond the line.
class TelnetFilter {
public:
    explicit TelnetFilter(std::string& out) : out_(out) {}

    void put(char c) {
        const auto byte = static_cast<unsigned char>(c);
        switch (state_) {
            case State::text:
                if (byte == telnet_iac) {
                    state_ = State::command;
                } else {
                    out_ += c;
                }
                return;
            case State::command: return command(c, byte);
            case State::option: state_ = State::text; return;
            case State::block:
                if (byte == telnet_iac) state_ = State::block_command;
                return;
            case State::block_command: state_ = byte == telnet_se ? State::text : State::block; return;
        }
    }

    // A lone IAC at the end of a line is content like any other that introduces nothing.
    void end() {
        if (state_ == State::command) out_ += static_cast<char>(telnet_iac);
    }

    bool had_sequences() const { return had_sequences_; }

private:
    enum class State : std::uint8_t { text, command, option, block, block_command };

    void command(char c, unsigned char byte) {
        state_ = State::text;
        if (byte < telnet_se || byte == telnet_iac) {
            out_ += static_cast<char>(telnet_iac);
            if (byte != telnet_iac) out_ += c;
            return;
        }
        had_sequences_ = true;
        if (byte == telnet_sb) state_ = State::block;
        if (byte >= telnet_will && byte <= telnet_dont) state_ = State::option;
    }

    std::string& out_;
    State state_ = State::text;
    bool had_sequences_ = false;
};

constexpr std::array<std::string_view, 3> urgent_verbs{"ABOR", "STAT", "QUIT"};
constexpr std::array<std::string_view, 10> http_verbs{"GET",     "HEAD",  "POST",  "PUT", "DELETE",
                                                      "CONNECT", "PATCH", "TRACE", "PRI", "OPTIONS"};
constexpr std::array<std::string_view, 8> smtp_verbs{"HELO", "EHLO", "LHLO", "MAIL",
                                                     "RCPT", "DATA", "VRFY", "STARTTLS"};

bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_visible(char c) { return c > ' ' && c < 127; }

std::string_view without_torn_telnet(std::string_view verb) {
    const auto first = std::ranges::find_if_not(verb, is_high);
    const std::string_view rest(first, verb.end());
    const bool known = std::ranges::any_of(urgent_verbs, [rest](std::string_view v) { return iequals(v, rest); });
    return known ? rest : verb;
}

Foreign recognise(std::string_view verb) {
    if (verb.ends_with(':')) return Foreign::header;
    if (std::ranges::find(http_verbs, verb) != http_verbs.end()) return Foreign::http;
    if (std::ranges::find(smtp_verbs, verb) != smtp_verbs.end()) return Foreign::smtp;
    return Foreign::none;
}

// RFC 2640 3.1: a CR inside a pathname travels as CR NUL.
void drop_padding(std::string& argument) {
    if (argument.find('\0') == std::string::npos) return;
    bool after_cr = false;
    std::erase_if(argument, [&after_cr](char c) { return std::exchange(after_cr, c == '\r') && c == '\0'; });
}

}  // namespace

TelnetText strip_telnet(std::string_view line) {
    TelnetText result;
    if (line.find(static_cast<char>(telnet_iac)) == std::string_view::npos) {
        result.text = line;
        return result;
    }
    result.text.reserve(line.size());
    TelnetFilter filter(result.text);
    for (const char c : line) filter.put(c);
    filter.end();
    result.had_sequences = filter.had_sequences();
    return result;
}

Result<CommandLine> parse_command_line(std::string_view line) {
    TelnetText telnet;
    if (line.find(static_cast<char>(telnet_iac)) != std::string_view::npos) {
        telnet = strip_telnet(line);
        line = telnet.text;
    }
    const std::size_t blank = line.find(' ');
    std::string_view verb = line.substr(0, blank);
    if (telnet.had_sequences) verb = without_torn_telnet(verb);
    if (verb.empty()) return fail(Code::invalid, line.empty() ? "empty line" : "blank before the verb");
    if (!std::ranges::all_of(verb, is_visible)) return fail(Code::invalid, "verb with bytes that no verb has");
    if (verb.size() > CommandLine::max_verb) return fail(Code::invalid, "verb too long");

    CommandLine command;
    command.verb = upper(verb);
    command.foreign = recognise(command.verb);
    if (blank != std::string_view::npos) command.argument = line.substr(blank + 1);
    drop_padding(command.argument);
    return command;
}

}  // namespace wherry::ftp
