#include "tftp/trace.h"

#include <fmt/format.h>

#include "core/text.h"

namespace wherry::tftp {
namespace {

constexpr std::size_t most_text = 200;  // bytes of a name or a value

std::string options_text(const std::vector<OptionPair>& options) {
    std::string out;
    for (const OptionPair& pair : options) {
        out += fmt::format(" {}={}", for_log(pair.name, most_text), for_log(pair.value, most_text));
    }
    return out;
}

std::string describe_request(Op op, Bytes packet) {
    const std::string_view word = op == Op::wrq ? "WRQ" : "RRQ";
    // As much as can be made out, whatever the settings would refuse.
    const auto request = parse_request(packet, {.mode_aliases = true, .allow_control_names = true});
    if (!request) return fmt::format("{} {} B, malformed", word, packet.size());
    return fmt::format("{} \"{}\" {}{}{}", word, for_log(request->name, most_text),
                       request->mode == Mode::netascii ? "netascii" : "octet", options_text(request->options),
                       request->malformed_option ? ", and more that is malformed" : "");
}

std::string describe_oack(Bytes packet) {
    Request granted;
    if (!parse_oack(packet, granted)) return fmt::format("OACK {} B, malformed", packet.size());
    return "OACK" + options_text(granted.options);
}

}  // namespace

std::string describe_packet(Bytes packet) {
    const auto opcode = opcode_of(packet);
    if (!opcode) return fmt::format("{} B", packet.size());
    const auto number = number_of(packet);
    const Op op = static_cast<Op>(*opcode);
    if (op == Op::rrq || op == Op::wrq) {
        return packet.size() > max_request ? fmt::format("a request of {} B", packet.size())
                                           : describe_request(op, packet);
    }
    if (op == Op::oack) return describe_oack(packet);
    if (number && op == Op::data) return fmt::format("DATA {} {} B", *number, packet.size() - data_header);
    if (number && op == Op::ack) return fmt::format("ACK {}", *number);
    if (number && op == Op::error) return fmt::format("ERROR {} \"{}\"", *number, for_log(parse_error(packet).text));
    return fmt::format("opcode {} {} B", *opcode, packet.size());
}

}  // namespace wherry::tftp
