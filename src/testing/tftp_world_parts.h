#pragma once
// The parts of a TftpWorld: what travels, and who is at the two ends.
#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "testing/tftp_world.h"

namespace wherry::tftp::world {

struct Packet {
    enum class Kind : std::uint8_t { request, oack, ack, data };
    Kind kind = Kind::request;
    std::uint16_t number = 0;
    std::string payload;
};

// What is on its way, the earliest first; of what arrives at one time, what was sent first.
template <class What>
class Underway {
public:
    void send(Time at, What what) { things_.push({at, ++serial_, std::move(what)}); }
    Time next() const { return things_.empty() ? Time::max() : things_.top().at; }
    What take() {
        What what = things_.top().what;
        things_.pop();
        return what;
    }

private:
    struct Thing {
        Time at;
        std::uint64_t serial;
        What what;
        bool operator<(const Thing& other) const {
            return std::tie(at, serial) > std::tie(other.at, other.serial);  // a queue has the largest first
        }
    };
    std::priority_queue<Thing> things_;
    std::uint64_t serial_ = 0;
};

// One direction of a network: when what is sent now arrives there; empty: it is lost. Both must outlive it.
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

std::unique_ptr<Client> new_client(const Scene& scene, Time now, const std::string& content);

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

inline const Timing timing{.stall = std::chrono::seconds(30)};

// One whose machine is watched, and interrupted once.
template <class State, class Event>
class Watched : public Server {
protected:
    Watched(const Scene& setup, Reached& reached) : setup_(setup), reached_(reached) {}

    virtual State state() const = 0;
    virtual void happen(Time now, Interruption::Kind kind) = 0;

    void interrupt(Time now) {
        if (interrupted_ || !setup_.interruption) return;
        if (setup_.interruption->state != static_cast<std::uint8_t>(state())) return;
        interrupted_ = true;
        happen(now, setup_.interruption->kind);
    }
    void saw(State before, Event event) noexcept { reached_.add(before, event); }

    const Scene& setup_;

private:
    Reached& reached_;
    bool interrupted_ = false;
};

// A machine of the server, and what a driver does for it. What an upload receives goes into `outcome`.
std::unique_ptr<Server> new_sender(const Scene& scene, Time now, const std::string& content, Outcome& outcome);
std::unique_ptr<Server> new_receiver(const Scene& scene, Time now, Outcome& outcome);

}  // namespace wherry::tftp::world
