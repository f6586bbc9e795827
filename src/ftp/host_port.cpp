#include "ftp/host_port.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include "core/text.h"

namespace wherry::ftp {

namespace {

// Takes the text up to `end` off the front, with the `end`. nullopt if there is none.
std::optional<std::string_view> take_until(std::string_view& text, char end) {
    const std::size_t at = text.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view piece = text.substr(0, at);
    text.remove_prefix(at + 1);
    return piece;
}

std::optional<std::uint8_t> parse_byte(std::string_view text) {
    if (text.size() > 3) return std::nullopt;
    const auto number = parse_at_most(text, 255);
    if (!number) return std::nullopt;
    return static_cast<std::uint8_t>(*number);
}

std::optional<std::uint16_t> parse_port_number(std::string_view text) {
    if (text.size() > 5) return std::nullopt;
    const auto number = parse_at_most(text, 65535);
    if (!number || *number == 0) return std::nullopt;
    return static_cast<std::uint16_t>(*number);
}

// inet_pton(3) wants a terminated string, so what holds a NUL of its own must not get there.
bool parse_address(std::string_view text, HostPort& into) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return false;
    std::ranges::copy(text, terminated.begin());
    const int family = into.family == Family::v4 ? AF_INET : AF_INET6;
    return ::inet_pton(family, terminated.data(), into.bytes.data()) == 1;
}

std::unexpected<Error> malformed() { return fail(Code::invalid, "malformed address"); }

// The protocol number of EPRT. Any number is well-formed; only two of them are known.
Result<Family> parse_family(std::string_view text) {
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return malformed();
    if (text == "1") return Family::v4;
    if (text == "2") return Family::v6;
    return fail(Code::unsupported, "unknown network protocol");
}

}  // namespace

std::string HostPort::address_text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(family == Family::v4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
    return text.data();
}

Result<HostPort> parse_port(std::string_view argument) {
    std::array<std::uint8_t, 6> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const bool last = i + 1 == numbers.size();
        const auto piece = last ? std::optional(argument) : take_until(argument, ',');
        const auto number = piece ? parse_byte(*piece) : std::nullopt;
        if (!number) return malformed();
        numbers[i] = *number;
    }
    HostPort result;
    std::copy_n(numbers.begin(), 4, result.bytes.begin());
    result.port = static_cast<std::uint16_t>(numbers[4] * 256 + numbers[5]);
    if (result.port == 0) return malformed();
    return result;
}

Result<HostPort> parse_eprt(std::string_view argument) {
    if (argument.empty() || argument[0] < 33 || argument[0] > 126) return malformed();
    const char delimiter = argument[0];
    argument.remove_prefix(1);
    const auto protocol = take_until(argument, delimiter);
    const auto address = take_until(argument, delimiter);
    const auto port = take_until(argument, delimiter);
    if (!protocol || !address || !port || !argument.empty()) return malformed();

    const auto family = parse_family(*protocol);
    if (!family) return fail(family.error());
    HostPort result{*family, {}, 0};
    const auto number = parse_port_number(*port);
    if (!number || !parse_address(*address, result)) return malformed();
    result.port = *number;
    return result;
}

std::string text_227(std::span<const std::uint8_t, 4> address, std::uint16_t port) {
    std::string out = "Entering Passive Mode (";
    for (const std::uint8_t byte : address) {
        append_decimal(out, byte);
        out += ',';
    }
    append_decimal(out, port / 256U);
    out += ',';
    append_decimal(out, port % 256U);
    return out += ')';
}

std::string text_229(std::uint16_t port) {
    std::string out = "Entering Extended Passive Mode (|||";
    append_decimal(out, port);
    return out += "|)";
}

std::string text_522(bool v4, bool v6) {
    std::string out = "Network protocol not supported, use (";
    if (v4) out += '1';
    if (v4 && v6) out += ',';
    if (v6) out += '2';
    return out += ')';
}

}  // namespace wherry::ftp
