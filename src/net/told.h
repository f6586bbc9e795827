#pragma once
// Told: one coroutine waits until somebody on another thread says a word, but not for ever. The word may come before
// the waiting begins, or after it was given up.
#include <atomic>
#include <coroutine>
#include <memory>
#include <utility>

#include "net/loop.h"

namespace wherry::net {

class Told : public std::enable_shared_from_this<Told> {
public:
    explicit Told(Loop& loop) noexcept : loop_(loop) {}

    // From any thread, once; the loop must still be there.
    void tell() {
        told_.store(true, std::memory_order_release);
        loop_.post([self = shared_from_this()] {
            if (self->waiting_) self->loop_.schedule(std::exchange(self->waiting_, {}));
        });
    }
    bool told() const noexcept { return told_.load(std::memory_order_acquire); }

    // co_await told->until(due), on the loop: after the word, or at that time.
    struct Wait {
        Told& told;
        TimePoint due;
        Timer timer;
        Wait(Told& whom, TimePoint until)
            : told(whom),
              due(until),
              timer(
                  whom.loop_.timers(),
                  [](void* self) {
                      Told& late = static_cast<Wait*>(self)->told;
                      if (late.waiting_) late.loop_.schedule(std::exchange(late.waiting_, {}));
                  },
                  this) {}
        bool await_ready() const noexcept { return told.told() || due <= told.loop_.now(); }
        void await_suspend(std::coroutine_handle<> who) {
            told.waiting_ = who;
            timer.set(due);
        }
        void await_resume() const noexcept {}
    };
    Wait until(TimePoint due) { return {*this, due}; }

private:
    Loop& loop_;
    std::coroutine_handle<> waiting_;  // on the loop only
    std::atomic<bool> told_{false};
};

}  // namespace wherry::net
