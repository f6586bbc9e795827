#include "tftp/ending.h"

#include <fmt/format.h>

#include <iterator>

#include "core/text.h"
#include "tftp/engine.h"
#include "tftp/open.h"
#include "tftp/server.h"

namespace wherry::tftp {

void log_end(const Flow& flow, const EndReport& report) {
    Log& log = flow.engine.server().commons().log;
    if (!log.writes(LogLevel::info)) return;
    const auto parsed = parse_request(flow.request(), flow.settings().parse);
    const std::chrono::duration<double> took = flow.engine.loop().now() - flow.began;
    std::string line =
        fmt::format("tftp {} {} {} B in {:.3f} s blk {} win {} rep {}", describe(flow, parsed ? *parsed : Request()),
                    name_of(report.ending), report.bytes, took.count(), report.blksize, report.window, report.repeated);
    if (report.round_trip) {
        const std::chrono::duration<double, std::milli> round_trip = *report.round_trip;
        fmt::format_to(std::back_inserter(line), " srtt {:.1f} ms", round_trip.count());
    }
    if (!report.peer_error.empty()) {
        fmt::format_to(std::back_inserter(line), " said \"{}\"", for_log(report.peer_error));
    }
    log.info("{}", line);
}

wherry::Outcome outcome_of(Ending ending) {
    using wherry::Outcome;
    switch (ending) {
        case Ending::ok:
        case Ending::ok_unconfirmed: return {};
        case Ending::timeout:
        case Ending::unverified: return Outcome::network(Code::timeout);
        case Ending::probe:
        case Ending::superseded:
        case Ending::client_error: return Outcome::network(Code::aborted);
        case Ending::refused: return Outcome::file(Code::denied);
        case Ending::io_error:
        case Ending::changed: return Outcome::file(Code::io);
        case Ending::limit: return Outcome::file(Code::busy);
        case Ending::shutdown:
        case Ending::killed:
        case Ending::cancelled: return Outcome::network(Code::killed);
    }
    return Outcome::network(Code::internal);
}

}  // namespace wherry::tftp
