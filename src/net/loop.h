#pragma once
// Loop: one thread's event loop. Coroutines wait here for descriptors, timers, workers and their turn.
//
// Two classes of work: control (everything by default) and bulk (slices of file data). All control work that is ready
// runs before the next slices of bulk work, one long or a few short ones a turn, so that a NOOP beside fifty downloads
// waits for one slice and not for fifty.
//
// A loop may run short jobs itself: code that could wait for a disk and hardly ever does (opening, renaming). A hop to
// a worker and back would cost more than most of them. A Deputy watches: if a job does wait, another thread goes on
// with the loop, the first one stays with its job, and the result is posted to the loop like a worker's.
//
// Everything belongs to the loop's own thread but post(), stop() and what says so.
#include <sys/epoll.h>
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "net/timers.h"

namespace wherry::net {

class Deputy;
class Loop;

// A coroutine's interest in a descriptor, or in something that behaves like one. At most one reader and one writer wait
// at a time. The descriptor is only told to the kernel when somebody has to wait for it: a transfer that never waits
// costs no epoll call. Events that find nobody waiting are remembered, and the next wait returns at once (a spurious
// wake-up is harmless: who waits tries again).
class Watch {
public:
    enum class Class : std::uint8_t { control, bulk };
    Watch(Loop& loop, int descriptor, Class kind = Class::control) noexcept
        : loop_(loop), descriptor_(descriptor), class_(kind) {}
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    struct Wait {
        Watch& watch;
        bool write;
        bool await_ready() const noexcept { return watch.take(write); }
        void await_suspend(std::coroutine_handle<> waiting) { watch.wait(write, waiting); }
        void await_resume() const noexcept {}
    };
    Wait readable() noexcept { return {*this, false}; }
    Wait writable() noexcept { return {*this, true}; }

    // Wakes who waits; also for streams without a descriptor.
    void signal(bool read, bool write);
    void signal_all() { signal(true, true); }
    int descriptor() const noexcept { return descriptor_; }
    Class kind() const noexcept { return class_; }
    Loop& loop() const noexcept { return loop_; }
    // Nothing of the descriptor may reach this object any more. `closing`: it is closed right after, which takes it out
    // of the kernel's list without another call.
    void forget(bool closing = false) noexcept;
    // Many loops may watch one listening socket; the kernel then wakes one of them (EPOLLEXCLUSIVE).
    void share() noexcept { shared_ = true; }
    // Every event wakes reader and writer: a TLS stream may have to write in order to read, and the other way round.
    void couple() noexcept { coupled_ = true; }
    void uncouple() noexcept { coupled_ = false; }
    // Nobody will wait for writable(): the kernel need not tell of it, as it does with each datagram that has left.
    void only_read() noexcept { only_read_ = true; }

private:
    friend class Loop;
    bool take(bool write) noexcept;
    void wait(bool write, std::coroutine_handle<> waiting);
    void schedule(std::coroutine_handle<>& waiting);

    Loop& loop_;
    std::coroutine_handle<> reader_;
    std::coroutine_handle<> writer_;
    int descriptor_;
    std::uint32_t told_ = 0;  // to the kernel: the events it is to wake us for; 0: it does not know of us
    Class class_;
    bool shared_ = false;
    bool coupled_ = false;
    bool only_read_ = false;
    bool readable_ = false;
    bool writable_ = false;
};

// Something that wants to run once at the end of the turn, before the loop waits and before bulk work: a session's
// replies are sent here, all of a turn in one packet.
class EndOfTurn {
public:
    virtual void end_of_turn() = 0;

protected:
    ~EndOfTurn() = default;

private:
    friend class Loop;
    bool queued_ = false;
};

// A job handed to a loop by another thread; lives in whoever waits for it (no allocation).
struct Posted {
    Posted* next = nullptr;
    void (*run)(Posted& self) = nullptr;
};

// What a job finds on its thread: a buffer that it may use until it returns.
class Worker {
public:
    static constexpr std::size_t scratch_size = 512 * 1024;
    std::span<std::byte> scratch();

private:
    std::unique_ptr<std::byte[]> buffer_;
};

// Blocking code that a coroutine waits for; lives in that coroutine. `work` runs on some thread, then `run` on `loop`.
struct Job : Posted {
    Job* following = nullptr;
    void (*work)(Job& self, Worker& worker) = nullptr;
    Loop* loop = nullptr;
};

class Loop {
public:
    enum class Kind : std::uint8_t {
        kernel,     // descriptors by epoll
        simulated,  // no descriptors: a whole server in one thread, driven by run_until_idle()
    };
    explicit Loop(const Clock& clock, Kind kind = Kind::kernel);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void run();   // until stop(), or until another thread has taken over
    void stop();  // from any thread
    // One turn: what is ready, then at most `wait` for something to happen (0: do not wait). For embedders with an
    // event loop of their own, together with descriptor(), which is readable when there is something to do.
    void turn(Duration wait);
    int descriptor() const noexcept { return epoll_; }
    // When to come again at the latest, in milliseconds as poll(2) takes them: -1 if nothing is due.
    int milliseconds_to_next() noexcept;
    // Turns until nothing is ready; timers fire by the clock as it stands. True if anything ran.
    bool run_until_idle();

