// Lines of the control connection: however the bytes are cut into packets, the same lines come out, none longer than
// allowed, and those that a simple model finds.
#include "ftp/line_splitter.h"

#include <string>
#include <vector>

#include "fuzz.h"

namespace {

using wherry::fuzz::require;

constexpr std::string_view too_long = "\n";  // no line can be this

std::string_view without_cr(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::vector<std::string> model(std::string_view bytes, std::size_t max_line) {
    std::vector<std::string> lines;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::string_view line = without_cr(bytes.substr(0, end));
        if (line.size() > max_line) {
            lines.emplace_back(too_long);
        } else if (end != std::string_view::npos) {
            lines.emplace_back(line);
        }
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    }
    return lines;
}

void drain(wherry::ftp::LineSplitter& splitter, std::string_view packet, std::vector<std::string>& lines) {
    while (const auto line = splitter.next(packet)) {
        require(!line->too_long || line->text.empty(), "a line that is too long shows nothing of itself");
        require(!line->text.contains('\n'), "no line holds a line end");
        lines.emplace_back(line->too_long ? too_long : line->text);
    }
    require(packet.empty(), "a packet is used up");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, size);
    const std::size_t max_line = input.byte() % 64;
    const std::size_t packet = 1 + input.byte() % 32;
    const std::string_view bytes = input.rest();
    const std::vector<std::string> expected = model(bytes, max_line);

    std::vector<std::string> whole;
    wherry::ftp::LineSplitter at_once(max_line);
    drain(at_once, bytes, whole);
    require(whole == expected, "the lines are those of the model");

    std::vector<std::string> pieces;
    wherry::ftp::LineSplitter piecewise(max_line);
    for (std::size_t at = 0; at < bytes.size(); at += packet) drain(piecewise, bytes.substr(at, packet), pieces);
    require(pieces == expected, "packets make no difference");
    require(piecewise.in_line() == (!bytes.empty() && bytes.back() != '\n'), "in_line tells of an unfinished line");

    piecewise.clear();
    std::string_view next = "NOOP\r\n";
    const auto line = piecewise.next(next);
    require(line && (max_line < 4 ? line->too_long : line->text == "NOOP"), "clear() leaves nothing behind");
    return 0;
}
