#include "observe/event_bus.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <variant>

#include "observe/metrics.h"

namespace wherry {
namespace {

// A burst may have made the queue 13 MB big; beyond this many events its memory is given back.
constexpr std::size_t kept_capacity = 1024;

}  // namespace

EventBus::EventBus(Metrics& metrics) : metrics_(metrics) {}

EventBus::~EventBus() {
    if (!thread_.joinable()) {
        drain();
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    more_.notify_one();
    thread_.join();
}

void EventBus::subscribe(Sink sink, std::uint32_t mask, std::function<bool()> when) {
    (when ? at_times_ : always_) |= mask;
    subscriptions_.push_back({std::move(sink), mask, std::move(when)});
}

bool EventBus::is_wanted_now(std::uint32_t kind) const {
    return std::ranges::any_of(subscriptions_, [kind](const Subscription& one) {
        return (one.mask & kind) != 0 && (!one.when || one.when());
    });
}

void EventBus::start() {
    if (inline_ || thread_.joinable()) return;
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "wherry-events");
}

void EventBus::push(Event event) {
    if (inline_) return deliver(event);
    constexpr std::uint32_t asked = bit<event::Command>() | bit<event::TftpRequested>();
    const std::size_t limit = ((1U << event.index()) & asked) != 0 ? command_limit : queue_limit;
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() >= limit) {
            metrics_.add(Metric::events_dropped_total);
            return;
        }
        queue_.push_back(std::move(event));
        ++pushed_;
        wake = std::exchange(waiting_, false);
    }
    if (wake) more_.notify_one();
}

void EventBus::drain() {
    std::unique_lock lock(mutex_);
    const std::uint64_t target = pushed_;
    if (!thread_.joinable()) {
        while (delivered_ < target) {
            const std::vector<Event> batch = std::exchange(queue_, {});
            lock.unlock();
            for (const Event& event : batch) deliver(event);
            lock.lock();
            delivered_ += batch.size();
        }
        return;
    }
    ++drains_;
    more_.notify_one();
    drained_.wait(lock, [&] { return delivered_ >= target; });
    --drains_;
}

void EventBus::run() {
    std::vector<Event> batch;
    std::unique_lock lock(mutex_);
    while (true) {
        waiting_ = true;
        more_.wait(lock, [&] { return !queue_.empty() || stopping_; });
        waiting_ = false;
        if (queue_.empty()) return;
        batch.swap(queue_);
        lock.unlock();
        for (const Event& event : batch) deliver(event);
        const std::size_t count = batch.size();
        batch.clear();
        if (batch.capacity() > kept_capacity) batch = {};
        lock.lock();
        delivered_ += count;
        if (drains_ != 0) drained_.notify_all();
        more_.wait_for(lock, gather_time, [&] { return stopping_ || drains_ != 0; });
    }
}

void EventBus::deliver(const Event& event) noexcept {
    const std::uint32_t kind = 1U << event.index();
    for (const Subscription& subscription : subscriptions_) {
        if ((subscription.mask & kind) == 0) continue;
        try {
            subscription.sink(event);
        } catch (const std::exception& thrown) {
            report(thrown.what());
        } catch (...) {
            report("an exception that is no std::exception");
        }
    }
}

void EventBus::report(std::string_view what) noexcept {
    metrics_.add(Metric::sink_errors_total);
    if (!on_error_) return;
    try {
        on_error_(what);
    } catch (...) {  // there is nobody left to tell, and it is counted above
    }
}

}  // namespace wherry
