#pragma once
// Timers: wake me at a time of the clock. One Timers per loop; everything here belongs to the loop's thread.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace wherry::net {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

class Timers;

// One alarm. Calls `fire(context)` on the loop's thread once its time has come; it may be set again in there. Moving it
// to a later time costs nothing (the common case: an idle timeout pushed on by every command); its destructor cancels.
class Timer {
public:
    using Fire = void (*)(void* context);
    Timer(Timers& timers, Fire fire, void* context) noexcept : timers_(timers), fire_(fire), context_(context) {}
    ~Timer() { cancel(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void set(TimePoint due);
    void cancel() noexcept;
    bool is_set() const noexcept { return set_; }
    TimePoint due() const noexcept { return due_; }

private:
    friend class Timers;
    static constexpr std::uint32_t nowhere = static_cast<std::uint32_t>(-1);
    Timers& timers_;
    Fire fire_;
    void* context_;
    TimePoint due_{};
    TimePoint queued_{};  // its place in the heap; due_ may be later
    std::uint32_t index_ = nowhere;
    bool set_ = false;
};

class Timers {
public:
    // When somebody must be woken next; TimePoint::max() if nobody.
    TimePoint next() noexcept;
    // Fires what is due at `now`; returns how many fired.
    std::size_t fire_due(TimePoint now);

private:
    friend class Timer;
    void settle() noexcept;
    void insert(Timer& timer);
    void remove(Timer& timer) noexcept;
    void place(Timer* timer, std::size_t index) noexcept;
    void sift_up(std::size_t index) noexcept;
    void sift_down(std::size_t index) noexcept;
    std::vector<Timer*> heap_;  // the earliest first
};

}  // namespace wherry::net
