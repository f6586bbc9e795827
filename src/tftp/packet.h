#pragma once
// TFTP packets as bytes: RFC 1350 with the options of RFC 2347. Pure: no socket, no clock. A parser never looks behind
// the end of what it was given; what it hands out are views into that.
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wherry::tftp {

using Bytes = std::span<const std::byte>;

enum class Op : std::uint16_t { rrq = 1, wrq = 2, data = 3, ack = 4, error = 5, oack = 6 };

// RFC 1350 section 5, appendix; 8 is RFC 2347.
enum class ErrorCode : std::uint16_t {
    undefined = 0,
    not_found = 1,
    access = 2,
    disk_full = 3,
    illegal = 4,
    unknown_tid = 5,
    exists = 6,
    no_user = 7,
    option = 8,
};

enum class Mode : std::uint8_t { octet, netascii };

inline constexpr std::size_t max_request = 1468;    // bytes; RFC 2347 says 512, boot loaders with long paths send more
inline constexpr std::size_t max_name = 1024;       // bytes of a file name
inline constexpr std::size_t max_options = 32;      // pairs that are looked at
inline constexpr std::size_t max_error_text = 128;  // bytes we send or remember
inline constexpr std::size_t data_header = 4;

struct OptionPair {
    std::string_view name;
    std::string_view value;
};

// A read or write request. Everything in it points into the datagram.
struct Request {
    Op op = Op::rrq;
    std::string_view name;  // raw: no character set is assumed
    Mode mode = Mode::octet;
    std::vector<OptionPair> options;  // at most max_options
    bool malformed_option = false;    // something at the end was left out

    bool is_write() const noexcept { return op == Op::wrq; }
};

// What goes into an ERROR packet. Texts are fixed, or have been made printable: no path, no word of the client's.
struct Refusal {
    ErrorCode code = ErrorCode::undefined;
    std::string text;
};

struct ParseRules {
    bool mode_aliases = false;         // "binary", "image" and "ascii" beside the two modes of the RFC
    bool allow_control_names = false;  // bytes 1 to 31 and 127 in names
};

// The opcode; nullopt if there are not even two bytes.
std::optional<std::uint16_t> opcode_of(Bytes packet) noexcept;
// The 16 bits after the opcode: a block number or an error code.
std::optional<std::uint16_t> number_of(Bytes packet) noexcept;

// `packet` begins with opcode 1 or 2 and has at most max_request bytes.
std::expected<Request, Refusal> parse_request(Bytes packet, const ParseRules& rules = {});

struct ReceivedError {
    std::uint16_t code = 0;
    std::string text;  // printable ASCII, at most max_error_text bytes
};
// `packet` has at least four bytes.
ReceivedError parse_error(Bytes packet);
// The pairs of an OACK, for clients; false if it is malformed.
bool parse_oack(Bytes packet, Request& into);

void append_u16(std::string& out, std::uint16_t number);
std::string ack_packet(std::uint16_t block);
std::array<std::byte, 4> data_head(std::uint16_t block) noexcept;
// The text is cut to max_error_text and to 7-bit ASCII.
std::string error_packet(ErrorCode code, std::string_view text);
std::string request_packet(Op op, std::string_view name, Mode mode, std::span<const OptionPair> options);

inline Bytes bytes_of(std::string_view text) noexcept { return std::as_bytes(std::span(text)); }

}  // namespace wherry::tftp
