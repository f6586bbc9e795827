#include "tftp/own_exchange.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "net/lane.h"
#include "tftp/engine.h"
#include "tftp/server.h"

namespace wherry::tftp {
namespace {

static_assert(TftpExchange::most_packet <= Outbox::most_packet);

// As it is counted and told, for what the program says of its end.
Ending ending_of(Code code) noexcept {
    switch (code) {
        case Code::ok: return Ending::ok;
        case Code::timeout: return Ending::timeout;
        case Code::aborted:
        case Code::reset:
        case Code::closed: return Ending::client_error;
        case Code::denied: return Ending::refused;
        case Code::busy:
        case Code::quota:
        case Code::no_space: return Ending::limit;
        case Code::killed: return Ending::killed;
        default: return Ending::io_error;
    }
}

}  // namespace

OwnExchange::OwnExchange(const FlowPtr& flow, std::shared_ptr<TftpExchange> program)
    : flow_(*flow), program_(std::move(program)), heard_(flow->engine.loop().now()), sent_at_(heard_) {
    metrics().add(Metric::tftp_transfers, direction_of(flow_));
}

OwnExchange::~OwnExchange() {
    if (!ending_) end(Ending::cancelled);
}

Metrics& OwnExchange::metrics() noexcept { return flow_.engine.server().commons().metrics; }

// --- what happens

void OwnExchange::start(Time) {
    due_ = Due::start;
    set_timer();
    call();
}

void OwnExchange::on_packet(Time now, Op op, Bytes packet) {
    if (ending_) return;
    heard_ = now;
    verified_ = true;
    flow_.seat.verify();
    first_ = {};
    received_ += packet.size();
    if (op == Op::error && packet.size() >= data_header) {
        const ReceivedError error = parse_error(packet);
        peer_error_ = error.text;
        metrics().add(Metric::tftp_errors_received_total, tftp_code(error.code));
    }
    if (waiting_.size() == most_waiting || waiting_bytes_ + packet.size() > most_waiting_bytes) {
        metrics().add(Metric::tftp_dropped_total, TftpDrop::limit);
        return;
    }
    waiting_.emplace_back(reinterpret_cast<const char*>(packet.data()), packet.size());
    waiting_bytes_ += packet.size();
    set_timer();
    call();
}

// The client has not got the first answer, or has not got it yet.
void OwnExchange::on_duplicate_request(Time now) {
    if (ending_ || first_.empty() || repeats_ == most_request_repeats || now - sent_at_ < request_repeat_gap) return;
    ++repeats_;
    sent_at_ = now;
    if (flow_.engine.unverified_reply(flow_)) flow_.send(first_);
}

// Of a client that has not been heard of anybody could have forged it.
void OwnExchange::on_unreachable(Time) {
    peer_error_ = "unreachable";
    if (ending_ || !verified_) return;
    end(Ending::client_error);
    rest();
}

void OwnExchange::on_timer(Time now) {
    if (ending_) return;
    if (now >= silence_over()) {
        return verified_ ? cancel(Ending::timeout, ErrorCode::undefined, "Transfer timed out")
                         : cancel(Ending::unverified, ErrorCode::undefined, {});
    }
    if (alarm_ && now >= *alarm_ && !busy_) {
        due_ = Due::timer;
        call();
    }
    if (!ending_) set_timer();
}

void OwnExchange::cancel(Ending ending, ErrorCode code, std::string_view text) {
    if (ending_) return;
    if (verified_ && ending != Ending::superseded) say_error(code, text);
    end(ending);
    rest();
}

Progress OwnExchange::progress() const {
    return {direction_of(flow_) == TftpDirection::write ? received_ : sent_, std::nullopt};
}

// --- the program

void OwnExchange::call() {
    if (busy_ || ending_) return;
    const FlowPtr self = flow_.engine.find(flow_);
    if (!self) return;
    busy_ = true;
    flow_.engine.scope().start(work(self));
}

// Nothing else calls the program meanwhile.
net::Task<void> OwnExchange::work([[maybe_unused]] FlowPtr self) {
    while (!ending_ && (due_ != Due::nothing || !waiting_.empty())) {
        const auto next = co_await next_call();
        if (ending_) break;
        if (next) {
            follow(*next);
            continue;
        }
        flow_.engine.server().commons().log.warning("tftp: a conversation of a handler's: {}", next.error().message);
        if (verified_ || flow_.engine.unverified_reply(flow_)) say_error(ErrorCode::undefined, "Internal error");
        end(Ending::io_error, next.error().code);
    }
    if (ending_ && program_) co_await farewell(flow_.engine, std::move(program_), cause_);
    busy_ = false;
    if (ending_) rest();
}

net::Task<Result<TftpExchange::Next>> OwnExchange::next_call() {
    const Due due = std::exchange(due_, Due::nothing);
    std::string packet;
    if (due == Due::nothing) {
        packet = std::move(waiting_.front());
        waiting_.pop_front();
        waiting_bytes_ -= packet.size();
    }
    alarm_.reset();
    Engine& engine = flow_.engine;
    co_return co_await engine.server().commons().runtime.disk().run(
        engine.loop(), [&, program = program_.get()]() -> Result<TftpExchange::Next> {
            if (due == Due::start) return program->on_start();
            if (due == Due::timer) return program->on_timer();
            return program->on_packet(std::move(packet));
        });
}

net::Task<void> OwnExchange::farewell(Engine& engine, std::shared_ptr<TftpExchange> program, Code cause) {
    Commons& commons = engine.server().commons();
    const auto told = co_await commons.runtime.disk().run(engine.loop(), [&]() -> Result<void> {
        program->on_end(cause);
        return {};
    });
    if (!told) commons.log.warning("tftp: the end of a conversation of a handler's: {}", told.error().message);
}

void OwnExchange::follow(const TftpExchange::Next& next) {
    for (const std::string& packet : next.packets) send(packet);
    if (next.ended) return end(ending_of(*next.ended), next.ended);
    if (next.wake) {
        const Span wake = std::clamp<std::chrono::milliseconds>(*next.wake, std::chrono::milliseconds(0), longest_wake);
        alarm_ = flow_.engine.loop().now() + wake;
    }
    set_timer();
}

void OwnExchange::send(const std::string& packet) {
    const bool too_much = !verified_ && (packets_ >= most_unheard || packet.size() > TftpPacket::most_answer);
    if (packet.empty() || packet.size() > TftpExchange::most_packet || too_much) {
        if (!std::exchange(said_too_much_, true)) {
            flow_.engine.server().commons().log.warning(
                "tftp: a conversation of a handler's wants to send {} bytes to {}, "
                "which it may not{}",
                packet.size(), flow_.route.peer.text(), too_much ? " before that client has been heard of" : "");
        }
        return;
    }
    if (!verified_ && !flow_.engine.unverified_reply(flow_)) return;
    if (!verified_ && first_.empty()) first_ = packet;
    ++packets_;
    sent_ += packet.size();
    sent_at_ = flow_.engine.loop().now();
    flow_.send(packet);
}

// --- the end

void OwnExchange::say_error(ErrorCode code, std::string_view text) {
    flow_.engine.count_error(code);
    flow_.send(error_packet(code, text));
}

Time OwnExchange::silence_over() const { return heard_ + (verified_ ? flow_.settings().timing.stall : Span(unheard)); }

void OwnExchange::set_timer() { flow_.wake_at(alarm_ ? std::min(*alarm_, silence_over()) : silence_over()); }

void OwnExchange::end(Ending ending, std::optional<Code> cause) {
    ending_ = ending;
    cause_ = cause.value_or(outcome_of(ending).cause);
    waiting_.clear();
    first_ = {};
    flow_.timer.cancel();
    tell_end(flow_, {.ending = ending, .bytes = progress().bytes, .blocks = packets_, .peer_error = peer_error_});
    flow_.seat.leave();
    flow_.engine.settle();
    // A call that is under way says farewell when it is done.
    if (!busy_ && program_) flow_.engine.scope().start(farewell(flow_.engine, std::move(program_), cause_));
}

// What still comes of it is no stranger's. A call that is under way uses all
// this until it is done.
void OwnExchange::rest() {
    if (!busy_) flow_.engine.bury(flow_);
}

}  // namespace wherry::tftp
