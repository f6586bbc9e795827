// What an operator sees of the requests and transfers of an engine.
#include <algorithm>
#include <chrono>

#include "tftp/engine.h"
#include "tftp/packet.h"
#include "tftp/server.h"
#include "tftp/trace.h"

namespace wherry::tftp {
namespace {

bool runs(const Flow& flow) { return flow.state == Flow::State::running && !flow.exchange->over(); }

}  // namespace

std::vector<TftpTransfer> Engine::transfers() const {
    std::vector<TftpTransfer> out;
    for (const FlowPtr& flow : flows_) {
        if (!runs(*flow)) continue;
        const auto request = parse_request(flow->request(), flow->settings().parse);
        const Progress progress = flow->exchange->progress();
        TftpTransfer& one = out.emplace_back();
        one.id = flow->serial;
        one.upload = direction_of(*flow) == TftpDirection::write;
        one.peer = flow->route.peer.ip();
        one.peer_port = flow->route.peer.port();
        if (request) one.name = request->name;
        one.bytes = progress.bytes;
        one.size = progress.size;
        one.age = std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - flow->began);
    }
    return out;
}

bool Engine::end_transfer(std::uint64_t serial) {
    const auto found =
        std::ranges::find_if(flows_, [&](const FlowPtr& flow) { return flow->serial == serial && runs(*flow); });
    if (found == flows_.end()) return false;
    const FlowPtr flow = held(*found);  // it leaves the table on the way
    flow->exchange->cancel(Ending::killed, ErrorCode::undefined, "Stopped by administrator");
    return true;
}

// --- watching

bool Engine::server_traces() const noexcept { return server_.traces(); }

void Engine::trace(const net::Address& peer, std::string_view way, Bytes packet) {
    Log& log = server_.commons().log;
    if (!log.writes(LogLevel::debug)) return;
    const PolicyPtr policy = server_.policy();
    if (!net::any_contains(policy->settings.debug_client, peer)) return;
    log.debug("tftp {} {}: {}", peer.text(), way, describe_packet(packet));
}

// --- counting

void Engine::drop(TftpDrop why) { server_.commons().metrics.add(Metric::tftp_dropped_total, why); }

void Engine::count_error(ErrorCode code) {
    server_.commons().metrics.add(Metric::tftp_errors_sent_total, tftp_code(static_cast<std::uint16_t>(code)));
}

void Engine::count_request(const Flow& flow, TftpOutcome outcome) {
    server_.commons().metrics.add(Metric::tftp_requests_total, direction_of(flow), outcome);
}

TftpDirection direction_of(const Flow& flow) noexcept {
    const bool upload = opcode_of(flow.request()) == static_cast<std::uint16_t>(Op::wrq);
    return upload ? TftpDirection::write : TftpDirection::read;
}

}  // namespace wherry::tftp
