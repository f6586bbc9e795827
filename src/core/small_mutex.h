#pragma once
// SmallMutex: a lock of four bytes, where std::mutex has forty: for objects of which there are many, and whose users
// hardly ever meet. Not recursive; waiting costs no processor time. For std::lock_guard.
#include <atomic>

namespace wherry {

class SmallMutex {
public:
    void lock() noexcept {
        while (taken_.exchange(1, std::memory_order_acquire) != 0) taken_.wait(1, std::memory_order_relaxed);
    }
    void unlock() noexcept {
        taken_.store(0, std::memory_order_release);
        taken_.notify_one();
    }

private:
    std::atomic<int> taken_{0};  // an int is what the kernel can wait on
};

}  // namespace wherry
