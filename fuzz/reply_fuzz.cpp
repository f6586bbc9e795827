// Replies: no text of a stranger can end a line or begin a reply of its own. Input: the code, then the text.
#include "ftp/reply.h"

#include <string>

#include "core/text.h"
#include "fuzz.h"

namespace {

using wherry::ftp::Reply;
using wherry::fuzz::require;

// Reads a reply as a client does (RFC 959 4.2): exactly one must be there.
void check_wire(const Reply& reply, std::size_t lines) {
    const std::string wire = reply.wire();
    const std::string code = std::to_string(reply.code());
    require(wire.ends_with("\r\n"), "a reply ends its last line");
    std::size_t seen = 0;
    std::string_view rest = wire;
    while (!rest.empty()) {
        const std::size_t end = rest.find("\r\n");
        require(end != std::string_view::npos, "every line is ended");
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 2);
        require(!wherry::has_control(line), "no line holds a control byte");
        require(line.starts_with(code + " ") == rest.empty(), "only the last line looks like the last");
        if (seen++ == 0) require(line.starts_with(code), "the first line has the code");
    }
    require(seen == lines, "there are as many lines as were said");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, size);
    const int code = 100 + (input.byte() * 4) % 500;
    const std::string_view text = input.rest();
    check_wire(Reply(code, text), 1);

    Reply several(code, "first");
    std::size_t lines = 1;
    for (const std::string_view line : wherry::split(text, '\n')) {
        if (++lines > 100) return 0;
        several.line(line);
    }
    check_wire(several, lines);

    const std::string quoted = wherry::ftp::quote_path(text);
    std::string plain;
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        if (quoted[i] == '"') require(quoted[++i] == '"' && i + 1 < quoted.size(), "quotes inside are doubled");
        plain += quoted[i];
    }
    require(plain == text || plain == wherry::printable(text), "a quoted path is read back as it was");
    const Reply banner = Reply::of_lines(code, text);
    require(banner.code() == code && banner.wire().ends_with("\r\n"), "a banner is a reply");
    return 0;
}
