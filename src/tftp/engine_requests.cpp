// Requests: whether they are answered at all, repeats of them, and those that are refused.
#include <algorithm>
#include <utility>

#include "core/glob.h"
#include "tftp/engine.h"
#include "tftp/open.h"
#include "tftp/options.h"
#include "tftp/server.h"

namespace wherry::tftp {
namespace {

constexpr std::chrono::seconds refusal_kept{2};
constexpr std::chrono::milliseconds refusal_gap{500};
constexpr std::chrono::seconds live_silence{1};  // a request within that time of the last packet is a late copy

}  // namespace

// Why no answer of any kind is given.
std::optional<TftpDrop> Engine::unfit(const net::Arrival& arrival, Bytes packet) const {
    // It came before the socket was told to say where to (see Datagrams::adopt): the answer would leave from another
    // address than the client has asked. It will ask again.
    const bool lost = arrival.local.is_unspecified();
    if (lost || !sane_source(arrival)) return TftpDrop::source;
    if (packet.size() > max_request) return TftpDrop::malformed;
    return std::nullopt;
}

bool Engine::sane_source(const net::Arrival& arrival) const {
    const net::Address& peer = arrival.peer;
    const PolicyPtr policy = server_.policy();
    const auto& ports = policy->settings.refuse_source_ports;
    if (peer.port() == 0 || std::find(ports.begin(), ports.end(), peer.port()) != ports.end()) return false;
    if (peer.is_unspecified()) return false;
    const std::uint8_t first = peer.bytes()[0];
    if (peer.is_ipv6() ? first == 0xff : first >= 224) return false;  // multicast and broadcast
    // Our own port: two servers, or one with itself, could answer each other.
    return std::none_of(listeners_.begin(), listeners_.end(), [&](const Listener& one) {
        return one.address.port() == peer.port() &&
               (one.address.same_host(peer) || arrival.local.same_host(peer) || peer.is_loopback());
    });
}

void Engine::on_request(Tid& tid, const net::Arrival& arrival, Op op, Bytes packet) {
    Metrics& metrics = server_.commons().metrics;
    const PolicyPtr policy = server_.policy();
    const Settings& settings = policy->settings;
    if (const auto why = unfit(arrival, packet)) return drop(*why);
    const bool quiet = arrival.to_many;  // RFC 1123 4.2.3.5: a broadcast request is not answered
    if (quiet && (!settings.answer_broadcast || op == Op::wrq)) return drop(TftpDrop::broadcast);
    if (!settings.interfaces.empty()) {
        const std::string name = tid.socket->name_of(arrival.interface);
        const auto fits = [&](const std::string& pattern) { return glob_matches(pattern, name); };
        if (std::ranges::none_of(settings.interfaces, fits)) return drop(TftpDrop::interface);
    }
    const Route route{arrival.peer, arrival.local, arrival.interface};
    const auto known = flows_.find(Key{route.peer, route.local.with_port(0), tid.listener});
    std::uint16_t port_before = 0;
    if (known != flows_.end()) {
        const FlowPtr before = held(*known);
        if (before->tid) port_before = before->tid->socket->local().port();
        if (on_repeated_request(before, packet)) return metrics.add(Metric::tftp_duplicate_requests_total);
    }
    if (draining_) return drop(TftpDrop::stopping);
    if (!server_.admission().request(loop_.now(), arrival.peer)) return drop(TftpDrop::rate);
    auto flow = std::make_shared<Flow>(*this, route, tid.listener, kept(packet), packet.size());
    flow->not_port = port_before;
    flow->quiet = quiet;
    if (server_.at_start().tid_mode == TidMode::single) flow->tid = listeners_[tid.listener].tid;
    flow->seat = server_.admission().begin(loop_.now(), arrival.peer);
    if (!flow->seat) {
        drop(TftpDrop::limit);
        if (settings.limit_answer_error) refuse(flow, {ErrorCode::undefined, "Server busy"});
        return;
    }
    flows_.insert(flow);
    scope_.start(open_request(std::move(flow)));
}

// A rack of machines that boot asks for the same in the same words, and one copy of them is enough.
std::shared_ptr<const std::byte[]> Engine::kept(Bytes packet) {
    const std::string_view text(reinterpret_cast<const char*>(packet.data()), packet.size());
    LastRequest& last = last_requests_[std::hash<std::string_view>{}(text) % last_requests_.size()];
    if (auto bytes = last.bytes.lock(); bytes && std::ranges::equal(Bytes(bytes.get(), last.size), packet))
        return bytes;
    auto bytes = std::make_shared<std::byte[]>(packet.size());
    std::ranges::copy(packet, bytes.get());
    last = {bytes, packet.size()};
    return bytes;
}

// True: nothing new is to begin.
bool Engine::on_repeated_request(const FlowPtr& flow, Bytes packet) {
    const Time now = loop_.now();
    const bool same = std::ranges::equal(flow->request(), packet);
    switch (flow->state) {
        case Flow::State::opening:
            if (same) return true;
            break;
        case Flow::State::refused:
            if (!same) break;
            if (now - flow->refused->at >= refusal_gap && unverified_reply(*flow)) {
                flow->refused->at = now;
                count_error(flow->refused->code);
                flow->send(flow->refused->packet);
            }
            return true;
        case Flow::State::running:
            if (flow->exchange->over() || !same) break;
            if (!flow->exchange->verified()) {
                flow->exchange->on_duplicate_request(now);
                return true;
            }
            if (now - flow->exchange->last_heard() < live_silence) return true;
            break;
        case Flow::State::over: break;
        case Flow::State::gone: return false;
    }
    const bool running = flow->state == Flow::State::running && !flow->exchange->over();
    if (running) flow->exchange->cancel(Ending::superseded, ErrorCode::undefined, {});
    forget(*flow);
    return false;
}

bool Engine::unverified_reply(const Flow& flow) {
    if (server_.admission().unverified_reply(loop_.now(), flow.route.peer)) return true;
    server_.commons().metrics.add(Metric::tftp_unverified_drops_total);
    return false;
}

void Engine::refuse(const FlowPtr& flow, const Refusal& refusal) {
    if (!flow->alive()) return;
    if (flow->quiet) {
        flow->state = Flow::State::refused;
        return forget(*flow);
    }
    if (!flow->tid) flow->tid = from_pool(*flow, false);
    flow->state = Flow::State::refused;
    flow->refused = std::make_unique<Flow::Refused>(
        Flow::Refused{error_packet(refusal.code, refusal.text), loop_.now(), refusal.code});
    flow->seat.leave();
    if (unverified_reply(*flow)) {
        count_error(refusal.code);
        flow->send(flow->refused->packet);
    }
    if (!flows_.contains(key_of(*flow))) return;
    flow->leave_about(loop_.now() + refusal_kept);
    check_end();
}

// --- packets of opcodes that the program has brought along

bool Engine::on_own_opcode(const Tid& tid, const net::Arrival& arrival, std::uint16_t opcode, Bytes packet) {
    const TftpOpcodeHandler* const handler = server_.opcode(opcode);
    if (handler == nullptr) return false;
    const Time now = loop_.now();
    Admission& admission = server_.admission();
    auto why = unfit(arrival, packet);
    if (!why && arrival.to_many) why = TftpDrop::broadcast;
    if (!why && draining_) why = TftpDrop::stopping;
    if (!why && !admission.request(now, arrival.peer)) why = TftpDrop::rate;
    auto seat = why ? Admission::Seat() : admission.begin(now, arrival.peer);
    if (!seat) {
        drop(why.value_or(TftpDrop::limit));
        return true;
    }
    TftpPacket described;
    described.bytes.assign(reinterpret_cast<const char*>(packet.data()), packet.size());
    described.peer = arrival.peer.ip();
    described.peer_port = arrival.peer.port();
    described.local = arrival.local.ip();
    scope_.start(answer_own_opcode(listeners_[tid.listener].tid, {arrival.peer, arrival.local, arrival.interface},
                                   std::move(described), *handler, std::move(seat)));
    return true;
}

net::Task<void> Engine::answer_own_opcode(TidPtr tid, Route route, TftpPacket packet, const TftpOpcodeHandler& handler,
                                          [[maybe_unused]] Admission::Seat seat) {
    Commons& commons = server_.commons();
    const auto answer = co_await commons.runtime.disk().run(
        loop_, [&]() -> Result<std::optional<std::string>> { return handler(packet); });
    if (!answer) {
        commons.log.warning("tftp: a packet of opcode {}: {}", *opcode_of(bytes_of(packet.bytes)),
                            answer.error().message);
    } else if (!*answer || (*answer)->size() > TftpPacket::most_answer) {
        co_return;
    }
    if (server_.admission().unverified_reply(loop_.now(), route.peer)) {
        if (!answer) count_error(ErrorCode::undefined);
        const std::string words = answer ? **answer : error_packet(ErrorCode::undefined, "Internal error");
        trace_out(route.peer, bytes_of(words));
        tid->outbox.add(route, words);
    } else {
        commons.metrics.add(Metric::tftp_unverified_drops_total);
    }
}

}  // namespace wherry::tftp
