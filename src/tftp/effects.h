#pragma once
// What the two exchange machines have in common: how a transfer can end, what a call asks its driver to do, and the
// times. The machines are pure: no clock, no socket, no file, no thread. The time is an argument; after each call the
// driver does what stands in the Effects and sets one alarm for the machine's deadline().
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "observe/metric_labels.h"
#include "tftp/packet.h"
#include "tftp/rto.h"

namespace wherry::tftp {

// How a transfer ended.
enum class Ending : std::uint8_t {
    ok,
    ok_unconfirmed,  // a download: all was sent, the last ACK never came
    probe,           // the client took the size out of the OACK and said good-bye
    refused,         // the request was answered with an ERROR
    client_error,    // the client sent an ERROR, or its port is closed
    timeout,
    unverified,  // no sign of life after the first reply
    superseded,  // the client started anew
    io_error,
    changed,  // the file became another one meanwhile
    limit,
    shutdown,
    killed,  // by the operator
    cancelled,
};
std::string_view name_of(Ending ending) noexcept;

// DATA blocks to be sent now; the driver makes them from the file.
struct SendRange {
    enum class Why : std::uint8_t { first_time, restart, timeout, probe };
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    Why why = Why::first_time;
};

struct Effects {
    bool oack = false;                 // send the OACK
    std::optional<std::uint16_t> ack;  // send an ACK of this number
    std::optional<SendRange> data;     // downloads only
    std::optional<TftpAck> heard;      // downloads only: what the ACK was
    std::optional<Refusal> error;      // send an ERROR
    bool commit = false;               // uploads only: all bytes are here
    std::optional<Ending> ended;       // once
};

// Shared by all transfers of a policy: machines refer to it, and it must outlive them.
struct Timing {
    Rto::Bounds rto;
    Span stall = std::chrono::seconds(60);          // without progress; at least five of the client's own time-outs
    Span final_ack_wait = std::chrono::seconds(5);  // for the ACK of the last block, before it counts as unconfirmed
    Span dally = std::chrono::seconds(10);          // a finished upload goes on answering repeats
    Span starved = std::chrono::seconds(30);        // without data from the file
    std::optional<Span> pace;                       // between the blocks of a window; not set: found out
    bool tail_probe = true;
    std::uint8_t oack_repeats = 3;  // to a client that has given no sign of life; ACK 0 as well
    std::uint8_t data_repeats = 1;
};

// Repeats of the first reply that duplicates of a request may ask for.
inline constexpr int most_request_repeats = 8;
inline constexpr Span request_repeat_gap = std::chrono::milliseconds(50);

}  // namespace wherry::tftp

namespace wherry {

template <>
inline constexpr std::size_t label_values<tftp::Ending> = static_cast<std::size_t>(tftp::Ending::cancelled) + 1;
template <>
inline constexpr std::size_t label_values<tftp::SendRange::Why> =
    static_cast<std::size_t>(tftp::SendRange::Why::probe) + 1;
static_assert(label_values<tftp::Ending> == tftp_endings);
static_assert(label_values<tftp::SendRange::Why> == tftp_causes_to_send);

}  // namespace wherry
