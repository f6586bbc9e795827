#include <algorithm>
#include <utility>

#include "testing/tftp_world_parts.h"

namespace wherry::tftp::world {
namespace {

class Receiver final : public Watched<WriteState, WriteEvent>, WriteMachine::Sink {
public:
    Receiver(const Scene& setup, Time now, Outcome& outcome)
        : Watched(setup, outcome.reached),
          outcome_(outcome),
          machine_({.blksize = setup.blksize,
                    .window = setup.window,
                    .rollover = setup.rollover,
                    .oack = setup.oack,
                    .write_queue = write_queue(setup)},
                   timing, budget_),
          now_(now) {
        Effects effects;
        if (setup.no_room) budget_.left = 0;
        machine_.start(now, effects);
        apply(now, effects);
        interrupt(now);
    }
    void on(Time now, const Packet& packet) override {
        now_ = now;
        if (packet.kind == Packet::Kind::request) on_request(now);
        if (packet.kind == Packet::Kind::data) on_data(now, packet.number, packet.payload);
        interrupt(now);
        outcome_.most_early = std::max(outcome_.most_early, kept());
    }
    void on_timer(Time now) override {
        now_ = now;
        if (written_at_ && now >= *written_at_) {
            written_at_.reset();
            tell(now, WriteEvent::written,
                 [&](Effects& effects) { machine_.written(now, std::exchange(queued_, 0), effects); });
        } else if (publish_at_ && now >= *publish_at_) {
            publish_at_.reset();
            saw(state(), WriteEvent::publishes);
            machine_.publishing();
            commit_at_ = now + seconds_of(setup_.commit / 2);
        } else if (commit_at_ && now >= *commit_at_) {
            commit_at_.reset();
            tell(now, fails_ ? WriteEvent::not_committed : WriteEvent::committed, [&](Effects& effects) {
                machine_.committed(now, fails_ ? std::optional(Refusal{ErrorCode::disk_full, "full"}) : std::nullopt,
                                   effects);
            });
        } else {
            on_alarm(now);
        }
        interrupt(now);
        if (queued_ > 0 && !written_at_) written_at_ = now + seconds_of(setup_.write_time);
    }
    std::optional<Time> deadline() const override {
        auto due = machine_.deadline();
        for (const auto& other : {publish_at_, commit_at_, written_at_}) {
            if (other) due = due ? std::min(*due, *other) : *other;
        }
        return due;
    }
    void report(Outcome&) const override {}

private:
    static std::size_t write_queue(const Scene& setup) {
        return std::max<std::size_t>(4096, std::size_t{2} * setup.window * setup.blksize);
    }
    WriteState state() const override {
        if (machine_.dallying()) return WriteState::dallying;
        if (machine_.ended()) return WriteState::done;
        if (machine_.is_publishing()) return WriteState::publishing;
        if (machine_.committing()) return WriteState::committing;
        if (!machine_.verified()) return WriteState::invited;
        if (queued_ > write_queue(setup_) || now_ < paid_until_) return WriteState::held;
        return kept() > 0 ? WriteState::gap : WriteState::receiving;
    }
    // Bytes of blocks that came too early.
    std::size_t kept() const { return setup_.no_room ? 0 : ReorderBudget().left - budget_.left; }

