#include "tftp/write_machine.h"

#include <algorithm>

namespace wherry::tftp {
namespace {

using std::chrono::milliseconds;

constexpr Span gap_wait = milliseconds(5);
constexpr Span repeat_gap = milliseconds(10);
constexpr Span dally_gap = milliseconds(50);
constexpr int most_dally_acks = 8;
constexpr Span longest_dally = std::chrono::seconds(60);

}  // namespace

void WriteMachine::start(Time now, Effects& out) {
    progress_ = heard_ = first_sent_ = acked_at_ = now;
    if (options_.silent_start) {
        rtx_ = now + rto_.get(timing_.rto);
        return;
    }
    first_reply(now, out);
}

void WriteMachine::first_reply(Time now, Effects& out) {
    first_sent_ = now;
    if (options_.oack && received_ == 0) {
        out.oack = true;
    } else {
        out.ack = wire_number(received_, options_.rollover);
    }
    rtx_ = now + rto_.get(timing_.rto);
}

void WriteMachine::acknowledge(Time now, Effects& out) {
    out.ack = wire_number(received_, options_.rollover);
    acked_ = received_;
    acked_at_ = now;
    rtx_ = now + rto_.get(timing_.rto);
    gap_.reset();
    out_of_order_ = 0;
    ack_owed_ = false;
    may_sample_ = tries_ == 0;
}

// At once, unless the client has to wait.
void WriteMachine::answer(Time now, Effects& out) {
    if (must_wait(now)) {
        ack_owed_ = true;
    } else {
        acknowledge(now, out);
    }
}

void WriteMachine::accept(Time now, Bytes payload, Sink& sink) {
    if (may_sample_ && received_ == acked_ && received_ > 0)
        rto_.sample(std::max<Span>(Span(1), now - acked_at_), timing_.rto);
    may_sample_ = false;
    ++received_;
    ++counts_.blocks;
    unwritten_ += payload.size();
    if (!payload.empty()) sink.take(payload);
    final_ = payload.size() < options_.blksize;
}

// What came too early and is now next.
void WriteMachine::accept_early(Sink& sink, Time now) {
    for (auto next = early_.begin(); next != early_.end() && !final_; next = early_.begin()) {
        if (next->first > received_ + 1) return;
        const auto bytes = std::move(next->second);
        budget_->give(bytes.size());
        const bool wanted = next->first == received_ + 1;
        early_.erase(next);
        if (wanted) accept(now, bytes, sink);
    }
}

void WriteMachine::on_data(Time now, std::uint16_t wire, Bytes payload, Sink& sink, Effects& out) {
    heard_ = now;
    if (dally_) return on_dally_data(now, wire, out);
    if (ended_ || committing_) return;
    const std::uint64_t low = received_ + 1 > options_.window ? received_ - options_.window + 1 : 1;
    // None beyond the window that was asked for last: else a client that waits for no ACK would set rate and memory.
    const auto block = block_of_wire(wire, low, acked_ + options_.window, options_.rollover);
    if (!block) {
        ++counts_.ignored;
        return;
    }
    if (payload.size() > options_.blksize) {
        return cancel(Ending::client_error, ErrorCode::illegal, "Illegal TFTP operation", out, true);
    }
    verified_ = true;
    if (*block <= received_) return on_duplicate(now, *block, out);
    if (*block > received_ + 1) return on_gap(now, *block, payload, out);
    accept(now, payload, sink);
    accept_early(sink, now);
    progress_ = now;
    tries_ = 0;
    rto_.progress();
    rtx_ = now + rto_.get(timing_.rto);
    const bool window_over = received_ - acked_ >= options_.window;
    if (early_.empty()) {
        gap_.reset();
        out_of_order_ = 0;
        if (!window_over) ack_owed_ = false;  // it was for a gap
    }
    if (final_) {
        gap_.reset();
        drop_early();
        committing_ = true;
        rtx_.reset();
        out.commit = true;
        if (options_.ack_at_receipt) acknowledge(now, out);
    } else if (window_over) {
        answer(now, out);
    }
}

// Our ACK was lost, or the network has doubled the block.
void WriteMachine::on_duplicate(Time now, std::uint64_t block, Effects& out) {
    ++counts_.duplicates;
    if (block > acked_ || ack_owed_) return;
    if (options_.window == 1 || now - acked_at_ >= repeat_gap) {
        answer(now, out);
        may_sample_ = false;
    }
}

void WriteMachine::on_gap(Time now, std::uint64_t block, Bytes payload, Effects& out) {
    if (!early_.contains(block) && budget_->take(payload.size())) {
        early_.emplace(block, std::vector<std::byte>(payload.begin(), payload.end()));
    }
    ++out_of_order_;
    if (told_gap_ == received_) return;
    const bool window_over = block >= acked_ + options_.window || payload.size() < options_.blksize;
    if (out_of_order_ >= options_.reorder_blocks || window_over) {
        told_gap_ = received_;
        ++counts_.gaps;
        answer(now, out);
        may_sample_ = false;
    } else if (!gap_) {
        gap_ = now + gap_wait;
    }
}

void WriteMachine::on_dally_data(Time now, std::uint16_t wire, Effects& out) {
    const std::uint64_t low = received_ + 1 > options_.window ? received_ - options_.window + 1 : 1;
    if (!block_of_wire(wire, low, received_, options_.rollover)) return;
    if (options_.window > 1 && now - acked_at_ < dally_gap) return;
    if (++dally_acks_ > most_dally_acks) return;
    acked_at_ = now;
    out.ack = wire_number(received_, options_.rollover);
}

void WriteMachine::on_error(Time now, Effects& out) {
    heard_ = now;
    if (ended_) {
        dally_.reset();
        return;
    }
    verified_ = true;
    if (!publishing_) end(Ending::client_error, out);
}

void WriteMachine::on_unreachable(Effects& out) {
    if (!ended_ && !publishing_ && (verified_ || tries_ >= 1)) end(Ending::client_error, out);
}

void WriteMachine::on_duplicate_request(Time now, Effects& out) {
    if (ended_ || verified_ || request_repeats_ >= most_request_repeats) return;
    if (now - first_sent_ < request_repeat_gap) return;
    ++request_repeats_;
    const auto rtx = rtx_;
    first_reply(now, out);
    rtx_ = rtx;
}

void WriteMachine::on_timer(Time now, Effects& out) {
    if (dally_) {
        if (now >= *dally_) dally_.reset();
        return;
    }
    if (ended_ || committing_) return;
    if (gap_ && now >= *gap_) {
        gap_.reset();
        if (told_gap_ == received_) return;
        told_gap_ = received_;
        ++counts_.gaps;
        answer(now, out);
        may_sample_ = false;
        return;
    }
    if (ack_owed_ && !must_wait(now)) {
        acknowledge(now, out);
        if (told_gap_ == received_) may_sample_ = false;
        return;
    }
    if (!rtx_ || now < *rtx_) return;
    if (ack_owed_ || now < hold_) {
        rtx_ = now + rto_.get(timing_.rto);  // we make the client wait, not it us
        progress_ = now;
        return;
    }
    ++tries_;
    ++counts_.timeouts;
    rto_.timed_out();
    if (!verified_ && tries_ > timing_.oack_repeats) return end(Ending::unverified, out);
    const Span stall = std::max(timing_.stall, rto_.fixed() ? 5 * *rto_.fixed() : Span(0));
    if (now - progress_ >= stall) {
        return cancel(Ending::timeout, ErrorCode::undefined, "Transfer timed out", out);
    }
    told_gap_.reset();
    if (received_ > 0 || !options_.silent_start) {
        acked_ = received_;
        first_reply(now, out);
    }
    may_sample_ = false;
    rtx_ = now + rto_.get(timing_.rto);
}

void WriteMachine::written(Time now, std::size_t bytes, Effects& out) {
    unwritten_ -= std::min(unwritten_, bytes);
    if (!ended_ && !committing_ && ack_owed_ && !must_wait(now)) acknowledge(now, out);
}

void WriteMachine::publish_late(Effects& out) {
    if (!publishing_ || given_up_) return;
    given_up_ = true;
    out.error = Refusal{ErrorCode::undefined, "Internal error"};
}

void WriteMachine::committed(Time now, std::optional<Refusal> failure, Effects& out) {
    if (ended_ || !committing_) return;
    committing_ = publishing_ = false;
    if (failure) {
        if (!given_up_) out.error = std::move(failure);
        return end(Ending::io_error, out);
    }
    if (given_up_) return end(Ending::ok, out);
    if (!options_.ack_at_receipt) acknowledge(now, out);
    end(Ending::ok, out);
    rtx_.reset();
    const Span wait = std::max(timing_.dally, rto_.fixed() ? 2 * *rto_.fixed() + std::chrono::seconds(1) : Span(0));
    dally_ = now + std::min(wait, longest_dally);
}

void WriteMachine::cancel(Ending ending, ErrorCode code, std::string_view text, Effects& out, bool always) {
    if (ended_) {
        dally_.reset();
        return;
    }
    if (publishing_) return;
    if (verified_ || always) out.error = Refusal{code, std::string(text)};
    out.ack.reset();
    end(ending, out);
}

void WriteMachine::end(Ending ending, Effects& out) {
    ended_ = true;
    committing_ = false;
    drop_early();
    out.ended = ending;
}

void WriteMachine::drop_early() noexcept {
    for (const auto& [block, bytes] : early_) budget_->give(bytes.size());
    early_.clear();
}

std::optional<Time> WriteMachine::deadline() const noexcept {
    if (dally_) return dally_;
    if (ended_ || committing_) return std::nullopt;
    // What waits for the disk as well is woken by written().
    const bool held = ack_owed_ && unwritten_ <= options_.write_queue;
    auto due = rtx_;
    for (const auto& other : {gap_, held ? std::optional(hold_) : std::nullopt}) {
        if (other) due = due ? std::min(*due, *other) : *other;
    }
    return due;
}

}  // namespace wherry::tftp
