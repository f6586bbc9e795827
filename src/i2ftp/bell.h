#pragma once
// Bell: coroutines of one loop wait for it; ringing wakes them all. Who is woken looks again whether it may go on.
#include <coroutine>
#include <utility>
#include <vector>

#include "net/loop.h"

namespace wherry::i2ftp {

class Bell {
public:
    explicit Bell(net::Loop& loop) noexcept : loop_(loop) {}

    void ring() {
        for (const auto waiting : std::exchange(waiting_, {})) loop_.schedule(waiting);
    }

    struct Wait {
        Bell& bell;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting) { bell.waiting_.push_back(waiting); }
        void await_resume() const noexcept {}
    };
    Wait heard() noexcept { return {*this}; }

private:
    net::Loop& loop_;
    std::vector<std::coroutine_handle<>> waiting_;
};

}  // namespace wherry::i2ftp
