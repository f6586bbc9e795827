#pragma once
// What is told about a request and its transfer: to the log, to whoever listens to events, in the metrics.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "access/transfer.h"
#include "tftp/effects.h"
#include "tftp/flow.h"
#include "wherry/events.h"

namespace wherry::tftp {

struct Terms {
    std::uint16_t blksize = 0;
    std::uint16_t window = 0;
    std::optional<std::uint64_t> size;  // bytes on the wire
};

// Where the file of a transfer is.
struct FilePlace {
    const Path* path = nullptr;        // null: a handler of the program's is in its place
    const void* filesystem = nullptr;  // of which
};

// The one of the flow's trees that has it; null: none.
const Tree* tree_of(const Flow& flow, const FilePlace& place);

struct EndReport {
    Ending ending = Ending::ok;
    FilePlace place;
    Terms granted;
    std::uint64_t bytes = 0;       // acknowledged, on the wire
    std::uint64_t blocks = 0;      // DATA packets
    std::uint64_t repeated = 0;    // of these
    std::uint64_t restarted = 0;   // likewise, for a gap
    std::uint64_t probes = 0;      // likewise
    std::uint64_t duplicates = 0;  // packets of the client that said nothing new
    std::uint32_t timeouts = 0;
    std::uint32_t gaps = 0;
    std::optional<Span> round_trip;
    std::optional<double> cached{};  // the part that this transfer has not had read itself
    std::string peer_error{};
    std::optional<event::TftpError> error{};
};

// Each tells whoever listens to events, and counts.
void tell_request(const Flow& flow, const Request& request);
void tell_refusal(const Flow& flow, const Request& request, const Refusal& refusal, std::string_view why);
// `oack`: as it will be sent; empty: there is none.
void tell_start(const Flow& flow, const FilePlace& place, const Terms& granted, std::string_view oack);
// And the log, with the path where it is not just the name, and the handler if one has answered:
// tftp RRQ 10.0.0.5:2070 "pxelinux.0" -> /10.0.0.5/pxelinux.0 ok 42312 B in 0.031 s blk 1468 win 4 rep 0 srtt 0.4 ms
void tell_end(const Flow& flow, const EndReport& report);

// The same for events and metrics of all protocols.
wherry::Outcome outcome_of(Ending ending);

}  // namespace wherry::tftp
