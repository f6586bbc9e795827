#include <algorithm>
#include <utility>

#include "testing/tftp_world_parts.h"

namespace wherry::tftp::world {
namespace {

class Sender final : public Watched<ReadState, ReadEvent> {
public:
    Sender(const Scene& setup, Time now, const std::string& content, Reached& reached)
        : Watched(setup, reached), content_(content), machine_(options(setup, content.size()), timing) {
        Effects effects;
        machine_.start(now, effects);
        apply(now, effects);
        interrupt(now);
    }
    void on(Time now, const Packet& packet) override {
        if (packet.kind == Packet::Kind::request) on_request(now);
        if (packet.kind == Packet::Kind::ack) on_ack(now, packet.number);
        interrupt(now);
    }
    void on_timer(Time now) override {
        if (ready_at_ && now >= *ready_at_) {
            saw(state(), ReadEvent::data_ready);
            ready_at_.reset();
            Effects effects;
            machine_.data_ready(now, effects);
            apply(now, effects, true);
        } else {
            on_alarm(now);
        }
        interrupt(now);
    }
    std::optional<Time> deadline() const override {
        const auto due = machine_.deadline();
        if (!ready_at_) return due;
        return due ? std::min(*due, *ready_at_) : *ready_at_;
    }
    void report(Outcome& outcome) const override {
        outcome.data_packets = machine_.counts().sent;
        outcome.data_repeated = machine_.counts().repeated;
    }

private:
    static ReadMachine::Options options(const Scene& setup, std::uint64_t size) {
        ReadMachine::Options out{.window = setup.window, .rollover = setup.rollover, .oack = setup.oack};
        // Half of the sources do not know their size beforehand.
        if (setup.seed % 2 == 0) out.blocks = blocks_of_size(size, setup.blksize);
        return out;
    }
    ReadState state() const override {
        if (machine_.ended()) return ReadState::done;
        if (ready_at_) return ReadState::starved;
        if (!machine_.verified()) return setup_.oack ? ReadState::oack_sent : ReadState::unverified;
        const bool last = machine_.acknowledged() + 1 == machine_.blocks() && machine_.sent() == machine_.blocks();
        return last ? ReadState::last_block : ReadState::sending;
    }

    template <class Call>
    void tell(Time now, ReadEvent event, Call call) {
        saw(state(), event);
        Effects effects;
        call(effects);
        apply(now, effects);
    }
    void on_request(Time now) {
        tell(now, ReadEvent::request, [&](Effects& effects) { machine_.on_duplicate_request(now, effects); });
    }
    void on_ack(Time now, std::uint16_t number) {
        const ReadState before = state();
        const std::uint64_t sent = machine_.sent();
        Effects effects;
        machine_.on_ack(now, number, effects);
        // Of the OACK nothing is told, and nothing at all once it is over.
        const TftpAck heard = effects.heard.value_or(before == ReadState::done ? TftpAck::stale : TftpAck::full);
        saw(before, heard == TftpAck::stale          ? ReadEvent::ack_stale
                    : heard == TftpAck::duplicate    ? ReadEvent::ack_duplicate
                    : heard == TftpAck::full         ? ReadEvent::ack_full
                    : machine_.acknowledged() > sent ? ReadEvent::ack_beyond
                                                     : ReadEvent::ack_partial);
        apply(now, effects);
    }
    void on_alarm(Time now) {
        const ReadState before = state();
        const ReadMachine::Counts counts = machine_.counts();
        Effects effects;
        machine_.on_timer(now, effects);
        if (before == ReadState::starved) {
            if (effects.ended) saw(before, ReadEvent::timer_starved);
        } else if (machine_.counts().timeouts != counts.timeouts) {
            saw(before, ReadEvent::timer_repeat);
        } else if (machine_.counts().restarts != counts.restarts || effects.ended) {
            saw(before, ReadEvent::timer_gap);
        } else if (effects.data) {
            saw(before, effects.data->why == SendRange::Why::probe ? ReadEvent::timer_tail : ReadEvent::timer_pace);
        }
        apply(now, effects);
    }
    void happen(Time now, Interruption::Kind kind) override {
        using Kind = Interruption::Kind;
        switch (kind) {
            case Kind::error:
                tell(now, ReadEvent::error, [&](Effects& effects) { machine_.on_error(now, 0, effects); });
                break;
            case Kind::unreachable:
                tell(now, ReadEvent::unreachable, [&](Effects& effects) { machine_.on_unreachable(effects); });
                break;
            case Kind::cancel:
                tell(now, ReadEvent::cancel, [&](Effects& effects) {
                    machine_.cancel(Ending::killed, ErrorCode::undefined, "Cancelled", effects);
                });
                break;
            case Kind::duplicate: on_ack(now, wire_number(machine_.acknowledged(), setup_.rollover)); break;
            case Kind::stale:
                on_ack(now, wire_number(machine_.sent() + std::uint64_t{3} * setup_.window, setup_.rollover));
                break;
            default: on_request(now);
        }
    }

    void apply(Time now, const Effects& effects, bool read_just_now = false) {
        if (effects.ended) ended = effects.ended;
        if (effects.oack) out.push_back({Packet::Kind::oack, 0, {}});
        if (!effects.data) return;
        const bool again = effects.data->why != SendRange::Why::first_time && !read_just_now;
        if (setup_.forgets && again) loaded_ = 0;
        for (std::uint64_t block = effects.data->first; block <= effects.data->last; ++block) {
            if (setup_.starve_every != 0 && block > loaded_ && (block + setup_.seed) % setup_.starve_every == 0) {
                saw(state(), ReadEvent::starves);
                loaded_ = block;
                if (effects.data->why == SendRange::Why::probe) return machine_.probe_starved();
                machine_.starved(now, block);
                ready_at_ = now + seconds_of(setup_.starve_time);
                return;
            }
            const std::string payload = content_.substr((block - 1) * setup_.blksize, setup_.blksize);
            out.push_back({Packet::Kind::data, wire_number(block, setup_.rollover), payload});
            if (payload.size() < setup_.blksize) return machine_.ends_at(block);
        }
    }
    const std::string& content_;
    ReadMachine machine_;
    std::uint64_t loaded_ = 0;
    std::optional<Time> ready_at_;
};

}  // namespace

std::unique_ptr<Server> new_sender(const Scene& scene, Time now, const std::string& content, Outcome& outcome) {
    return std::make_unique<Sender>(scene, now, content, outcome.reached);
}

}  // namespace wherry::tftp::world
