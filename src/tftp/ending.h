#pragma once
// What is told about a transfer that has ended.
#include <cstdint>
#include <optional>
#include <string>

#include "access/transfer.h"
#include "tftp/effects.h"
#include "tftp/flow.h"

namespace wherry::tftp {

struct EndReport {
    Ending ending = Ending::ok;
    std::uint64_t bytes = 0;  // acknowledged, on the wire
    std::uint16_t blksize = 0;
    std::uint16_t window = 0;
    std::uint64_t repeated = 0;  // packets
    std::optional<Span> round_trip;
    std::string peer_error;
};

// tftp RRQ 10.0.0.5:2070 "pxelinux.0" ok 42312 B in 0.031 s blk 1468 win 4 rep 0 srtt 0.4 ms
void log_end(const Flow& flow, const EndReport& report);

// The same for events and metrics of all protocols.
wherry::Outcome outcome_of(Ending ending);

}  // namespace wherry::tftp
