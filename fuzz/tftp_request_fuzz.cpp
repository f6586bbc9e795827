// TFTP requests and their options. Input: a byte of circumstances, then the datagram.
#include <string>

#include "fuzz.h"
#include "tftp/names.h"
#include "tftp/options.h"
#include "tftp/packet.h"

namespace {

using namespace wherry::tftp;
using wherry::fuzz::require;

bool inside(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_options(const Request& request, std::uint8_t circumstances) {
    OptionRules rules;
    rules.float_timeout = (circumstances & 1) != 0;
    rules.mtu_policy = static_cast<MtuPolicy>((circumstances >> 1U) % 3);
    OptionContext context;
    context.ipv6 = (circumstances & 8) != 0;
    context.mtu = (circumstances & 16) != 0 ? 1500 : 0;
    if ((circumstances & 32) != 0) context.size = 5000;
    const Negotiated granted = negotiate(request, rules, context);
    require(granted.blksize >= 8 && granted.blksize <= most_blksize, "a block has a size");
    require(granted.window >= 1 && granted.window <= rules.windowsize_max, "a window has a limit");
    require(granted.window == 1 || std::uint64_t{granted.window} * granted.blksize <= rules.window_bytes_max,
            "a window has a limit in bytes");
    require(65536U - granted.rollover >= 2U * granted.window + 2, "block numbers of a window differ");
    require(granted.oack.size() <= max_oack, "an OACK is short");
    if (granted.oack.empty()) {
        require(granted.blksize == default_blksize && granted.window == 1 && !granted.fixed_rto, "nothing is granted");
        return;
    }
    Request back;
    require(parse_oack(bytes_of(granted.oack), back), "an OACK reads back");
    require(!back.options.empty() && back.options.size() <= request.options.size(),
            "granted is at most what was asked");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, size);
    const std::uint8_t circumstances = input.byte();
    const std::string packet(input.rest());
    const auto error = parse_error(bytes_of(packet));
    require(error.text.size() <= max_error_text && error.code <= 8, "a received ERROR is short");
    if (packet.size() < 2 || packet.size() > max_request) return 0;
    const auto parsed = parse_request(bytes_of(packet), {.mode_aliases = (circumstances & 64) != 0});
    if (!parsed) {
        require(error_packet(parsed.error().code, parsed.error().text).size() <= 5 + max_error_text,
                "an ERROR is short");
        return 0;
    }
    require(!parsed->name.empty() && parsed->name.size() <= max_name && inside(parsed->name, packet),
            "a name is inside");
    for (const OptionPair& pair : parsed->options) {
        require(!pair.name.empty() && inside(pair.name, packet) && inside(pair.value, packet), "options are inside");
    }
    if (const auto path = path_of_name(parsed->name, {})) {
        require(path->text().find("/../") == std::string_view::npos && !path->is_root(), "a path leads down");
    }
    check_options(*parsed, circumstances);
    return 0;
}