    // From any thread. The function runs on the loop.
    void post(std::function<void()> function);
    void post(Posted& job);

    // --- short jobs, run here ----------------------------------------------------------------------------------------
    // From now on the loop runs short jobs itself; `deputy` watches and outlives its thread. Before run().
    void set_deputy(Deputy& deputy) noexcept { deputy_ = &deputy; }
    // False: nobody watches, a job has been slow just now, or one is still stuck: a disk that hangs costs a loop one
    // thread, however many want something of it. Then a lane is to be asked.
    bool takes_jobs() const noexcept {
        return deputy_ != nullptr && now_ >= jobs_from_ && replaced_ == freed_.load(std::memory_order_relaxed);
    }
    void queue(Job& job) noexcept;
    // From any thread: odd while a job runs, another number for each job; and the thread that runs it.
    std::uint32_t job_number() const noexcept { return job_number_.load(std::memory_order_seq_cst); }
    pid_t thread() const noexcept { return thread_.load(std::memory_order_relaxed); }
    // From a thread that is about to call run(): true if the loop is its own now, because job `number` still runs.
    bool take_over(std::uint32_t number) noexcept;

    TimePoint now() const noexcept { return now_; }  // of this turn
    Timers& timers() noexcept { return timers_; }
    const Clock& clock() const noexcept { return clock_; }

    void schedule(std::coroutine_handle<> ready) { control_.push_back(ready); }
    void schedule_bulk(std::coroutine_handle<> ready) { bulk_.push_back(ready); }
    bool has_bulk() const noexcept { return !bulk_.empty(); }
    void at_end_of_turn(EndOfTurn& who);
    void forget(EndOfTurn& who) noexcept;

    // co_await loop.bulk_turn(): go on after the control work that is ready and the other bulk work before us.
    struct BulkTurn {
        Loop& loop;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting) { loop.schedule_bulk(waiting); }
        void await_resume() const noexcept {}
    };
    BulkTurn bulk_turn() noexcept { return {*this}; }
    struct Yield {
        Loop& loop;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting) { loop.schedule(waiting); }
        void await_resume() const noexcept {}
    };
    Yield yield() noexcept { return {*this}; }
    // co_await loop.sleep_until(time)
    struct Sleep {
        Loop& loop;
        TimePoint due;
        std::coroutine_handle<> waiting{};
        Timer timer{loop.timers_,
                    [](void* self) {
                        auto& sleep = *static_cast<Sleep*>(self);
                        sleep.loop.schedule(sleep.waiting);
                    },
                    this};
        Sleep(Loop& on, TimePoint until) : loop(on), due(until) {}
        bool await_ready() const noexcept { return due <= loop.now_; }
        void await_suspend(std::coroutine_handle<> who) {
            waiting = who;
            timer.set(due);
        }
        void await_resume() const noexcept {}
    };
    Sleep sleep_until(TimePoint due) { return {*this, due}; }
    Sleep sleep_for(Duration span) { return {*this, now_ + span}; }

    // A buffer that all of the loop's coroutines share: valid until the next co_await of who uses it.
    static constexpr std::size_t scratch_size = 512 * 1024;
    std::span<std::byte> scratch();

private:
    friend class Watch;
    void refresh_now() { now_ = clock_.now(); }
    bool one_turn(std::optional<Duration> wait, Worker* worker);
    bool run_ready();
    void run_bulk();
    bool run_jobs(Worker& worker);
    bool run_job(Job& job, Worker& worker);
    bool run_posted();
    void run_ends_of_turn();
    int patience() noexcept;
    int patience(Duration wait) noexcept;
    bool poll(int milliseconds);
    bool something_ready() const noexcept {
        return !control_.empty() || !bulk_.empty() || !ends_.empty() || first_job_ != nullptr;
    }
    void wake() noexcept;

    const Clock& clock_;
    const Kind kind_;
    int epoll_ = -1;
    int wakeup_ = -1;
    int alarm_ = -1;
    TimePoint alarm_due_ = TimePoint::max();  // when it goes off
    TimePoint now_;
    Timers timers_;
    std::deque<std::coroutine_handle<>> control_;
    std::deque<std::coroutine_handle<>> bulk_;
    std::vector<EndOfTurn*> ends_;
    std::vector<EndOfTurn*> ending_;
    std::vector<epoll_event> events_;
    std::size_t event_ = 0;  // the one being handled
    std::size_t event_count_ = 0;
    std::unique_ptr<std::byte[]> scratch_;
    Deputy* deputy_ = nullptr;
    Job* first_job_ = nullptr;
    Job* last_job_ = nullptr;
    TimePoint jobs_from_{};
    std::uint32_t replaced_ = 0;           // threads that another one took over from
    std::atomic<std::uint32_t> freed_{0};  // those of them that have come to the end of their job
    std::atomic<std::uint32_t> job_number_{0};
    std::atomic<pid_t> thread_{0};
    std::atomic<Posted*> posted_{nullptr};
    std::atomic<bool> sleeping_{false};
    std::atomic<bool> stopping_{false};
};

}  // namespace wherry::net
