#pragma once
// EventBus: one per server. Publishing never blocks; sinks run on one thread of the bus behind a bounded queue, one
// after the other, in the order in which the events were published.
//
// Set up in one thread (subscribe, on_error, deliver_inline, start), then publish from any. What is published before
// start() waits in the queue. The metrics must outlive the bus, and nobody may publish while it is destroyed.
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/variant_index.h"
#include "wherry/events.h"

namespace wherry {

class Metrics;

class EventBus {
public:
    using Sink = std::function<void(const Event&)>;
    // Events waiting for the sinks, beside the batch that is being delivered. An event that finds the queue full is
    // dropped and counted (Metric::events_dropped_total); those in the queue keep their place. Commands and
    // requests of TFTP, of which one client can send a million in a second, find it full much earlier: they fill no
    // memory and push nothing else out.
    static constexpr std::size_t queue_limit = 65536;
    static constexpr std::size_t command_limit = 2048;
    // How long events are gathered after a delivery, so that a steady stream of them costs few wake-ups of the thread.
    static constexpr std::chrono::milliseconds gather_time{10};

    explicit EventBus(Metrics& metrics);
    ~EventBus();  // delivers what is queued, then stops the thread
    EventBus(const EventBus&) = delete;
    EventBus& operator=(const EventBus&) = delete;

    // A sink that wants the kinds in `mask` (bit = Event::index()); before start() only. It may block, and it may
    // publish in turn. If it throws, the event counts as delivered (Metric::sink_errors_total) and the other sinks get
    // theirs. `when`, on the thread that publishes: whether it wants them now; an event that nobody wants is not made.
    // It must not throw.
    void subscribe(Sink sink, std::uint32_t mask = ~0U, std::function<bool()> when = {});
    template <class Kind>
    void on(std::function<void(const Kind&)> sink) {
        subscribe([sink = std::move(sink)](const Event& event) { sink(std::get<Kind>(event)); }, bit<Kind>());
    }
    // Told what a sink has thrown, on the thread that delivers, once per exception; before start() only.
    void on_error(std::function<void(std::string_view what)> handler) { on_error_ = std::move(handler); }

    void start();
    // Waits until everything published so far has reached the sinks; without a thread of the bus it delivers here and
    // now. For tests and for the end of the program; never from a sink.
    void drain();
    // Delivers on the publishing thread; start() then starts none. For whole-server tests in one thread.
    void deliver_inline() { inline_ = true; }

    // Whether a sink wants events of that kind.
    template <class Kind>
    bool wants() const noexcept {
        return is_wanted(bit<Kind>());
    }
    // publish<event::Sent>([&] { return event::Sent{...}; }): the event is only made if a sink wants it.
    template <class Kind, class Make>
    void publish(Make&& make) {
        if (wants<Kind>()) push(Event(std::in_place_type<Kind>, make()));
    }

    template <class Kind>
    static constexpr std::uint32_t bit() {
        return 1U << index_in<Kind, Event>;
    }

private:
    struct Subscription {
        Sink sink;
        std::uint32_t mask;
        std::function<bool()> when;  // empty: always
    };
    bool is_wanted(std::uint32_t kind) const {
        return (always_ & kind) != 0 || ((at_times_ & kind) != 0 && is_wanted_now(kind));
    }
    bool is_wanted_now(std::uint32_t kind) const;
    void push(Event event);
    void deliver(const Event& event) noexcept;
    void report(std::string_view what) noexcept;
    void run();

    Metrics& metrics_;
    std::vector<Subscription> subscriptions_;
    std::function<void(std::string_view)> on_error_;
    std::uint32_t always_ = 0;    // kinds that somebody wants
    std::uint32_t at_times_ = 0;  // that somebody may want
    bool inline_ = false;
    std::mutex mutex_;
    std::condition_variable more_;
    std::condition_variable drained_;
    std::vector<Event> queue_;
    std::uint64_t pushed_ = 0;     // events that got into the queue, ever
    std::uint64_t delivered_ = 0;  // of these, how many the sinks have had
    std::size_t drains_ = 0;       // callers inside drain()
    bool waiting_ = false;         // the thread waits on an empty queue: the next event must wake it
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace wherry
