#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "task.h"

struct epoll_event;

namespace wherry::bench {

using Clock = std::chrono::steady_clock;

/// Seconds since `start`, as the reports want them.
inline double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

inline Clock::time_point after(double seconds) {
    return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

/// One thread, one epoll, and the coroutines that wait on it.
///
/// Descriptors are watched edge-triggered: try the system call first, wait only after EAGAIN. At most one coroutine may
/// wait for reading and one for writing on a descriptor. A `prompt` descriptor (a control connection) resumes its
/// coroutine at once; a `bulk` one (a data connection) is queued, and the loop looks at epoll again between any two
/// queued coroutines, so a session's dialogue never waits behind more than one slice of somebody's transfer.
class Loop {
public:
    enum class Turn { prompt, bulk };

    Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    /// Starts watching `fd`; false when the kernel refuses. forget() it before it is closed.
    bool watch(int fd, Turn turn);
    void forget(int fd) noexcept;

    auto readable(int fd) { return Wait{*this, fd, &Watch::reader}; }
    auto writable(int fd) { return Wait{*this, fd, &Watch::writer}; }
    /// Goes to the end of the queue.
    auto yield() { return Yield{*this}; }
    auto sleep(double seconds) { return Sleep{*this, after(seconds)}; }
    void post(std::coroutine_handle<> handle) { queue_.push_back(handle); }

    /// Runs until stop(); false if `deadline` came first. The coroutines that still wait then stay suspended.
    bool run(Clock::time_point deadline = Clock::time_point::max());
    void stop() { stopped_ = true; }

private:
    struct Watch {
        std::uint32_t generation = 0;  ///< a late event for a closed descriptor carries an older one
        bool bulk = false;
        std::coroutine_handle<> reader;
        std::coroutine_handle<> writer;
    };
    struct Wait {
        Loop& loop;
        int fd;
        std::coroutine_handle<> Watch::* side;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle) const { loop.slot(fd).*side = handle; }
        void await_resume() const noexcept {}
    };
    struct Yield {
        Loop& loop;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle) const { loop.post(handle); }
        void await_resume() const noexcept {}
    };
    struct Sleep {
        Loop& loop;
        Clock::time_point until;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle) const { loop.timers_.emplace(until, handle); }
        void await_resume() const noexcept {}
    };

    Watch& slot(int fd) { return watches_[static_cast<std::size_t>(fd)]; }
    int patience(Clock::time_point now, Clock::time_point deadline) const;
    void fire_timers(Clock::time_point now);
    void dispatch(const epoll_event& event);
    void wake(int fd, std::coroutine_handle<> Watch::* side);

    int epoll_;
    bool stopped_ = false;
    std::vector<Watch> watches_;  ///< by descriptor
    std::deque<std::coroutine_handle<>> queue_;
    std::multimap<Clock::time_point, std::coroutine_handle<>> timers_;
};

/// Coroutines started together and waited for together. It must outlive them: await finished() before it goes.
class Group {
public:
    explicit Group(Loop& loop) : loop_(loop) {}
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    /// Runs `child` until it first waits, then returns.
    void start(Task<> child);

    auto finished() { return Finished{*this}; }

private:
    struct Detached {
        struct promise_type {
            Detached get_return_object() const noexcept { return {}; }
            std::suspend_never initial_suspend() const noexcept { return {}; }
            std::suspend_never final_suspend() const noexcept { return {}; }
            void return_void() const noexcept {}
            void unhandled_exception() const noexcept { std::terminate(); }
        };
    };
    struct Finished {
        Group& group;
        bool await_ready() const noexcept { return group.running_ == 0; }
        void await_suspend(std::coroutine_handle<> handle) const noexcept { group.waiter_ = handle; }
        void await_resume() const noexcept {}
    };

    Detached run(Task<> child);

    Loop& loop_;
    std::size_t running_ = 0;
    std::coroutine_handle<> waiter_;
};

}  // namespace wherry::bench
