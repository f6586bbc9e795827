#pragma once
// Flow: one request and the transfer it leads to, between one port of a client and one of the server. Belongs to one
// loop and its Engine.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/timers.h"
#include "observe/metric_labels.h"
#include "tftp/admission.h"
#include "tftp/effects.h"
#include "tftp/outbox.h"
#include "tftp/policy.h"

namespace wherry::tftp {

class Engine;

struct Flow;

struct Tid;
using TidPtr = std::shared_ptr<Tid>;

// A port of the server that transfers use. It belongs to the coroutine that reads from it, and is closed when the last
// TidPtr to it goes.
struct Tid {
    Tid(net::DatagramSocketPtr opened, std::size_t number)
        : socket(std::move(opened)), outbox(*socket), listener(number) {}
    net::DatagramSocketPtr socket;
    Outbox outbox;
    std::size_t listener;  // of which it is a port
    bool takes_requests = false;
    bool closing = false;
    std::weak_ptr<Flow> only;    // with tid_mode unique: whose port it is
    TidPtr base{};               // of a connected socket: the port that all others use; null: it is that port
    std::uint32_t in_a_row = 0;  // packets for `last`
    Flow* last = nullptr;        // of those here, the one that a packet came for last; null: none, or it is gone
};

// How far a transfer is, in bytes on the wire.
struct Progress {
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> size;  // of the whole, where that is known
};

// What is between the packets of a transfer and its file. One for downloads, one for uploads, one for conversations of
// the program's own.
class Exchange {
public:
    virtual ~Exchange() = default;
    // It wants whatever its client sends; else only what belongs to its direction.
    virtual bool has_own_packets() const { return false; }
    virtual void on_packet(Time now, Op op, Bytes packet) = 0;
    virtual void on_duplicate_request(Time now) = 0;
    virtual void on_unreachable(Time now) = 0;
    virtual void on_timer(Time now) = 0;
    virtual void cancel(Ending ending, ErrorCode code, std::string_view text) = 0;
    virtual bool verified() const = 0;
    virtual Time last_heard() const = 0;
    virtual Progress progress() const = 0;
    // Nothing but repeats of the end are answered any more.
    virtual bool over() const = 0;
};

struct Flow {
    // `packet`: the request, of `size` bytes.
    Flow(Engine& engine, Route way, std::size_t number, std::shared_ptr<const std::byte[]> packet, std::size_t size);
    ~Flow();
    Flow(const Flow&) = delete;
    Flow& operator=(const Flow&) = delete;

    enum class State : std::uint8_t {
        opening,  // the request is being looked at
        running,
        refused,  // an ERROR was sent; kept for a while to answer repeats of the request
        over,     // late packets of a transfer that has ended are dropped for a while, and not answered
        gone,     // nobody refers to it any more but what is still under way for it
    };

    void send(std::string_view packet);
    const Settings& settings() const noexcept { return policy->settings; }
    std::uint32_t jitter() const;  // the seed of a machine's; 0: none
    bool alive() const noexcept { return state != State::gone; }
    Bytes request() const noexcept { return {packet_.get(), packet_size_}; }  // the datagram

    // The answer to a request that is refused.
    struct Refused {
        std::string packet;
        Time at{};  // when it was sent last
        ErrorCode code = ErrorCode::undefined;
    };

    // Sets the timer: to the time the exchange wants, or when the transfer has lasted as long as it may.
    void wake_at(Time due);
    Time last_moment() const noexcept;  // of a transfer that runs
    // Sets the timer for a flow that only answers repeats. Nobody waits for its end: the many that come within a
    // quarter of a second wake the loop once.
    void leave_about(Time due);

    Engine& engine;
    const std::uint32_t serial;  // among those of its engine
    Route route;
    const std::uint16_t listener;
    std::uint16_t not_port = 0;  // late packets of a transfer before this one may still come there

private:
    const std::uint16_t packet_size_;
    const std::shared_ptr<const std::byte[]> packet_;  // shared by those who ask for the same

public:
    PolicyPtr policy;  // what holds for it
    TidPtr tid;        // once something was sent
    [[no_unique_address]] Admission::Seat seat;
    State state = State::opening;  // in a place that alignment leaves in the seat
    bool quiet = false;            // it hears of no refusal
    std::uint16_t handler = 0;     // of the program's that has answered, counted from 1; 0: none has
    net::Timer timer;
    std::unique_ptr<Refused> refused;
    Time began{};
    std::unique_ptr<Exchange> exchange;
};
using FlowPtr = std::shared_ptr<Flow>;

TftpDirection direction_of(const Flow& flow) noexcept;

}  // namespace wherry::tftp
