#include "tftp/packet.h"

#include <algorithm>
#include <cstring>

#include "core/text.h"

namespace wherry::tftp {
namespace {

std::string_view text_of(Bytes bytes) noexcept { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// The bytes before the next NUL, which are taken out of `rest` together with it; nullopt: there is none.
std::optional<std::string_view> take_string(std::string_view& rest) noexcept {
    const auto end = rest.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const auto taken = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return taken;
}

std::optional<Mode> mode_of(std::string_view text, bool aliases) {
    if (iequals(text, "octet")) return Mode::octet;
    if (iequals(text, "netascii")) return Mode::netascii;
    if (!aliases) return std::nullopt;
    if (iequals(text, "binary") || iequals(text, "image")) return Mode::octet;
    if (iequals(text, "ascii")) return Mode::netascii;
    return std::nullopt;
}

bool known(const Request& request, std::string_view name) {
    return std::ranges::any_of(request.options, [&](const OptionPair& one) { return iequals(one.name, name); });
}

// An unfinished pair at the end is left out and never used: its number may be cut. ROMs pad with zeros, so an empty
// name is the end.
void parse_options(std::string_view rest, Request& request) {
    for (std::size_t looked_at = 0; !rest.empty() && looked_at < max_options; ++looked_at) {
        const auto name = take_string(rest);
        if (name && name->empty()) return;
        const auto value = name ? take_string(rest) : std::nullopt;
        if (!value) {
            request.malformed_option = true;
            return;
        }
        if (!known(request, *name)) request.options.push_back({*name, *value});
    }
}

std::unexpected<Refusal> refusal(ErrorCode code, std::string_view text) {
    return std::unexpected(Refusal{code, std::string(text)});
}

constexpr std::string_view illegal = "Illegal TFTP operation";

}  // namespace

std::optional<std::uint16_t> opcode_of(Bytes packet) noexcept {
    if (packet.size() < 2) return std::nullopt;
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(packet[0]) << 8U |
                                      std::to_integer<unsigned>(packet[1]));
}

std::optional<std::uint16_t> number_of(Bytes packet) noexcept {
    return packet.size() < 4 ? std::nullopt : opcode_of(packet.subspan(2));
}

std::expected<Request, Refusal> parse_request(Bytes packet, const ParseRules& rules) {
    Request request;
    request.op = static_cast<Op>(opcode_of(packet).value_or(0));
    std::string_view rest = text_of(packet.subspan(std::min<std::size_t>(2, packet.size())));
    const auto name = take_string(rest);
    if (!name || name->empty()) return refusal(ErrorCode::illegal, illegal);
    if (name->size() > max_name) return refusal(ErrorCode::not_found, "File not found");
    if (!rules.allow_control_names && has_control(*name)) return refusal(ErrorCode::access, "Access violation");
    request.name = *name;
    const auto mode = take_string(rest);
    if (!mode) return refusal(ErrorCode::illegal, illegal);
    if (iequals(*mode, "mail")) return refusal(ErrorCode::illegal, "Mail mode is not supported");
    const auto known_mode = mode_of(*mode, rules.mode_aliases);
    if (!known_mode) return refusal(ErrorCode::illegal, illegal);
    request.mode = *known_mode;
    parse_options(rest, request);
    return request;
}

ReceivedError parse_error(Bytes packet) {
    ReceivedError error;
    error.code = number_of(packet).value_or(0);
    if (error.code > 8) error.code = 0;
    std::string_view text = text_of(packet.subspan(std::min<std::size_t>(4, packet.size())));
    text = text.substr(0, std::min(text.find('\0'), max_error_text));
    for (const char c : text) error.text += c >= ' ' && c <= '~' ? c : '?';
    return error;
}

bool parse_oack(Bytes packet, Request& into) {
    into = Request();
    into.op = Op::oack;
    parse_options(text_of(packet.subspan(std::min<std::size_t>(2, packet.size()))), into);
    return !into.malformed_option;
}

void append_u16(std::string& out, std::uint16_t number) {
    out += static_cast<char>(number >> 8U);
    out += static_cast<char>(number & 0xffU);
}

std::string ack_packet(std::uint16_t block) {
    std::string out;
    append_u16(out, static_cast<std::uint16_t>(Op::ack));
    append_u16(out, block);
    return out;
}

std::array<std::byte, 4> data_head(std::uint16_t block) noexcept {
    return {std::byte{0}, std::byte{3}, static_cast<std::byte>(block >> 8U), static_cast<std::byte>(block & 0xffU)};
}

std::string error_packet(ErrorCode code, std::string_view text) {
    std::string out;
    append_u16(out, static_cast<std::uint16_t>(Op::error));
    append_u16(out, static_cast<std::uint16_t>(code));
    for (const char c : text.substr(0, max_error_text)) out += c >= ' ' && c <= '~' ? c : '?';
    out += '\0';
    return out;
}

std::string request_packet(Op op, std::string_view name, Mode mode, std::span<const OptionPair> options) {
    std::string out;
    append_u16(out, static_cast<std::uint16_t>(op));
    out.append(name).append(1, '\0').append(mode == Mode::octet ? "octet" : "netascii").append(1, '\0');
    for (const OptionPair& pair : options) out.append(pair.name).append(1, '\0').append(pair.value).append(1, '\0');
    return out;
}

}  // namespace wherry::tftp
