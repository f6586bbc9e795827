// The words of the control socket, both sides. Input: a line of a client's, a NUL, an answer of the server's.
#include <string>
#include <vector>

#include "fuzz.h"
#include "service/control_words.h"

namespace {

using namespace wherry;
using wherry::fuzz::require;

void ask(std::string_view line) {
    const auto request = control::parse_request(line);
    if (!request) {
        const std::string answer = control::answer_of(Result<void>(std::unexpected(request.error())));
        require(answer.find('\n') == answer.size() - 1, "an error is one line");
        const auto heard = control::parse_answer(answer);
        require(!heard && heard.error().code == Code::denied, "an error is heard as one");
        return;
    }
    const std::string again = control::line_of(*request);
    require(again.size() <= control::most_request && again.back() == '\n', "a request is a short line");
    require(control::parse_request(again.substr(0, again.size() - 1)) == *request, "a request comes back as it was");
}

void answer(std::string_view text) {
    const auto rows = control::parse_answer(text);
    if (!rows) return;
    require(rows->size() <= control::most_rows, "rows have a limit");
    for (const std::string& row : *rows) require(row.find('\n') == std::string::npos, "a row is one line");
}

// Whatever a client calls its file, there is one row for it with all fields.
void name(std::string_view text) {
    TftpTransfer one;
    one.id = text.size();
    one.peer = text.size() % 2 == 0 ? "10.0.0.5" : "fe80::1";
    one.name = text;
    const auto rows = control::parse_answer(control::answer_of(std::vector<TftpTransfer>{one, one}));
    require(rows && rows->size() == 2, "a row for each");
    std::size_t tabs = 0;
    for (const char c : rows->front()) {
        if (c == '\t') ++tabs;
        require(c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f'), "no control bytes");
    }
    require(tabs == 6, "seven fields");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::string line(input.until('\0'));
    const std::string rest(input.rest());
    ask(line);
    answer(rest);
    name(line);
    return 0;
}
