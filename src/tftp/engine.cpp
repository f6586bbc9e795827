#include "tftp/engine.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "core/glob.h"
#include "tftp/observing.h"
#include "tftp/open.h"
#include "tftp/options.h"
#include "tftp/server.h"

namespace wherry::tftp {
namespace {

constexpr std::size_t arrivals_a_call = 64;
constexpr std::size_t usual_flows = 1024;
constexpr std::chrono::seconds refusal_kept{2};
constexpr std::chrono::milliseconds refusal_gap{500};
constexpr std::chrono::seconds tomb_kept{10};
using Quarter = std::chrono::duration<std::int64_t, std::ratio<1, 4>>;  // of a second
constexpr std::chrono::seconds live_silence{1};  // a request within that time of the last packet is a late copy
constexpr std::uint16_t first_own_opcode = 7;

// Nobody waits for it: the many that end within a quarter of a second wake the loop once.
Time roughly(Time at) { return Time(std::chrono::ceil<Quarter>(at.time_since_epoch())); }

}  // namespace

// --- flows

Flow::Flow(Engine& of, Route way, std::size_t number, std::shared_ptr<const std::byte[]> packet, std::size_t size)
    : engine(of),
      serial(of.next_serial()),
      route(way),
      listener(static_cast<std::uint16_t>(number)),
      packet_size_(static_cast<std::uint16_t>(size)),
      packet_(std::move(packet)),
      policy(of.server().policy()),
      timer(
          of.loop().timers(),
          [](void* self) {
              auto& flow = *static_cast<Flow*>(self);
              const Time now = flow.engine.loop().now();
              flow.engine.server().commons().metrics.took(Metric::tftp_timer_lag_seconds, now - flow.timer.due());
              if (flow.state != State::running) return flow_expired(flow);
              if (now < flow.last_moment()) return flow.exchange->on_timer(now);
              flow.exchange->cancel(Ending::limit, ErrorCode::undefined, "Transfer timed out");
          },
          this),
      began(of.loop().now()) {}

Flow::~Flow() = default;

Time Flow::last_moment() const noexcept {
    const auto most = settings().transfer_max;
    return most.count() > 0 && !exchange->over() ? began + most : Time::max();
}

void Flow::wake_at(Time due) { timer.set(std::min(due, last_moment())); }

std::uint32_t Flow::jitter() const {
    const std::uint32_t seed = engine.random();
    return settings().seed != 0 ? 0 : seed | 1U;
}

void Flow::send(std::string_view packet) {
    if (!tid) return;
    engine.trace_out(route.peer, bytes_of(packet));
    tid->outbox.add(route, packet);
}

std::size_t Engine::Hash::operator()(const Key& key) const noexcept {
    std::uint64_t hash = seed;
    const auto mix = [&](const net::Address& address) {
        std::array<std::uint64_t, 2> words{};
        std::memcpy(words.data(), address.bytes(), address.is_ipv6() ? 16 : 4);
        for (const std::uint64_t word : {words[0], words[1] ^ address.port()}) {
            hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
            hash ^= hash >> 29U;
        }
    };
    mix(key.peer);
    mix(key.local);
    return hash ^ key.listener;
}

// --- life

Engine::Engine(Server& server, net::Loop& loop)
    : server_(server),
      loop_(loop),
      scope_(loop),
      life_(loop),
      dice_(seed_of(server.at_start().seed)),
      flows_(usual_flows, Hash{dice_()}),
      arrivals_(arrivals_a_call),
      ended_(loop, -1) {}

Engine::~Engine() { loop_.forget(*this); }

void Engine::start() {
    started_ = true;
    for (Listener& listener : listeners_) listener.tid = lease(*listener.waiting);
    // Only now: requests that came before the start are looked at at once.
    for (Listener& listener : listeners_) scope_.start(receive(std::move(listener.waiting)));
    life_.start(run());
    check_end();
}

net::Task<void> Engine::run() {
    co_await ended_.readable();
    while (!flows_.empty()) forget(*FlowPtr(*flows_.begin()));
    for (Listener& listener : listeners_) {
        listener.tid.reset();
        listener.read.tids.clear();
        listener.write.tids.clear();
    }
    co_await scope_.join();
    server_.commons().outstanding.end();
}

void Engine::drain() {
    draining_ = true;
    check_end();
}

void Engine::stop() {
    draining_ = true;
    const std::vector<FlowPtr> all(flows_.begin(), flows_.end());
    for (const FlowPtr& flow : all) {
        if (flow->exchange && flow->alive()) {
            flow->exchange->cancel(Ending::shutdown, ErrorCode::undefined, "Server shutting down");
        }
        forget(*flow);
    }
    check_end();
}

// Those that only answer repeats are not waited for.
void Engine::check_end() {
    if (!draining_ || !started_) return;
    const bool busy = std::ranges::any_of(flows_, [](const FlowPtr& flow) {
        return flow->state == Flow::State::opening || (flow->state == Flow::State::running && !flow->exchange->over());
    });
    if (!busy) ended_.signal(true, false);
}

// --- packets

void Engine::receive_batch(Tid& tid, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const net::Arrival& arrival = arrivals_[i];
        if (arrival.cut) {
            drop(TftpDrop::malformed);
            continue;
        }
        net::each_datagram(arrival, [&](Bytes packet) { on_datagram(tid, arrival, packet); });
    }
}

