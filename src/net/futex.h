#pragma once
// Sleeping until another thread changes a number (futex(2)): less than a condition variable, and without its mutex.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>

namespace wherry::net {

// Returns when woken, or at once if the number is not `expected`, or for no reason: the caller looks again.
inline void futex_wait(const std::atomic<std::uint32_t>& number, std::uint32_t expected) noexcept {
    syscall(SYS_futex, &number, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

// The same; false if `timeout` has passed.
inline bool futex_wait_for(const std::atomic<std::uint32_t>& number, std::uint32_t expected,
                           std::chrono::seconds timeout) noexcept {
    const timespec span{timeout.count(), 0};
    return syscall(SYS_futex, &number, FUTEX_WAIT_PRIVATE, expected, &span, nullptr, 0) == 0 || errno != ETIMEDOUT;
}

inline void futex_wake(std::atomic<std::uint32_t>& number) noexcept {
    syscall(SYS_futex, &number, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace wherry::net
