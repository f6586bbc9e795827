#pragma once
#include <atomic>
#include <cstddef>

namespace wherry::net {

// Counts what is still under way on any loop, so that a thread outside can wait for all of it to end.
class Outstanding {
public:
    void begin() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
    void end() noexcept {
        if (count_.fetch_sub(1, std::memory_order_release) == 1) count_.notify_all();
    }
    std::size_t count() const noexcept { return count_.load(std::memory_order_acquire); }
    void wait_for_none() const noexcept {
        for (auto left = count(); left != 0; left = count()) count_.wait(left, std::memory_order_acquire);
    }

private:
    std::atomic<std::size_t> count_{0};
};

}  // namespace wherry::net
