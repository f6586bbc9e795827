#pragma once
// The words of the control socket: one line is asked, lines are the answer. Pure.
//
//   tftp transfers        what runs:   ok COUNT, and a row for each
//   tftp end ID           ends it:     ok 0
//   metrics               ok COUNT, and that many lines of the text format of Prometheus
//
// else "error TEXT". A row of a transfer has fields with tabs between them:
// id, "get" or "put", the client's address with its port, bytes so far, bytes of the whole or "-", milliseconds since
// the request, and the name, escaped as in the log. Each line ends with one LF.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wherry/result.h"
#include "wherry/tftp.h"

namespace wherry::control {

inline constexpr std::size_t most_request = 128;                    // bytes, with the LF
inline constexpr std::size_t most_answer = std::size_t{64} << 20U;  // of which a client reads no more
inline constexpr std::size_t most_rows = 65'536;                    // that are told; there may be more

struct ListTftp {
    friend bool operator==(const ListTftp&, const ListTftp&) = default;
};
struct EndTftp {
    std::uint64_t id = 0;
    friend bool operator==(const EndTftp&, const EndTftp&) = default;
};
struct ShowMetrics {
    friend bool operator==(const ShowMetrics&, const ShowMetrics&) = default;
};
using Request = std::variant<ListTftp, EndTftp, ShowMetrics>;

// A line without its LF. Words are parted by one blank; nothing is passed over.
Result<Request> parse_request(std::string_view line);
std::string line_of(const Request& request);  // with its LF

std::string answer_of(const std::vector<TftpTransfer>& transfers);
std::string answer_of(const Result<void>& done);
std::string answer_of(std::string_view lines);  // each with its LF

// A whole answer: its rows, without their LF; the error is the server's, or Code::invalid for what is no answer.
Result<std::vector<std::string>> parse_answer(std::string_view text);

}  // namespace wherry::control
