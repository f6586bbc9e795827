#include <algorithm>
#include <utility>

#include "testing/tftp_world_parts.h"

namespace wherry::tftp::world {
namespace {

using std::chrono::milliseconds;

const Timing timing{.stall = std::chrono::seconds(30)};

class Sender final : public Server {
public:
    Sender(const Scene& setup, Time now, const std::string& content)
        : setup_(setup), content_(content), machine_(options(setup, content.size()), timing) {
        Effects effects;
        machine_.start(now, effects);
        apply(now, effects);
    }
    void on(Time now, const Packet& packet) override {
        Effects effects;
        if (packet.kind == Packet::Kind::request) machine_.on_duplicate_request(now, effects);
        if (packet.kind == Packet::Kind::ack) machine_.on_ack(now, packet.number, effects);
        apply(now, effects);
    }
    void on_timer(Time now) override {
        Effects effects;
        if (ready_at_ && now >= *ready_at_) {
            ready_at_.reset();
            machine_.data_ready(now, effects);
        } else {
            machine_.on_timer(now, effects);
        }
        apply(now, effects);
    }
    std::optional<Time> deadline() const override {
        const auto due = machine_.deadline();
        if (!ready_at_ || machine_.ended()) return due;
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
    void apply(Time now, const Effects& effects) {
        if (effects.ended) ended = effects.ended;
        if (effects.oack) out.push_back({Packet::Kind::oack, 0, {}});
        if (!effects.data) return;
        for (std::uint64_t block = effects.data->first; block <= effects.data->last; ++block) {
            if (setup_.starve_every != 0 && block > loaded_ && block % setup_.starve_every == 0) {
                loaded_ = block;
                machine_.starved(now, block);
                ready_at_ = now + milliseconds(37);
                return;
            }
            const std::string payload = content_.substr((block - 1) * setup_.blksize, setup_.blksize);
            out.push_back({Packet::Kind::data, wire_number(block, setup_.rollover), payload});
            if (payload.size() < setup_.blksize) return machine_.ends_at(block);
        }
    }
    const Scene& setup_;
    const std::string& content_;
    ReadMachine machine_;
    std::uint64_t loaded_ = 0;
    std::optional<Time> ready_at_;
};

class Receiver final : public Server, WriteMachine::Sink {
public:
    Receiver(const Scene& setup, Time now, Outcome& outcome)
        : setup_(setup),
          outcome_(outcome),
          machine_({.blksize = setup.blksize,
                    .window = setup.window,
                    .rollover = setup.rollover,
                    .oack = setup.oack,
                    .write_queue = std::max<std::size_t>(4096, std::size_t{2} * setup.window * setup.blksize)},
                   timing, budget_) {
        Effects effects;
        machine_.start(now, effects);
        apply(now, effects);
    }
    void on(Time now, const Packet& packet) override {
        Effects effects;
        if (packet.kind == Packet::Kind::request) machine_.on_duplicate_request(now, effects);
        if (packet.kind == Packet::Kind::data) {
            now_ = now;
            machine_.on_data(now, packet.number, bytes_of(packet.payload), *this, effects);
        }
        apply(now, effects);
        outcome_.most_early = std::max(outcome_.most_early, ReorderBudget().left - budget_.left);
    }
    void on_timer(Time now) override {
        Effects effects;
        if (commit_at_ && now >= *commit_at_) {
            commit_at_.reset();
            machine_.committed(now, std::nullopt, effects);
        } else if (written_at_ && now >= *written_at_) {
            written_at_.reset();
            machine_.written(now, std::exchange(queued_, 0), effects);
        } else {
            machine_.on_timer(now, effects);
        }
        apply(now, effects);
        if (queued_ > 0 && !written_at_) written_at_ = now + seconds_of(setup_.write_time);
    }
    std::optional<Time> deadline() const override {
        auto due = machine_.deadline();
        for (const auto& other : {commit_at_, written_at_}) {
            if (other) due = due ? std::min(*due, *other) : *other;
        }
        return due;
    }
    void report(Outcome&) const override {}

private:
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
        if (effects.commit) commit_at_ = now + seconds_of(setup_.commit);
        if (queued_ > 0 && !written_at_) written_at_ = now + seconds_of(setup_.write_time);
    }
    const Scene& setup_;
    Outcome& outcome_;
    ReorderBudget budget_;
    WriteMachine machine_;
    std::size_t queued_ = 0;
    Time now_;
    Time paid_until_{Time::min()};
    std::optional<Time> commit_at_;
    std::optional<Time> written_at_;
};

}  // namespace

std::unique_ptr<Server> new_server(const Scene& scene, Time now, const std::string& content, Outcome& outcome) {
    if (scene.put) return std::make_unique<Receiver>(scene, now, outcome);
    return std::make_unique<Sender>(scene, now, content);
}

}  // namespace wherry::tftp::world
