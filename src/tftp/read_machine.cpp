#include "tftp/read_machine.h"

#include <algorithm>

namespace wherry::tftp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr Span unknown_round_trip = milliseconds(50);

}  // namespace

void ReadMachine::start(Time now, Effects& out) {
    progress_ = heard_ = opened_ = first_reply_ = now;
    if (!in_oack_) return open_window(now, Why::first_time, out);
    out.oack = true;
    rtx_ = now + rto_.get(timing_.rto);
}

// The last block of this window.
std::uint16_t ReadMachine::last() const noexcept { return blocks_ - base_ > window_ ? window_ : in_window(blocks_); }

// When the next paced block is due.
Time ReadMachine::next() const noexcept {
    if (in_oack_ || window_sent()) return never;
    return opened_ + sent_ * pace_;
}

// Begins, or begins again, the window behind what is acknowledged. What was still to be sent of the old one is
// forgotten.
void ReadMachine::open_window(Time now, Why why, Effects& out) {
    const std::uint16_t furthest = std::max({once_, sent_, acked_});
    once_ = static_cast<std::uint16_t>(furthest - acked_);
    base_ += acked_;
    acked_ = sent_ = 0;
    opened_ = std::max(now, hold_);
    why_ = why;
    clean_ = why == Why::first_time;
    gap_ = tail_ = never;
    pump(now, out);
}

// Of those that the window sends now; what was counted too much comes as its complement.
void ReadMachine::count_repeated(std::uint64_t blocks) noexcept {
    if (why_ != Why::first_time) counts_.repeated += blocks;
    if (why_ == Why::restart) counts_.restarted += static_cast<std::uint32_t>(blocks);
}

void ReadMachine::pump(Time now, Effects& out) {
    if (now >= next() && !is_starving()) {
        const std::uint64_t first = sent() + 1;
        while (now >= next()) ++sent_;
        out.data = SendRange{first, sent(), why_};
        counts_.sent += sent() - first + 1;
        count_repeated(sent() - first + 1);
        if (window_sent() && window_ > 1 && timing_.tail_probe && rto_.smoothed() && !rto_.is_fixed()) {
            tail_ = now + std::max<Span>(milliseconds(10), 2 * *rto_.smoothed());
        }
    }
    const Time due = next();
    rtx_ = (due == never ? now : std::max(now, due)) + rto_.get(timing_.rto);
}

void ReadMachine::starved(Time now, std::uint64_t block) noexcept {
    counts_.sent -= sent() - (block - 1);
    count_repeated((block - 1) - sent());
    sent_ = in_window(block - 1);
    starving_ = now;
    clean_ = false;
    tail_ = never;
}

// Sent when its bytes are here, it would be the end of a window, and that has a probe of its own: without an end, to a
// client that may long have gone.
void ReadMachine::probe_starved() noexcept {
    --counts_.sent;
    --counts_.repeated;
    --counts_.probes;
}

void ReadMachine::data_ready(Time now, Effects& out) {
    if (ended_ || !is_starving()) return;
    progress_ += now - std::max(starving_, progress_);  // the time without data is not the client's
    starving_ = never;
    opened_ = std::max(now, hold_) - sent_ * pace_;  // its next block is due then
    if (gap_ != never) gap_ = sent_ > acked_ ? gap_after(now) : never;
    pump(now, out);
}

void ReadMachine::ends_at(std::uint64_t block) noexcept {
    blocks_ = block;
    if (base_ + once_ > block) once_ = in_window(block);
    if (sent() <= block) return;
    counts_.sent -= sent() - block;
    sent_ = in_window(block);
}

// The moment from which block acked_ + 1 counts as lost, if nothing more is heard.
Time ReadMachine::gap_after(Time now) const noexcept {
    const Span round_trip = rto_.smoothed().value_or(unknown_round_trip);
    const Time left = opened_ + acked_ * pace_;
    return std::max<Time>(now + milliseconds(1), left + round_trip + std::max<Span>(milliseconds(2), round_trip / 4));
}

// How long there may be no progress.
Span ReadMachine::stall() const noexcept { return std::max(timing_.stall, rto_.fixed() ? 5 * *rto_.fixed() : Span(0)); }

void ReadMachine::slow_down() noexcept {
    if (timing_.pace) return;
    const Span most = std::max<Span>(rto_.smoothed().value_or(Span(0)) / window_, microseconds(100));
    pace_ = std::min(most, std::max<Span>(microseconds(20), 2 * pace_));
}

void ReadMachine::on_ack(Time now, std::uint16_t wire, Effects& out) {
    if (ended_) return;
    heard_ = now;
    if (in_oack_) {
        if (wire != 0) out.heard = TftpAck::stale;
        if (wire != 0) return;
        in_oack_ = false;
        verified_ = true;
        progress_ = now;
        if (!rto_.backed_off() && request_repeats_ == 0) rto_.sample(now - opened_, timing_.rto);
        rto_.progress();
        tries_ = 0;
        return open_window(now, Why::first_time, out);
    }
    const auto block = block_of_wire(wire, acknowledged(), base_ + std::max(sent_, once_), rollover_);
    if (!block) out.heard = TftpAck::stale;
    if (!block) return;  // too old, or never sent
    const std::uint16_t number = in_window(*block);
    verified_ = verified_ || *block > 0;
    if (number == acked_) {
        out.heard = TftpAck::duplicate;
        ++counts_.duplicates;
        if (window_ > 1 && gap_ == never && sent_ > acked_) gap_ = gap_after(now);
        return;
    }
    progress_ = now;
    tries_ = 0;
    rto_.progress();
    out.heard = number == last() ? TftpAck::full : TftpAck::partial;
    if (number == last()) return acked_window(now, out);
    if (number > sent_) {
        // It has more than this repeat has come to: what lies between need not go again. Some clients say so only once.
        acked_ = number;
        return open_window(now, Why::restart, out);
    }
    // Inside the window: a gap report, or a client that acknowledges more often than was agreed on.
    acked_ = number;
    gap_ = gap_after(now);
    rtx_ = now + rto_.get(timing_.rto);
}

