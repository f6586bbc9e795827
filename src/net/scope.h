#pragma once
// Scope: starts coroutines that run beside their parent and does not end before them. Belongs to one loop's thread.
#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>

#include "net/loop.h"
#include "net/task.h"

namespace wherry::net {

class Scope {
public:
    explicit Scope(Loop& loop) noexcept : loop_(loop) {}
    ~Scope() {
        if (running_ != 0) std::terminate();  // a child would outlive what it refers to: a bug, not an outside cause
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    // Starts `child` at once, until its first wait. An exception that leaves it ends the child and is thrown by join().
    void start(Task<void> child) {
        ++running_;
        run(*this, std::move(child));
    }
    bool empty() const noexcept { return running_ == 0; }
    std::size_t size() const noexcept { return running_; }

    // co_await scope.join(): after the last child.
    struct Join {
        Scope& scope;
        bool await_ready() const noexcept { return scope.running_ == 0; }
        void await_suspend(std::coroutine_handle<> waiting) noexcept { scope.waiting_ = waiting; }
        void await_resume() {
            if (scope.failure_) std::rethrow_exception(std::exchange(scope.failure_, {}));
        }
    };
    Join join() noexcept { return {*this}; }

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
    static Detached run(Scope& scope, Task<void> child) {
        {
            Task<void> owned = std::move(child);  // gone, with all it holds, before the parent hears of it
            try {
                co_await owned;
            } catch (...) {
                scope.failure_ = std::current_exception();
            }
        }
        if (--scope.running_ == 0 && scope.waiting_) scope.loop_.schedule(std::exchange(scope.waiting_, {}));
    }

    Loop& loop_;
    std::size_t running_ = 0;
    std::coroutine_handle<> waiting_;
    std::exception_ptr failure_;
};

}  // namespace wherry::net
