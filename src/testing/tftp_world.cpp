#include "testing/tftp_world.h"

#include <algorithm>
#include <map>
#include <utility>

#include "testing/tftp_world_parts.h"

namespace wherry::tftp::world {
namespace {

class World {
public:
    explicit World(const Scene& setup)
        : setup_(setup),
          dice_(setup.seed ^ 0x9e3779b97f4a7c15U),
          content_(content_of(setup)),
          up_(setup_, dice_),
          down_(setup_, dice_) {
        client_ = new_client(setup_, now_, content_);
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
        bool to_server;
        Packet packet;
    };

    bool step() {
        ++outcome_.steps;
        auto due = client_->deadline();
        if (const auto of_server = server_ ? server_->deadline() : std::nullopt) {
            due = due ? std::min(*due, *of_server) : *of_server;
        }
        if (arrivals_.next() != Time::max() && (!due || arrivals_.next() <= *due)) {
            now_ = std::max(now_, arrivals_.next());
            deliver(arrivals_.take());
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
        server_ = setup_.put ? new_receiver(setup_, now_, outcome_) : new_sender(setup_, now_, content_, outcome_);
    }
    void flush() {
        for (Packet& packet : client_->out) {
            if (!is_lost_late(packet)) send(up_, true, packet);
        }
        client_->out.clear();
        if (!server_) return;
        for (Packet& packet : server_->out) {
            ++outcome_.server_packets;
            if (packet.kind == Packet::Kind::data) check_repeat(packet);
            if (!is_lost_late(packet)) send(down_, false, packet);
        }
        server_->out.clear();
    }
    bool is_lost_late(const Packet& packet) {
        if (packet.kind != Packet::Kind::data) return false;
        late_ = late_ || packet.number > 65000;
        const auto found = std::ranges::find(lost_late_, packet.number);
        if (!late_ || found == lost_late_.end()) return false;
        lost_late_.erase(found);
        return true;
    }
    void send(Way& way, bool to_server, const Packet& packet) {
        for (const Time at : way.arrivals(now_)) arrivals_.send(at, {to_server, packet});
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
    Underway<Arrival> arrivals_;
    std::map<std::uint16_t, std::string> sent_;
    std::vector<std::uint16_t> lost_late_ = setup_.lost_late;
    bool late_ = false;
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
    setup.paid_in = one_of(dice, {0.0, 0.0, 0.0, .05, 1.5});  // the last is longer than clients wait
    if (setup.starve_every != 0 && chance(dice) < 0.1) setup.starve_time = one_of(dice, {1.5, 31.0});
    setup.forgets = chance(dice) < 0.3;
    setup.no_room = chance(dice) < 0.1;
    if (setup.put && chance(dice) < 0.05) setup.write_time = 1.5;
    if (chance(dice) < 0.25) {
        using Kind = Interruption::Kind;
        const auto most = static_cast<std::uint64_t>(setup.put ? Kind::publish_late : Kind::stale);
        setup.interruption = {
            static_cast<Kind>(dice() % (most + 1)),
            static_cast<std::uint8_t>(dice() % (setup.put ? write_states.size() : read_states.size()))};
    }
    return setup;
}

Outcome run(const Scene& setup) { return World(setup).run(); }

std::string describe(const Scene& s) {
    return "seed " + std::to_string(s.seed) + (s.put ? " put" : " get") + " blksize " + std::to_string(s.blksize) +
           " window " + std::to_string(s.window) + (s.oack ? "" : " without options") + " rollover " +
           std::to_string(s.rollover) + " loss " + std::to_string(s.loss) + " burst " + std::to_string(s.burst) +
           " doubling " + std::to_string(s.doubling) + " delay " + std::to_string(s.delay) + " jitter " +
           std::to_string(s.jitter) + " temper " + std::to_string(static_cast<int>(s.temper)) + " size " +
           std::to_string(s.size) + " starve " + std::to_string(s.starve_every) + " write " +
           std::to_string(s.write_time) + (s.cut ? " cut " + std::to_string(*s.cut) : "") + " starve time " +
           std::to_string(s.starve_time) + (s.forgets ? " forgets" : "") + (s.no_room ? " no room" : "") +
           (s.interruption ? " interruption " + std::to_string(static_cast<int>(s.interruption->kind)) + " in state " +
                                 std::to_string(s.interruption->state)
                           : "");
}

bool is_friendly(const Scene& scene) noexcept {
    return !scene.cut && scene.burst == 0 && scene.temper != Temper::no_final && !scene.interruption &&
           scene.starve_time < 5;
}

bool asks_only_for_losses(const Scene& scene) noexcept {
    return !(scene.temper == Temper::naive && scene.doubling > 0 && scene.window > 1);
}

std::string broken_property(const Scene& setup, const Outcome& outcome) {
    const std::string content = content_of(setup);
    const bool whole = outcome.received == content;
    const bool server_ok = outcome.server == Ending::ok;
    const bool client_ok = outcome.client == "ok";
    const bool friendly = is_friendly(setup);
    if (!content.starts_with(outcome.received)) return "P1: what was received is no prefix of the file";
    if ((server_ok || (!setup.put && client_ok)) && !whole) return "P2: ok, and the file is not complete";
    if (setup.put && client_ok && !server_ok) return "P2: the client was told ok before it was published";
    if (!setup.put && server_ok && !client_ok) return "P2: the server says ok, the client does not";
    if (outcome.server_was_started && !outcome.server) return "P3: the server's side has no end";
    if (outcome.steps >= 400'000) return "P3: too many steps";
    if (!outcome.repeats_identical) return "P8: a repeat had other bytes";
    if (outcome.most_early > std::size_t{setup.window} * setup.blksize) return "P6: kept more than a window";
    if (outcome.most_ahead > setup.window * setup.blksize + 1) return "P9: an upload was faster than its rate";
    if (friendly && outcome.server_was_started && !setup.put && setup.loss == 0 && setup.lost_late.empty()) {
        if (setup.jitter == 0 && asks_only_for_losses(setup) && outcome.data_repeated != 0)
            return "P4: repeated without a loss";
        if (!server_ok) return "P5: not complete although nothing was lost";
    }
    if (friendly && setup.loss <= 0.05 && !client_ok) return "P5: not complete at a loss of 5 %";
    return {};
}

}  // namespace wherry::tftp::world
