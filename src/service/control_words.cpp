#include "service/control_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace wherry::control {
namespace {

constexpr std::size_t most_name = 400;  // bytes of an escaped name

std::string row_of(const TftpTransfer& one) {
    const bool ipv6 = one.peer.contains(':');
    return fmt::format("{}\t{}\t{}{}{}:{}\t{}\t{}\t{}\t{}\n", one.id, one.upload ? "put" : "get", ipv6 ? "[" : "",
                       one.peer, ipv6 ? "]" : "", one.peer_port, one.bytes, one.size ? std::to_string(*one.size) : "-",
                       one.age.count(), for_log(one.name, most_name));
}

Result<std::vector<std::string>> no_answer() { return fail(Code::invalid, "the server has said what is no answer"); }

}  // namespace

Result<Request> parse_request(std::string_view line) {
    const auto words = split(line, ' ');
    if (words.size() == 2 && words[0] == "tftp" && words[1] == "transfers") return ListTftp{};
    if (words.size() == 3 && words[0] == "tftp" && words[1] == "end") {
        const auto id = parse_u63(words[2]);
        if (!id) return fail(Code::invalid, fmt::format("'{}' is not the id of a transfer", for_log(words[2], 40)));
        return EndTftp{*id};
    }
    if (words.size() == 1 && words[0] == "metrics") return ShowMetrics{};
    return fail(Code::invalid, fmt::format("'{}' is no request", for_log(line, 80)));
}

std::string line_of(const Request& request) {
    if (const auto* const end = std::get_if<EndTftp>(&request)) return fmt::format("tftp end {}\n", end->id);
    return std::holds_alternative<ShowMetrics>(request) ? "metrics\n" : "tftp transfers\n";
}

std::string answer_of(const std::vector<TftpTransfer>& transfers) {
    const std::size_t count = std::min(transfers.size(), most_rows);
    std::string out = fmt::format("ok {}\n", count);
    for (std::size_t i = 0; i < count; ++i) out += row_of(transfers[i]);
    return out;
}

std::string answer_of(const Result<void>& done) {
    return done ? "ok 0\n" : fmt::format("error {}\n", for_log(done.error().message));
}

std::string answer_of(std::string_view lines) {
    return fmt::format("ok {}\n{}", std::ranges::count(lines, '\n'), lines);
}

Result<std::vector<std::string>> parse_answer(std::string_view text) {
    constexpr std::string_view error = "error ";
    constexpr std::string_view ok = "ok ";
    if (text.empty() || text.back() != '\n') return no_answer();
    text.remove_suffix(1);
    const auto lines = split(text, '\n');
    const std::string_view first = lines.front();
    if (first.starts_with(error) && lines.size() == 1) {
        return fail(Code::denied, std::string(first.substr(error.size())));
    }
    if (!first.starts_with(ok) || parse_at_most(first.substr(ok.size()), most_rows) != lines.size() - 1) {
        return no_answer();
    }
    return std::vector<std::string>(lines.begin() + 1, lines.end());
}

}  // namespace wherry::control
