#pragma once
// Reply: what the server says on the control connection (RFC 959 4.2), and the one place where errors become words.
// Pure.
#include <string>
#include <string_view>

#include "wherry/result.h"

namespace wherry::ftp {

// A code and one or more lines of text. Every line goes through printable() as it is added: no name, path or message
// can end a line or begin a reply of its own.
class Reply {
public:
    // `code` must have three digits.
    Reply(int code, std::string_view text);
    // A text of several lines (a banner of the configuration), ended by LF or CRLF each.
    static Reply of_lines(int code, std::string_view text);

    // One more line. With several, the first is sent as "NNN-text", the last as "NNN text", and those between begin
    // with a blank, so that none of them can look like the last.
    Reply& line(std::string_view text);

    int code() const noexcept { return code_; }
    bool is_error() const noexcept { return code_ >= 400; }
    std::string_view first_line() const noexcept;

    // In the form of the wire, with CRLF.
    void append_to(std::string& out) const;
    std::string wire() const;

private:
    int code_;
    std::string lines_;  // separated by LF, which printable() leaves in none of them
};

// In quotes, the quotes inside doubled (RFC 959 appendix II): for 257.
std::string quote_path(std::string_view path);

// What a client is told about an error: a code and short words of our own. The message of the error is for the log and
// never seen here, since it may tell real paths and states of the system; unless it is marked as `shown`.
Reply reply_for(const Error& error);
Reply reply_for(Code code);

}  // namespace wherry::ftp
