#pragma once
// Lane: a small pool of threads with a name, for what may wait: a disk, a password hash, a user's callback. Plain
// blocking code runs there and the coroutine that asked goes on, on its own loop, with the result.
//
//   const auto stat = co_await lane.run(loop, [&] { return filesystem.stat(path); });
//
// run_short() is for jobs that hardly ever wait: the loop runs them itself where it can (loop.h).
//
// Threads are made when there is a job and nobody free, up to the limit, and go after some idle seconds. A lane whose
// threads all wait (a hung network mount) delays its own jobs only. Each waiting job is a waiting coroutine, which has
// stopped reading from its client meanwhile: the queue cannot grow beyond the number of sessions, and needs no memory.
#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "observe/metrics.h"
#include "wherry/result.h"

namespace wherry::net {

class Lane {
public:
    // `threads` == 0: jobs run at once on the thread that asks: whole-server tests in one thread.
    Lane(std::string name, std::size_t threads, Metrics& metrics);
    virtual ~Lane();  // waits for running jobs; queued ones are run too
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    using Worker = net::Worker;

    // Runs `function()` or `function(Worker&)` on the lane. An exception in a function that returns a Result becomes
    // Code::internal, else it is thrown on in the coroutine.
    template <class Function>
    auto run(Loop& loop, Function function);
    // The same, of a job that takes no longer than a hop to a worker would, as a rule.
    template <class Function>
    auto run_short(Loop& loop, Function function);

    // A job that nobody waits for: cleaning up after something that has gone. It must not throw.
    void run_detached(Loop& loop, std::function<void()> function);

    bool is_inline() const noexcept { return limit_ == 0; }
    // True if jobs wait because all threads are busy: a job that could take longer should make room. From any thread.
    bool has_queue() {
        const std::lock_guard lock(mutex_);
        return first_ != nullptr;
    }
    const std::string& name() const noexcept { return name_; }

protected:
    // Tests have lanes of their own, whose jobs take time by a manual clock.
    virtual void submit(Job& job);

private:
    struct Thread : Worker {
        Thread* next_idle = nullptr;
        Job* job = nullptr;                   // given to it while it slept
        std::atomic<std::uint32_t> woken{0};  // a futex: each thread sleeps on its own
        std::thread thread;
    };
    template <class Function>
    class Offload;
    struct DetachedJob;
    void add_thread();
    void work(Thread& self);
    Job* next_job(Thread& self);
    void perform(Job& job, Worker& worker);
    void reap();

    const std::string name_;
    const std::size_t limit_;
    Metrics& metrics_;
    Worker inline_worker_;
    std::mutex mutex_;
    Job* first_ = nullptr;
    Job* last_ = nullptr;
    Thread* idle_ = nullptr;  // the one that slept last is woken first: its memory is still warm
    bool stopping_ = false;
    std::vector<std::unique_ptr<Thread>> threads_;
    std::vector<Thread*> ended_;
};

namespace detail {
template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<std::expected<T, Error>> = true;
}  // namespace detail

template <class Function>
class [[nodiscard]] Lane::Offload : Job {
    static constexpr bool takes_worker = std::is_invocable_v<Function&, Worker&>;
    static auto call(Function& function, [[maybe_unused]] Worker& worker) {
        if constexpr (takes_worker) {
            return function(worker);
        } else {
            return function();
        }
    }
    using Value = decltype(call(std::declval<Function&>(), std::declval<Worker&>()));

public:
    Offload(Lane& lane, Loop& on, Function function, bool is_short)
        : lane_(lane), function_(std::move(function)), short_(is_short) {
        this->loop = &on;
        this->work = [](Job& job, Worker& worker) { static_cast<Offload&>(job).execute(worker); };
        this->Posted::run = [](Posted& posted) {
            auto& self = static_cast<Offload&>(posted);
            self.waiting_.resume();
        };
    }
    Offload(const Offload&) = delete;
    Offload& operator=(const Offload&) = delete;

    bool await_ready() {
        if (!lane_.is_inline()) return false;
        execute(lane_.inline_worker_);
        return true;
    }
    void await_suspend(std::coroutine_handle<> waiting) {
        waiting_ = waiting;
        if (short_ && this->loop->takes_jobs()) {
            this->loop->queue(*this);
        } else {
            lane_.submit(*this);
        }
    }
    Value await_resume() {
        if (failure_) std::rethrow_exception(failure_);
        if constexpr (!std::is_void_v<Value>) return std::move(*value_);
    }

private:
    void execute(Worker& worker) noexcept {
        try {
            if constexpr (std::is_void_v<Value>) {
                call(function_, worker);
            } else {
                value_.emplace(call(function_, worker));
            }
        } catch (const std::exception& error) {
            caught(error.what());
        } catch (...) {
            caught("an exception of unknown type");
        }
    }
    void caught(const char* what) noexcept {
        if constexpr (detail::is_result<Value>) {
            value_.emplace(fail(Code::internal, "on lane " + lane_.name() + ": " + what));
        } else {
            failure_ = std::current_exception();
        }
    }

    Lane& lane_;
    Function function_;
    const bool short_;
    std::coroutine_handle<> waiting_;
    std::exception_ptr failure_;
    std::optional<std::conditional_t<std::is_void_v<Value>, bool, Value>> value_;
};

template <class Function>
auto Lane::run(Loop& loop, Function function) {
    return Offload<Function>(*this, loop, std::move(function), false);
}

template <class Function>
auto Lane::run_short(Loop& loop, Function function) {
    return Offload<Function>(*this, loop, std::move(function), true);
}

}  // namespace wherry::net
