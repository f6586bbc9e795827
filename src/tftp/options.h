#pragma once
// Options of a request (RFC 2347, 2348, 2349, 7440, and what boot loaders use beside these): which of them are granted
// and with what value. Pure.
//
// An option is granted only if it was asked for, is known, is not refused by the operator, and makes sense; whatever
// else came is passed over, never an error. The OACK has the granted ones in the order of the request and with the
// client's own spelling, since some ROMs compare bytes.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tftp/packet.h"
#include "tftp/rto.h"

namespace wherry::tftp {

inline constexpr std::size_t max_oack = 512;
inline constexpr std::uint16_t least_blksize = 8;
inline constexpr std::uint16_t most_blksize = 65464;
inline constexpr std::uint16_t default_blksize = 512;
inline constexpr std::uint16_t most_window = 32767;  // half of the block numbers

// What to do with a block size that does not fit into one packet of the network.
enum class MtuPolicy : std::uint8_t {
    cap,     // grant what fits
    allow,   // grant it; packets travel in fragments
    refuse,  // do not grant it: 512
};

struct OptionRules {
    std::vector<std::string> refuse;  // names that are never granted
    bool reject_all = false;
    std::uint16_t blksize_max = most_blksize;
    std::uint16_t windowsize_max = 64;
    std::uint64_t window_bytes_max = std::uint64_t{1} << 20U;
    std::uint16_t rollover = 0;  // of transfers that ask for none
    bool float_timeout = false;  // "timeout" may be 1.5
    MtuPolicy mtu_policy = MtuPolicy::cap;
};

// Of the request at hand.
struct OptionContext {
    bool ipv6 = false;
    std::uint32_t mtu = 0;              // of the way to the client; 0: not known
    std::optional<std::uint64_t> size;  // of a download, on the wire
};

// An option that the program does not know but somebody else does: nothing (it is not granted), its value in the OACK,
// or an end with ERROR 8.
using OptionAnswer = std::variant<std::monostate, std::string, Refusal>;
using OptionHandler = std::function<OptionAnswer(std::string_view name, std::string_view value)>;

struct Negotiated {
    std::uint16_t blksize = default_blksize;
    std::uint16_t window = 1;
    std::uint16_t rollover = 0;
    std::optional<Span> fixed_rto;
    std::optional<std::uint64_t> announced;  // of an upload: its tsize, unless 0
    bool asked_size = false;                 // tsize was granted
    std::string oack;                        // a whole packet; empty: there is none
    std::optional<Refusal> refused;          // by an OptionHandler
};

Negotiated negotiate(const Request& request, const OptionRules& rules, const OptionContext& context,
                     const OptionHandler& others = {});

// Whether this server knows the option itself.
bool is_known_option(std::string_view name);

// Whether the request has that option with a number.
std::optional<std::uint64_t> option_number(const Request& request, std::string_view name);

}  // namespace wherry::tftp