void ReadMachine::acked_window(Time now, Effects& out) {
    if (clean_ && last() == window_) {
        rto_.sample(std::max<Span>(Span(1), now - opened_ - (window_ - 1) * pace_), timing_.rto);
    }
    acked_ = last();
    if (acknowledged() == blocks_) return end(Ending::ok, out);
    if (clean_ && !timing_.pace) pace_ = pace_ > microseconds(10) ? pace_ * 3 / 4 : Span(0);
    open_window(now, Why::first_time, out);
}

void ReadMachine::on_error(Time now, std::uint16_t code, Effects& out) {
    if (ended_) return;
    heard_ = now;
    verified_ = true;
    if (in_oack_) return end(asked_size_ && (code == 0 || code == 8) ? Ending::probe : Ending::client_error, out);
    end(acknowledged() + 1 == blocks_ && all_sent() ? Ending::ok_unconfirmed : Ending::client_error, out);
}

void ReadMachine::on_unreachable(Effects& out) {
    if (!ended_ && (verified_ || tries_ >= 1)) end(Ending::client_error, out);
}

void ReadMachine::on_duplicate_request(Time now, Effects& out) {
    if (ended_ || verified_ || is_starving() || request_repeats_ >= most_request_repeats) return;
    if (now - first_reply_ < request_repeat_gap) return;
    ++request_repeats_;
    first_reply_ = now;
    if (in_oack_) {
        out.oack = true;
        return;
    }
    clean_ = false;
    out.data = SendRange{1, sent(), Why::timeout};
    counts_.sent += sent();
    counts_.repeated += sent();
}

void ReadMachine::on_timer(Time now, Effects& out) {
    if (ended_) return;
    if (is_starving()) {
        if (now - starving_ >= timing_.starved) cancel(Ending::io_error, ErrorCode::undefined, "Internal error", out);
        return;
    }
    if (now >= gap_) {
        gap_ = never;
        if (sent_ == acked_) return;
        // One that reports the same gap for ever, because a block never gets through to it, is no progress.
        if (now - progress_ >= stall()) {
            return cancel(Ending::timeout, ErrorCode::undefined, "Transfer timed out", out);
        }
        slow_down();
        ++counts_.restarts;
        return open_window(now, Why::restart, out);
    }
    if (now >= next()) return pump(now, out);
    if (now >= tail_) return probe_tail(now, out);
    if (now >= rtx_) on_rto(now, out);
}

// Repeats the last block of the window once: it makes the client tell what it has, whatever was lost.
void ReadMachine::probe_tail(Time, Effects& out) {
    tail_ = never;
    if (gap_ != never || sent_ == acked_) return;
    out.data = SendRange{sent(), sent(), Why::probe};
    ++counts_.sent;
    ++counts_.repeated;
    ++counts_.probes;
    clean_ = false;
}

void ReadMachine::on_rto(Time now, Effects& out) {
    ++tries_;
    ++counts_.timeouts;
    rto_.timed_out();
    if (!verified_ && tries_ > (in_oack_ ? timing_.oack_repeats : timing_.data_repeats)) {
        return end(Ending::unverified, out);
    }
    const bool only_last = !in_oack_ && acknowledged() + 1 == blocks_ && all_sent();
    if (only_last && tries_ > 3 && now - progress_ >= timing_.final_ack_wait) return end(Ending::ok_unconfirmed, out);
    if (now - progress_ >= stall()) {
        if (!in_oack_ && all_sent() && verified_) return end(Ending::ok_unconfirmed, out);
        return cancel(Ending::timeout, ErrorCode::undefined, "Transfer timed out", out);
    }
    first_reply_ = now;
    if (in_oack_) {
        out.oack = true;
        rtx_ = now + rto_.get(timing_.rto);
        return;
    }
    if (window_ > 1) slow_down();
    open_window(now, Why::timeout, out);
}

void ReadMachine::cancel(Ending ending, ErrorCode code, std::string_view text, Effects& out) {
    if (ended_) return;
    // A fault of the server's own is also told to a client that has had no answer yet.
    const bool own_fault = ending == Ending::io_error || ending == Ending::changed;
    if (verified_ || (own_fault && !in_oack_ && sent() == 0)) out.error = Refusal{code, std::string(text)};
    out.data.reset();
    end(ending, out);
}

void ReadMachine::end(Ending ending, Effects& out) noexcept {
    ended_ = true;
    out.ended = ending;
}

std::optional<Time> ReadMachine::deadline() const noexcept {
    if (ended_) return std::nullopt;
    if (is_starving()) return starving_ + timing_.starved;
    const Time due = std::min({rtx_, gap_, next(), tail_});
    return due == never ? std::nullopt : std::optional(due);
}

}  // namespace wherry::tftp
