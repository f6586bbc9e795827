#include "tftp/engine.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "tftp/observing.h"
#include "tftp/open.h"
#include "tftp/options.h"
#include "tftp/server.h"

namespace wherry::tftp {
namespace {

constexpr std::size_t arrivals_a_call = 64;
constexpr std::size_t usual_flows = 1024;
constexpr std::chrono::seconds tomb_kept{10};
using Quarter = std::chrono::duration<std::int64_t, std::ratio<1, 4>>;  // of a second
constexpr std::uint16_t first_own_opcode = 7;

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

void Flow::leave_about(Time due) { timer.set(Time(std::chrono::ceil<Quarter>(due.time_since_epoch()))); }

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

FlowPtr Engine::find(const Flow& flow) const {
    const auto found = flows_.find(key_of(flow));
    return found != flows_.end() && found->get() == &flow ? *found : nullptr;
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
    flow.leave_about(loop_.now() + tomb_kept);
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
