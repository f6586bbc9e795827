#pragma once
// Clock: what time it is. No code below asks the system for it: it is handed a Clock, so that a test turns the hands.
//
// now() only ever goes forward and is for deadlines and rates; wall() is the civil time for listings, logs and events,
// and may jump. Both may be asked from any thread.
#include <atomic>
#include <chrono>
#include <cstdint>

namespace wherry {

class Clock {
public:
    virtual ~Clock() = default;
    virtual std::chrono::steady_clock::time_point now() const = 0;
    virtual std::chrono::system_clock::time_point wall() const = 0;

    // wall() in whole seconds since 1970-01-01, rounded down.
    std::int64_t wall_seconds() const {
        return std::chrono::floor<std::chrono::seconds>(wall().time_since_epoch()).count();
    }
};

// The clocks of the system.
class SteadyClock final : public Clock {
public:
    std::chrono::steady_clock::time_point now() const override { return std::chrono::steady_clock::now(); }
    std::chrono::system_clock::time_point wall() const override { return std::chrono::system_clock::now(); }
};

// Stands still until it is told to advance. Starts at a moment that is neither zero nor today, so that code which takes
// the epoch for "never", or peeks at the system's clock, is seen.
class ManualClock final : public Clock {
public:
    static constexpr std::int64_t start_wall = 1'767'323'045;  // 2026-01-02 03:04:05 UTC

    explicit ManualClock(std::int64_t wall_seconds = start_wall)
        : wall_(std::chrono::nanoseconds(std::chrono::seconds(wall_seconds)).count()) {}

    std::chrono::steady_clock::time_point now() const override {
        return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(now_.load()));
    }
    std::chrono::system_clock::time_point wall() const override {
        return std::chrono::system_clock::time_point(
            std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(wall_.load())));
    }

    void advance(std::chrono::nanoseconds by) {
        now_ += by.count();
        wall_ += by.count();
    }
    // The operator or NTP sets the civil time: now() does not move.
    void set_wall(std::chrono::system_clock::time_point at) {
        wall_ = std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
    }

private:
    std::atomic<std::int64_t> now_ = std::chrono::nanoseconds(std::chrono::hours(1000)).count();
    std::atomic<std::int64_t> wall_;
};

}  // namespace wherry
