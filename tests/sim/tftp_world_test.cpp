#include "support/tftp_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <queue>
#include <tuple>

namespace wherry::tftp::world {
namespace {

using std::chrono::milliseconds;

struct Packet {
    enum class Kind : std::uint8_t { request, oack, ack, data };
    Kind kind = Kind::request;
    std::uint16_t number = 0;
    std::string payload;
};

// --- clients
// --------------------------------------------------------------------------------------------------------

class Client {
public:
    virtual ~Client() = default;
    virtual void on(Time now, const Packet& packet) = 0;
    virtual void on_timer(Time now) = 0;
    std::optional<Time> deadline() const { return result.empty() ? std::optional(rtx) : std::nullopt; }

    std::vector<Packet> out;
    std::string result;
    std::string got;

protected:
    explicit Client(const Scene& with, Time now) : setup(with), rtx(now + wait) {}
    static constexpr Span wait = std::chrono::seconds(1);
    const Scene& setup;
    Time rtx;
    int tries = 0;
};

class Getter final : public Client {
public:
    Getter(const Scene& with, Time now) : Client(with, now), begun_(!with.oack) { out.push_back({}); }

    void on(Time now, const Packet& packet) override {
        if (packet.kind == Packet::Kind::oack) {
            if (received_ == 0 && result.empty()) {
                begun_ = true;
                acknowledge(now);
            }
            return;
        }
        if (packet.kind != Packet::Kind::data) return;
        if (!result.empty()) {
            if (result == "ok" && setup.temper != Temper::no_final) send_ack(packet.number);  // lingers
            return;
        }
        if (begun_) on_data(now, packet);
    }
    void on_timer(Time now) override {
        if (!result.empty() || now < rtx) return;
        told_ = never;
        if (++tries > 12) {
            result = "timeout";
            return;
        }
        rtx = now + wait;
        if (begun_ && (received_ > 0 || setup.oack)) {
            acknowledge(now);
        } else {
            out.push_back({});
        }
    }

private:
    static constexpr std::uint64_t never = ~std::uint64_t{0};
    void send_ack(std::uint16_t number) { out.push_back({Packet::Kind::ack, number, {}}); }
    void acknowledge(Time now) {
        acked_ = received_;
        send_ack(wire_number(received_, setup.rollover));
        rtx = now + wait;
    }
    void on_data(Time now, const Packet& packet) {
        if (packet.number == wire_number(received_ + 1, setup.rollover)) return take(now, packet);
        const std::uint64_t low = received_ > setup.window ? received_ - setup.window : 0;
        if (setup.window == 1) {
            if (packet.number == wire_number(received_, setup.rollover)) send_ack(packet.number);
        } else if (setup.temper == Temper::naive) {
            acknowledge(now);  // tells not even a repeat from a gap
        } else if (block_of_wire(packet.number, low, received_, setup.rollover)) {
            const bool last_acked = packet.number == wire_number(acked_, setup.rollover) && received_ == acked_;
            if (last_acked && setup.temper != Temper::mute && now - (rtx - wait) > milliseconds(20)) acknowledge(now);
        } else if (setup.temper != Temper::mute && told_ != received_) {
            told_ = received_;
            acknowledge(now);
        }
    }
    void take(Time now, const Packet& packet) {
        ++received_;
        got += packet.payload;
        tries = 0;
        if (packet.payload.size() < setup.blksize) {
            if (setup.temper != Temper::no_final) acknowledge(now);
            result = "ok";
        } else if (received_ - acked_ >= setup.window || setup.temper == Temper::eager) {
            acknowledge(now);
        } else {
            rtx = now + wait;
        }
    }
    std::uint64_t received_ = 0;
    std::uint64_t acked_ = 0;
    std::uint64_t told_ = never;
    bool begun_;
};

class Putter final : public Client {
public:
    Putter(const Scene& with, Time now, const std::string& content)
        : Client(with, now), content_(content), blocks_(blocks_of_size(content.size(), with.blksize)) {
        out.push_back({});
    }