    template <class Call>
    void tell(Time now, WriteEvent event, Call call) {
        saw(state(), event);
        Effects effects;
        call(effects);
        apply(now, effects);
    }
    void on_request(Time now) {
        tell(now, WriteEvent::request, [&](Effects& effects) { machine_.on_duplicate_request(now, effects); });
    }
    void on_data(Time now, std::uint16_t number, const std::string& payload) {
        const WriteState before = state();
        const WriteMachine::Counts counts = machine_.counts();
        Effects effects;
        machine_.on_data(now, number, bytes_of(payload), *this, effects);
        const WriteMachine::Counts& after = machine_.counts();
        const bool receives = before < WriteState::committing;
        saw(before, effects.ended                           ? WriteEvent::data_too_long
                    : effects.commit                        ? WriteEvent::data_last
                    : after.blocks != counts.blocks         ? WriteEvent::data_next
                    : after.gaps != counts.gaps             ? WriteEvent::data_tells_gap
                    : after.ignored != counts.ignored       ? WriteEvent::data_ignored
                    : after.duplicates != counts.duplicates ? WriteEvent::data_duplicate
                    : receives                              ? WriteEvent::data_early
                    : effects.ack                           ? WriteEvent::data_duplicate
                                                            : WriteEvent::data_ignored);
        apply(now, effects);
    }
    void on_alarm(Time now) {
        const WriteState before = state();
        const WriteMachine::Counts counts = machine_.counts();
        Effects effects;
        machine_.on_timer(now, effects);
        if (machine_.counts().gaps != counts.gaps) {
            saw(before, WriteEvent::timer_gap);
        } else if (machine_.counts().timeouts != counts.timeouts) {
            saw(before, WriteEvent::timer_repeat);
        } else if (effects.ack) {
            saw(before, WriteEvent::timer_ack);
        } else if (before == WriteState::dallying && machine_.ended()) {
            saw(before, WriteEvent::timer_end);
        } else if (before == WriteState::held) {
            saw(before, WriteEvent::timer_put_off);
        }
        apply(now, effects);
    }
    void happen(Time now, Interruption::Kind kind) override {
        using Kind = Interruption::Kind;
        switch (kind) {
            case Kind::error:
                tell(now, WriteEvent::error, [&](Effects& effects) { machine_.on_error(now, effects); });
                break;
            case Kind::unreachable:
                tell(now, WriteEvent::unreachable, [&](Effects& effects) { machine_.on_unreachable(effects); });
                break;
            case Kind::cancel:
                tell(now, WriteEvent::cancel, [&](Effects& effects) {
                    machine_.cancel(Ending::killed, ErrorCode::undefined, "Cancelled", effects);
                });
                break;
            case Kind::request: on_request(now); break;
            case Kind::duplicate:
                on_data(now, wire_number(machine_.received(), setup_.rollover), std::string(setup_.blksize, 'x'));
                break;
            case Kind::stale:
                on_data(now, wire_number(machine_.received() + std::uint64_t{3} * setup_.window, setup_.rollover),
                        std::string(setup_.blksize, 'x'));
                break;
            case Kind::too_long:
                on_data(now, wire_number(machine_.received() + 1, setup_.rollover),
                        std::string(setup_.blksize + std::size_t{1}, 'x'));
                break;
            case Kind::not_committed: fails_ = true; break;
            case Kind::publish_late:
                tell(now, WriteEvent::publish_late, [&](Effects& effects) { machine_.publish_late(effects); });
                break;
        }
    }

    void take(Bytes bytes) override {
        outcome_.received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        queued_ += bytes.size();
        if (setup_.paid_in > 0) pay(static_cast<double>(bytes.size()));
    }
    // A rate without a burst.
    void pay(double bytes) {
        const double rate = setup_.window * setup_.blksize / setup_.paid_in;
        paid_until_ = std::max(paid_until_, now_) + seconds_of(bytes / rate);
        machine_.hold_until(paid_until_);
        const std::chrono::duration<double> owed = paid_until_ - now_;
        outcome_.most_ahead = std::max(outcome_.most_ahead, owed.count() * rate);
    }
    void apply(Time now, const Effects& effects) {
        if (effects.ended) ended = effects.ended;
        if (effects.oack) out.push_back({Packet::Kind::oack, 0, {}});
        if (effects.ack) out.push_back({Packet::Kind::ack, *effects.ack, {}});
        if (queued_ > 0 && !written_at_) written_at_ = now + seconds_of(setup_.write_time);
        // Published is what has been written, unless it has ended before.
        if (effects.commit) publish_at_ = std::max(now + seconds_of(setup_.commit / 2), written_at_.value_or(now));
        if (effects.ended) publish_at_.reset();
    }
    Outcome& outcome_;
    ReorderBudget budget_;
    WriteMachine machine_;
    std::size_t queued_ = 0;
    Time now_;
    Time paid_until_{Time::min()};
    std::optional<Time> publish_at_;
    std::optional<Time> commit_at_;
    std::optional<Time> written_at_;
    bool fails_ = false;
};

}  // namespace

std::unique_ptr<Server> new_receiver(const Scene& scene, Time now, Outcome& outcome) {
    return std::make_unique<Receiver>(scene, now, outcome);
}

}  // namespace wherry::tftp::world