void Engine::on_datagram(Tid& tid, const net::Arrival& arrival, Bytes packet) {
    // What others had sent while the socket was connected.
    if (tid.base && !(tid.last != nullptr && tid.last->route.peer == arrival.peer)) {
        return on_datagram(*tid.base, arrival, packet);
    }
    trace_in(arrival.peer, packet);
    const auto opcode = opcode_of(packet);
    if (!opcode) return drop(TftpDrop::malformed);
    const Op op = static_cast<Op>(*opcode);
    if (tid.takes_requests && (op == Op::rrq || op == Op::wrq)) return on_request(tid, arrival, op, packet);
    if (tid.takes_requests && *opcode >= first_own_opcode && on_own_opcode(tid, arrival, *opcode, packet)) return;
    if (!tid.takes_requests || server_.at_start().tid_mode == TidMode::single) {
        return on_transfer_packet(tid, arrival, op, packet);
    }
    drop(TftpDrop::opcode);
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

// The client that was heard last is often the one that is heard next.
Flow* Engine::flow_of(Tid& tid, const net::Arrival& arrival) {
    Flow* const last = tid.last;
    const bool again =
        last != nullptr && last->route.peer == arrival.peer && last->route.local.same_host(arrival.local);
    if (again) return last;
    const auto found = flows_.find(Key{arrival.peer, arrival.local.with_port(0), tid.listener});
    if (found == flows_.end() || !(*found)->tid) return nullptr;
    // What was there before the flow had a connected socket.
    if ((*found)->tid->base.get() == &tid) return found->get();
    if ((*found)->tid.get() != &tid) return nullptr;
    tid.in_a_row = 0;
    return tid.last = found->get();
}

void Engine::on_transfer_packet(Tid& tid, const net::Arrival& arrival, Op op, Bytes packet) {
    Flow* flow = flow_of(tid, arrival);  // stays until this turn is over, whatever becomes of it
    const FlowPtr other = flow != nullptr ? nullptr : at_any_port(tid, arrival);
    if (other) flow = other.get();
    if (flow != nullptr && flow->state == Flow::State::running) {
        if (flow->exchange->has_own_packets()) return flow->exchange->on_packet(loop_.now(), op, packet);
        if (packet.size() < 4) return drop(TftpDrop::malformed);
        if (op != Op::error && op != (direction_of(*flow) == TftpDirection::write ? Op::data : Op::ack)) {
            return drop(TftpDrop::opcode);
        }
        if (++tid.in_a_row == server_.at_start().connect_after) connect(*flow);
        return flow->exchange->on_packet(loop_.now(), op, packet);
    }
    drop(TftpDrop::unknown);
    // Only to data and ACKs: an answer to an ERROR could go on for ever.
    const bool asked = (op == Op::data || op == Op::ack) && packet.size() >= 4;
    const bool answer =
        asked && flow == nullptr && (!tid.takes_requests || server_.policy()->settings.single_port_answers);
    if (!answer || !sane_source(arrival)) return;
    if (!server_.admission().unknown_tid(loop_.now(), arrival.peer)) return;
    count_error(ErrorCode::unknown_tid);
    const std::string error = error_packet(ErrorCode::unknown_tid, "Unknown transfer ID");
    trace_out(arrival.peer, bytes_of(error));
    tid.outbox.add({arrival.peer, arrival.local, arrival.interface}, error);
}

// The transfer of a port of its own, for a client whose port changes on the way; null: there is none, or that is not
// allowed.
FlowPtr Engine::at_any_port(const Tid& tid, const net::Arrival& arrival) const {
    FlowPtr flow = tid.only.lock();
    return flow && !flow->settings().check_port && flow->route.peer.same_host(arrival.peer) ? flow : nullptr;
}

// --- requests

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

FlowPtr Engine::find(const Flow& flow) const {
    const auto found = flows_.find(key_of(flow));
    return found != flows_.end() && found->get() == &flow ? *found : nullptr;
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
    flow->timer.set(roughly(loop_.now() + refusal_kept));
    check_end();
}

void Engine::forget(Flow& flow) {
    if (flow.state == Flow::State::opening) count_request(flow, TftpOutcome::unanswered);
    flow.timer.cancel();
    flow.state = Flow::State::gone;
    flow.seat.leave();
    if (flow.tid && flow.tid->last == &flow) flow.tid->last = nullptr;
    const auto found = flows_.find(key_of(flow));
    if (found != flows_.end() && found->get() == &flow) {
        FlowPtr last = held(*found);
        flows_.erase(found);
        let_go(std::move(last));
    }
    check_end();
}

void Engine::bury(Flow& flow) {
    FlowPtr held = find(flow);
    if (!held || server_.at_start().tid_mode == TidMode::unique) return forget(flow);
    flow.state = Flow::State::over;
    flow.seat.leave();
    flow.timer.set(roughly(loop_.now() + tomb_kept));
    let_go(std::move(held));
    check_end();
}

// A call of the flow's own may be on the stack below us: what it has no more use for goes once that has returned.
void Engine::let_go(FlowPtr flow) {
    leaving_.push_back(std::move(flow));
    loop_.at_end_of_turn(*this);
}

void Engine::end_of_turn() {
    left_.swap(leaving_);
    for (const FlowPtr& flow : left_) {
        if (flow->state != Flow::State::over) continue;
        flow->exchange.reset();
        if (flow->tid->base) flow->tid = TidPtr(flow->tid->base);
    }
    left_.clear();
}

}  // namespace wherry::tftp