    void on(Time now, const Packet& packet) override {
        if (!result.empty()) return;
        if (!begun_) {
            const bool invited = packet.kind == Packet::Kind::oack ||
                                 (packet.kind == Packet::Kind::ack && packet.number == 0 && !setup.oack);
            if (invited) {
                begun_ = true;
                window(now);
            }
            return;
        }
        if (packet.kind != Packet::Kind::ack) return;
        const auto block = block_of_wire(packet.number, acked_, sent_, setup.rollover);
        if (!block) return;
        if (*block == acked_ && (setup.window == 1 || setup.temper != Temper::blind)) {
            if (setup.window > 1 && now - (rtx - wait) > milliseconds(20)) window(now);
            return;
        }
        acked_ = *block;
        tries = 0;
        if (acked_ == blocks_) {
            result = "ok";
        } else {
            window(now);
        }
    }
    void on_timer(Time now) override {
        if (!result.empty() || now < rtx) return;
        if (++tries > 12) {
            result = "timeout";
        } else if (!begun_) {
            out.push_back({});
            rtx = now + wait;
        } else {
            window(now);
        }
    }

private:
    void window(Time now) {
        sent_ = std::min(acked_ + setup.window, blocks_);
        for (std::uint64_t block = acked_ + 1; block <= sent_; ++block) {
            out.push_back({Packet::Kind::data, wire_number(block, setup.rollover),
                           content_.substr((block - 1) * setup.blksize, setup.blksize)});
        }
        rtx = now + wait;
    }
    const std::string& content_;
    std::uint64_t blocks_;
    std::uint64_t acked_ = 0;
    std::uint64_t sent_ = 0;
    bool begun_ = false;
};

// --- servers: a machine and what a driver does for it
// ----------------------------------------------------------------

class Server {
public:
    virtual ~Server() = default;
    virtual void on(Time now, const Packet& packet) = 0;
    virtual void on_timer(Time now) = 0;
    virtual std::optional<Time> deadline() const = 0;
    virtual void report(Outcome& outcome) const = 0;
    std::vector<Packet> out;
    std::optional<Ending> ended;
};

class Sender final : public Server {
public:
    Sender(const Scene& setup, Time now, const std::string& content)
        : setup_(setup),
          content_(content),
          machine_(options(setup, content.size()), Timing{.stall = std::chrono::seconds(30)}) {
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
                   Timing{.stall = std::chrono::seconds(30)}, budget_) {
        Effects effects;
        machine_.start(now, effects);
        apply(now, effects);
    }
    void on(Time now, const Packet& packet) override {
        Effects effects;
        if (packet.kind == Packet::Kind::request) machine_.on_duplicate_request(now, effects);
        if (packet.kind == Packet::Kind::data) {
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
    std::optional<Time> commit_at_;
    std::optional<Time> written_at_;
};

// --- the network
// ----------------------------------------------------------------------------------------------------

class Way {
public:
    Way(const Scene& setup, Dice& dice) : setup_(setup), dice_(dice) {}
    std::vector<Time> arrivals(Time now) {
        if (setup_.burst > 0) {
            in_burst_ = chance(dice_) < (in_burst_ ? 0.7 : setup_.burst);
            if (in_burst_) return {};
        }
        if (chance(dice_) < setup_.loss) return {};
        std::vector<Time> times{now + seconds_of(setup_.delay + chance(dice_) * setup_.jitter)};
        while (chance(dice_) < setup_.doubling && times.size() < 4) {
            times.push_back(now + seconds_of(setup_.delay + chance(dice_) * setup_.jitter * 3));
        }
        return times;
    }

private:
    const Scene& setup_;
    Dice& dice_;
    bool in_burst_ = false;
};

class World {
public:
    explicit World(const Scene& setup)
        : setup_(setup),
          dice_(setup.seed ^ 0x9e3779b97f4a7c15U),
          content_(content_of(setup)),
          up_(setup_, dice_),
          down_(setup_, dice_) {
        if (setup.put) {
            client_ = std::make_unique<Putter>(setup_, now_, content_);
        } else {
            client_ = std::make_unique<Getter>(setup_, now_);
        }
    }

    Outcome run() {
        flush();
        while (outcome_.steps < 400'000 && now_ - start < std::chrono::seconds(400) && step()) flush();
        if (server_) {
            outcome_.server_was_started = true;
            outcome_.server = server_->ended;
            server_->report(outcome_);
        }
        outcome_.client = client_->result;
        outcome_.seconds = std::chrono::duration<double>(now_ - start).count();
        if (!setup_.put) outcome_.received = client_->got;
        return std::move(outcome_);
    }

private:
    struct Arrival {
        Time at;
        std::uint64_t serial;
        bool to_server;
        Packet packet;
        bool operator<(const Arrival& other) const {
            return std::tie(at, serial) > std::tie(other.at, other.serial);  // a queue has the largest first
        }
    };

    bool step() {
        ++outcome_.steps;
        auto due = client_->deadline();
        if (const auto of_server = server_ ? server_->deadline() : std::nullopt) {
            due = due ? std::min(*due, *of_server) : *of_server;
        }
        if (!arrivals_.empty() && (!due || arrivals_.top().at <= *due)) {
            const Arrival next = arrivals_.top();
            arrivals_.pop();
            now_ = std::max(now_, next.at);
            deliver(next);
            return true;
        }
        if (!due) return false;
        now_ = std::max(now_, *due);
        if (client_->deadline() && *client_->deadline() <= now_) client_->on_timer(now_);
        if (server_ && server_->deadline() && *server_->deadline() <= now_) server_->on_timer(now_);
        return true;
    }
    void deliver(const Arrival& arrival) {
        if (setup_.cut && now_ - start > seconds_of(*setup_.cut)) return;
        if (!arrival.to_server) return client_->on(now_, arrival.packet);
        if (server_) return server_->on(now_, arrival.packet);
        if (arrival.packet.kind != Packet::Kind::request) return;
        if (setup_.put) {
            server_ = std::make_unique<Receiver>(setup_, now_, outcome_);
        } else {
            server_ = std::make_unique<Sender>(setup_, now_, content_);
        }
    }
    void flush() {
        for (Packet& packet : client_->out) send(up_, true, packet);
        client_->out.clear();
        if (!server_) return;
        for (Packet& packet : server_->out) {
            ++outcome_.server_packets;
            if (packet.kind == Packet::Kind::data) check_repeat(packet);
            send(down_, false, packet);
        }
        server_->out.clear();
    }
    void send(Way& way, bool to_server, const Packet& packet) {
        for (const Time at : way.arrivals(now_)) arrivals_.push({at, ++serial_, to_server, packet});
    }
    void check_repeat(const Packet& packet) {
        if (content_.size() / setup_.blksize > 60000) return;  // numbers come again
        const auto [known, first] = sent_.emplace(packet.number, packet.payload);
        if (!first && known->second != packet.payload) outcome_.repeats_identical = false;
    }

    static constexpr Time start{std::chrono::hours(1)};
    const Scene setup_;
    Dice dice_;
    const std::string content_;
    Time now_ = start;
    Way up_;
    Way down_;
    Outcome outcome_;
    std::unique_ptr<Client> client_;
    std::unique_ptr<Server> server_;
    std::priority_queue<Arrival> arrivals_;
    std::map<std::uint16_t, std::string> sent_;
    std::uint64_t serial_ = 0;
};

}  // namespace

std::string content_of(const Scene& setup) {
    std::string content(setup.size, '\0');
    Dice dice(setup.seed);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < content.size(); ++i) {
        if (i % 8 == 0) word = dice();
        content[i] = static_cast<char>(word >> (i % 8 * 8));
    }
    return content;
}

Scene random_scene(std::uint64_t seed) {
    Dice dice(seed);
    Scene setup;
    setup.seed = seed;
    setup.put = chance(dice) < 0.4;
    setup.blksize = one_of<std::uint16_t>(dice, {8, 512, 1428, 1468});
    setup.window = one_of<std::uint16_t>(dice, {1, 1, 2, 4, 8, 16, 64});
    setup.rollover = one_of<std::uint16_t>(dice, {0, 0, 1});
    setup.loss = one_of(dice, {0.0, 0.0, .001, .01, .05, .2});
    setup.doubling = one_of(dice, {0.0, 0.0, .01, .2});
    setup.delay = one_of(dice, {.0001, .002, .03});
    setup.jitter = setup.delay * one_of(dice, {0.0, 0.0, .1, 2.0});
    setup.burst = one_of(dice, {0.0, 0.0, 0.0, .02});
    setup.commit = one_of(dice, {0.0, 0.0, .3});
    setup.write_time = one_of(dice, {0.0, 0.0, .001, .05});
    setup.starve_every = one_of<std::uint64_t>(dice, {0, 0, 0, 11});
    const std::uint64_t window = setup.window;
    const std::uint64_t blocks = one_of<std::uint64_t>(dice, {0, 1, 2, window, window + 1, 2 * window, 37, 150});
    const std::uint64_t tail = one_of<std::uint64_t>(dice, {0, 0, 1, std::uint64_t{setup.blksize} - 1});
    setup.size = blocks * setup.blksize + tail;
    setup.temper = setup.put ? one_of(dice, {Temper::strict, Temper::strict, Temper::blind})
                             : one_of(dice, {Temper::strict, Temper::strict, Temper::naive, Temper::eager, Temper::mute,
                                             Temper::no_final});
    if (chance(dice) < 0.1) setup.cut = 0.5 * static_cast<double>(blocks) * (setup.delay + 0.001);
    if (setup.window == 1 && chance(dice) < 0.5) setup.oack = false;
    return setup;
}

Outcome run(const Scene& setup) { return World(setup).run(); }

std::string broken_property(const Scene& setup, const Outcome& outcome) {
    const std::string content = content_of(setup);
    const bool whole = outcome.received == content;
    const bool server_ok = outcome.server == Ending::ok;
    const bool client_ok = outcome.client == "ok";
    const bool friendly = !setup.cut && setup.burst == 0 && setup.temper != Temper::no_final;
    if (!content.starts_with(outcome.received)) return "P1: what was received is no prefix of the file";
    if ((server_ok || (!setup.put && client_ok)) && !whole) return "P2: ok, and the file is not complete";
    if (setup.put && client_ok && !server_ok) return "P2: the client was told ok before it was published";
    if (!setup.put && server_ok && !client_ok) return "P2: the server says ok, the client does not";
    if (outcome.server_was_started && !outcome.server) return "P3: the server's side has no end";
    if (outcome.steps >= 400'000) return "P3: too many steps";
    if (!outcome.repeats_identical) return "P8: a repeat had other bytes";
    if (outcome.most_early > std::size_t{setup.window} * setup.blksize) return "P6: kept more than a window";
    if (friendly && outcome.server_was_started && !setup.put && setup.loss == 0) {
        const bool tells_no_gap = !(setup.temper == Temper::naive && setup.doubling > 0 && setup.window > 1);
        if (setup.jitter == 0 && tells_no_gap && outcome.data_repeated != 0) return "P4: repeated without a loss";
        if (!server_ok) return "P5: not complete although nothing was lost";
    }
    if (friendly && setup.loss <= 0.05 && !client_ok) return "P5: not complete at a loss of 5 %";
    return {};
}

namespace {

std::string describe(const Scene& s) {
    return "seed " + std::to_string(s.seed) + (s.put ? " put" : " get") + " blksize " + std::to_string(s.blksize) +
           " window " + std::to_string(s.window) + " loss " + std::to_string(s.loss) + " doubling " +
           std::to_string(s.doubling) + " delay " + std::to_string(s.delay) + " jitter " + std::to_string(s.jitter) +
           " temper " + std::to_string(static_cast<int>(s.temper)) + " size " + std::to_string(s.size) + " starve " +
           std::to_string(s.starve_every) + " write " + std::to_string(s.write_time);
}

constexpr int shards = 20;
constexpr std::uint64_t seeds_per_shard = 1000;

class TftpWorld : public ::testing::TestWithParam<int> {};

TEST_P(TftpWorld, holds_for_a_thousand_seeds) {
    const auto first = static_cast<std::uint64_t>(GetParam()) * seeds_per_shard;
    for (std::uint64_t seed = first; seed < first + seeds_per_shard; ++seed) {
        const Scene setup = random_scene(seed);
        const Outcome outcome = run(setup);
        ASSERT_EQ(broken_property(setup, outcome), "")
            << describe(setup) << ": server " << (outcome.server ? name_of(*outcome.server) : "-") << ", client "
            << outcome.client;
    }
}

INSTANTIATE_TEST_SUITE_P(Shard, TftpWorld, ::testing::Range(0, shards));

// T054, T055, P7: RFC 1123 4.2.3.1.
TEST(TftpWorldLockStep, sends_each_block_once_when_every_packet_is_doubled) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Scene setup;
        setup.seed = seed;
        setup.doubling = 0.6;
        setup.size = std::uint64_t{100} * 512;
        const Outcome outcome = run(setup);
        ASSERT_EQ(broken_property(setup, outcome), "");
        ASSERT_EQ(outcome.data_packets, 101U) << seed;
    }
}

// T070, T071, T090: more blocks than there are numbers, with losses around the end of the numbers.
TEST(TftpWorldRollover, goes_on_behind_block_65535) {
    for (const auto rollover : {std::uint16_t{0}, std::uint16_t{1}}) {
        for (const auto window : {std::uint16_t{1}, std::uint16_t{16}}) {
            for (const bool put : {false, true}) {
                Scene setup;
                setup.seed = rollover + window + 2U;
                setup.put = put;
                setup.blksize = 8;
                setup.window = window;
                setup.rollover = rollover;
                setup.loss = window == 1 ? 0 : 0.001;
                setup.delay = 0.0001;
                setup.size = std::uint64_t{65536} * 8 + 24;
                const Outcome outcome = run(setup);
                EXPECT_EQ(broken_property(setup, outcome), "") << describe(setup);
                EXPECT_EQ(outcome.client, "ok");
            }
        }
    }
}

// The figures of a sender that repeats at every ACK inside a window are 60 and more here.
TEST(TftpWorldEfficiency, repeats_little_at_one_percent_loss) {
    for (const Temper temper : {Temper::strict, Temper::naive, Temper::eager, Temper::mute}) {
        double sent = 0;
        double seconds = 0;
        for (std::uint64_t seed = 900; seed < 905; ++seed) {
            Scene setup;
            setup.seed = seed;
            setup.window = 64;
            setup.blksize = 1468;
            setup.loss = 0.01;
            setup.delay = 0.0005;
            setup.temper = temper;
            setup.size = std::uint64_t{1500} * 1468;
            const Outcome outcome = run(setup);
            ASSERT_EQ(broken_property(setup, outcome), "");
            sent += static_cast<double>(outcome.data_packets) / 1501 / 5;
            seconds += outcome.seconds / 5;
        }
        EXPECT_LT(sent, 2.3) << static_cast<int>(temper);
        EXPECT_LT(seconds, 5.0) << static_cast<int>(temper);
    }
}

// The properties must be able to fail.
TEST(TftpWorldProperties, see_what_is_wrong) {
    Scene setup;
    setup.size = 100;
    Outcome outcome = run(setup);
    ASSERT_EQ(broken_property(setup, outcome), "");
    outcome.received.back() ^= 1;
    EXPECT_EQ(broken_property(setup, outcome).substr(0, 2), "P1");
    outcome.received.resize(50);
    outcome.received = content_of(setup).substr(0, 50);
    EXPECT_EQ(broken_property(setup, outcome).substr(0, 2), "P2");
    outcome = run(setup);
    outcome.data_repeated = 1;
    EXPECT_EQ(broken_property(setup, outcome).substr(0, 2), "P4");
}

}  // namespace
}  // namespace wherry::tftp::world
