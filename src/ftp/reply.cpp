#include "ftp/reply.h"

#include <array>
#include <utility>

#include "core/calendar.h"
#include "core/text.h"

namespace wherry::ftp {

namespace {

struct Words {
    int code;
    std::string_view text;
};

constexpr Words words_for(Code code) {
    switch (code) {
        case Code::not_found: return {550, "No such file or directory"};
        case Code::denied: return {550, "Permission denied"};
        case Code::exists: return {550, "Already exists"};
        case Code::not_directory: return {550, "Not a directory"};
        case Code::is_directory: return {550, "Is a directory"};
        case Code::not_regular: return {550, "Not a regular file"};
        case Code::not_empty: return {550, "Directory is not empty"};
        case Code::read_only: return {550, "Read-only"};
        case Code::unsupported: return {550, "Not supported here"};
        case Code::name_not_allowed: return {553, "Name not allowed"};
        case Code::no_space: return {452, "No space left"};
        case Code::quota: return {552, "Quota exceeded"};
        case Code::busy: return {450, "Busy, try again later"};
        case Code::invalid: return {501, "Invalid argument"};
        case Code::not_mine: return {530, "Login incorrect"};
        case Code::aborted: return {426, "Transfer aborted"};
        case Code::reset:
        case Code::closed: return {426, "Connection closed; transfer aborted"};
        case Code::tls_truncated: return {426, "TLS connection was cut off; transfer aborted"};
        case Code::timeout: return {426, "Timeout; transfer aborted"};
        case Code::killed: return {421, "Service not available, closing connection"};
        case Code::ok:
        case Code::would_block:
        case Code::io:
        case Code::internal: break;
    }
    return {451, "Local error in processing"};
}

}  // namespace

Reply::Reply(int code, std::string_view text) : code_(code), lines_(printable(text)) {}

Reply Reply::of_lines(int code, std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    const auto without_cr = [](std::string_view piece) {
        if (piece.ends_with('\r')) piece.remove_suffix(1);
        return piece;
    };
    const auto pieces = split(text, '\n');
    Reply reply(code, without_cr(pieces.front()));
    for (std::size_t i = 1; i < pieces.size(); ++i) reply.line(without_cr(pieces[i]));
    return reply;
}

Reply& Reply::line(std::string_view text) {
    lines_ += '\n';
    append_printable(lines_, text);
    return *this;
}

std::string_view Reply::first_line() const noexcept { return std::string_view(lines_).substr(0, lines_.find('\n')); }

void Reply::append_to(std::string& out) const {
    std::array<char, 3> code{};
    put_digits(code.data(), code_, 3);
    std::string_view rest = lines_;
    for (bool first = true;; first = false) {
        const std::size_t end = rest.find('\n');
        const bool last = end == std::string_view::npos;
        if (first || last) out.append(code.data(), code.size());
        out += first && !last ? '-' : ' ';
        out.append(rest.substr(0, end)).append("\r\n");
        if (last) return;
        rest.remove_prefix(end + 1);
    }
}

std::string Reply::wire() const {
    std::string out;
    append_to(out);
    return out;
}

std::string quote_path(std::string_view path) {
    std::string out;
    out.reserve(path.size() + 2);
    out += '"';
    for (const char c : path) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
    return out;
}

Reply reply_for(Code code) {
    const Words words = words_for(code);
    return {words.code, words.text};
}

Reply reply_for(const Error& error) {
    if (error.shown) return {words_for(error.code).code, error.message};
    return reply_for(error.code);
}

}  // namespace wherry::ftp
