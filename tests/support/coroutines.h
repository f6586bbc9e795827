#pragma once
// What tests of coroutines share: a loop that is turned by hand, and ways to start a Task on it and to keep its result.
#include <chrono>
#include <optional>
#include <utility>

#include "core/clock.h"
#include "net/loop.h"
#include "net/scope.h"
#include "net/task.h"

namespace wherry::testing {

template <class T>
net::Task<void> keep_result(net::Task<T> task, std::optional<T>& into) {
    into.emplace(co_await task);
}
inline net::Task<void> keep_end(net::Task<void> task, bool& ended) {
    co_await task;
    ended = true;
}

// A loop without descriptors and with a manual clock.
struct HandTurned {
    ManualClock clock;
    net::Loop loop{clock, net::Loop::Kind::simulated};
    net::Scope scope{loop};

    template <class T>
    void start(net::Task<T> task, std::optional<T>& into) {
        scope.start(keep_result(std::move(task), into));
        loop.run_until_idle();
    }
    void start(net::Task<void> task, bool& ended) {
        scope.start(keep_end(std::move(task), ended));
        loop.run_until_idle();
    }
    void advance(std::chrono::nanoseconds span) {
        clock.advance(span);
        loop.run_until_idle();
    }
};

// Turns `loop`, which other threads may give work to, until `done()`; gives up after many seconds.
template <class Done>
bool turn_until(net::Loop& loop, Done done) {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done()) {
        if (std::chrono::steady_clock::now() > patience) return false;
        loop.turn(std::chrono::milliseconds(50));
    }
    return true;
}

}  // namespace wherry::testing
