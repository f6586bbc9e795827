// What an operator and the program see of the requests and transfers of an engine.
#include <algorithm>
#include <memory>

#include "tftp/ending.h"
#include "tftp/engine.h"
#include "tftp/observing.h"
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
        out.push_back(describe_transfer(*flow));
    }
    return out;
}

void Engine::tell_started(const Flow& flow) {
    Observers& observers = server_.observers();
    if (!observers.any()) return;
    if (!progress_) progress_ = std::make_unique<ProgressTick>(*this);
    progress_->begin();
    TftpTransfer about = describe_transfer(flow);
    about.id = server_.id_of(*this, about.id);
    observers.started(loop_, std::move(about));
}

void Engine::tell_finished(const Flow& flow, const EndReport& report) {
    Observers& observers = server_.observers();
    if (!observers.any()) return;
    TftpTransfer about = describe_transfer(flow);
    about.id = server_.id_of(*this, about.id);
    about.bytes = report.bytes;
    observers.finished(loop_, std::move(about), outcome_of(report.ending).cause);
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
