#include "tftp/ending.h"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>
#include <memory>

#include "core/text.h"
#include "tftp/engine.h"
#include "tftp/open.h"
#include "tftp/server.h"

namespace wherry::tftp {

namespace {

Metrics& metrics_of(const Flow& flow) { return flow.engine.server().commons().metrics; }
EventBus& events_of(const Flow& flow) { return flow.engine.server().commons().events; }

std::string_view handler_of(const Flow& flow) {
    if (flow.handler == 0) return {};
    return flow.engine.server().handlers()[flow.handler - std::size_t{1}].pattern;
}

using Details = event::TftpDetails;
using DetailsPtr = std::shared_ptr<Details>;

// What `out` says of the request; its details are still to be completed.
DetailsPtr describe(const Flow& flow, const Request& request, const FilePlace& place, event::TftpAsked& out) {
    const Tree* const tree = tree_of(flow, place);
    out.session = session_of(flow, tree);
    auto details = std::make_shared<Details>();
    details->id = flow.engine.server().id_of(flow.engine, flow.serial);
    if (const auto mac = flow.engine.mac_of(flow)) details->mac = mac->text();
    details->interface = flow.engine.interface_of(flow);
    for (const OptionPair& pair : request.options) details->options.emplace_back(pair.name, pair.value);
    details->handler = handler_of(flow);
    if (tree != nullptr && !tree->folder.empty()) details->file = tree->id_of(*place.path);
    out.details = details;
    out.upload = direction_of(flow) == TftpDirection::write;
    out.name = request.name;
    out.text = request.mode == Mode::netascii;
    return details;
}

DetailsPtr describe(const Flow& flow, const FilePlace& place, const Terms& granted, event::TftpStarted& out) {
    const auto request = parse_request(flow.request(), flow.settings().parse);
    auto details = describe(flow, request ? *request : Request(), place, out);
    if (place.path != nullptr) out.path = *place.path;
    out.block_size = granted.blksize;
    out.window_size = granted.window;
    out.size = granted.size;
    return details;
}

template <class Kind>
Kind ended(const Flow& flow, const EndReport& report) {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    Kind out;
    const DetailsPtr details = describe(flow, report.place, report.granted, out);
    details->restarted = report.restarted;
    details->probes = report.probes;
    details->duplicates = report.duplicates;
    details->cached = report.cached;
    details->error = report.error;
    out.result = name_of(report.ending);
    out.bytes = report.bytes;
    out.blocks = report.blocks;
    out.repeated = report.repeated;
    out.timeouts = report.timeouts;
    out.gaps = report.gaps;
    if (report.round_trip) out.round_trip = duration_cast<microseconds>(*report.round_trip);
    out.duration = duration_cast<microseconds>(flow.engine.loop().now() - flow.began);
    out.peer_error = report.peer_error;
    return out;
}

void publish_end(const Flow& flow, const EndReport& report) {
    EventBus& events = events_of(flow);
    const bool complete = report.ending == Ending::ok || report.ending == Ending::ok_unconfirmed;
    if (report.ending == Ending::probe) {
        events.publish<event::TftpProbed>([&] { return ended<event::TftpProbed>(flow, report); });
    } else if (!complete) {
        events.publish<event::TftpFailed>([&] { return ended<event::TftpFailed>(flow, report); });
    } else if (direction_of(flow) == TftpDirection::write) {
        events.publish<event::TftpUploaded>([&] { return ended<event::TftpUploaded>(flow, report); });
    } else {
        events.publish<event::TftpDone>([&] { return ended<event::TftpDone>(flow, report); });
    }
}

void count_end(const Flow& flow, const EndReport& report) {
    Metrics& metrics = metrics_of(flow);
    const TftpDirection direction = direction_of(flow);
    metrics.add(Metric::tftp_transfers, direction, -1);
    metrics.add(Metric::tftp_transfers_total, direction, report.ending);
    metrics.add(Metric::tftp_bytes_total, direction, static_cast<std::int64_t>(report.bytes));
    metrics.add(Metric::tftp_timeouts_total, report.timeouts);
    metrics.add(Metric::tftp_gaps_total, report.gaps);
    metrics.took(Metric::tftp_transfer_seconds, flow.engine.loop().now() - flow.began);
    if (report.round_trip) metrics.took(Metric::tftp_rtt_seconds, *report.round_trip);
}

// " -> /10.0.0.5/pxelinux.0"; empty if it says no more than the name.
std::string arrow(const Path* path, std::string_view name) {
    if (path == nullptr || path->text() == name || path->text().substr(1) == name) return {};
    return " -> " + for_log(path->text(), Path::max_length);
}

void log_end(const Flow& flow, const EndReport& report) {
    Log& log = flow.engine.server().commons().log;
    if (!log.writes(LogLevel::info)) return;
    const auto parsed = parse_request(flow.request(), flow.settings().parse);
    const Request request = parsed ? *parsed : Request();
    const std::chrono::duration<double> took = flow.engine.loop().now() - flow.began;
    std::string line = fmt::format("tftp {}{} {} {} B in {:.3f} s blk {} win {} rep {}", describe(flow, request),
                                   arrow(report.place.path, request.name), name_of(report.ending), report.bytes,
                                   took.count(), report.granted.blksize, report.granted.window, report.repeated);
    if (report.round_trip) {
        const std::chrono::duration<double, std::milli> round_trip = *report.round_trip;
        fmt::format_to(std::back_inserter(line), " srtt {:.1f} ms", round_trip.count());
    }
    if (flow.handler != 0) fmt::format_to(std::back_inserter(line), " handler \"{}\"", for_log(handler_of(flow)));
    if (!report.peer_error.empty()) {
        fmt::format_to(std::back_inserter(line), " said \"{}\"", for_log(report.peer_error));
    }
    log.info("{}", line);
}

}  // namespace

const Tree* tree_of(const Flow& flow, const FilePlace& place) {
    if (place.path == nullptr) return nullptr;
    for (const Tree& tree : flow.policy->trees) {
        if (tree.user->filesystem.get() == place.filesystem) return &tree;
    }
    return nullptr;
}

void tell_request(const Flow& flow, const Request& request) {
    events_of(flow).publish<event::TftpRequested>([&] {
        event::TftpRequested out;
        describe(flow, request, {}, out);
        return out;
    });
}

void tell_refusal(const Flow& flow, const Request& request, const Refusal& refusal, std::string_view why) {
    flow.engine.count_request(flow, TftpOutcome::refused);
    events_of(flow).publish<event::TftpRefused>([&] {
        event::TftpRefused out;
        describe(flow, request, {}, out);
        out.code = static_cast<std::uint16_t>(refusal.code);
        out.reason = refusal.text;
        out.why = why;
        return out;
    });
}

void tell_start(const Flow& flow, const FilePlace& place, const Terms& granted, std::string_view oack) {
    events_of(flow).publish<event::TftpStarted>([&] {
        event::TftpStarted out;
        const DetailsPtr details = describe(flow, place, granted, out);
        if (Request pairs; !oack.empty() && parse_oack(bytes_of(oack), pairs)) {
            for (const OptionPair& pair : pairs.options) details->granted.emplace_back(pair.name, pair.value);
        }
        return out;
    });
}

void tell_end(const Flow& flow, const EndReport& report) {
    count_end(flow, report);
    log_end(flow, report);
    flow.engine.tell_finished(flow, report);
    publish_end(flow, report);
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
