#pragma once
// TokenBucket: how long must whoever moved n bytes wait, given the time. Arithmetic only: it waits for nothing, asks no
// clock and takes no lock; several threads that share one put a mutex around it.
//
// A taker always gets its bytes and pays afterwards: a bucket goes into debt and the answer is the time until it is out
// of it. So a slice larger than the bucket is no special case, and takers that share it wait in the order they came.
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace wherry {

class TokenBucket {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::uint64_t most_grant = std::uint64_t{1} << 20;  // one bulk slice
    static constexpr std::chrono::hours longest_delay{24};

    // `rate` in bytes per second, 0: no limit. `capacity` is what may pass at once after a pause; 0: a quarter of a
    // second of the rate. A new bucket is full.
    explicit TokenBucket(std::uint64_t rate = 0, std::uint64_t capacity = 0)
        : rate_(rate), asked_capacity_(capacity), level_(depth()) {}

    std::uint64_t rate() const noexcept { return rate_; }
    bool unlimited() const noexcept { return rate_ == 0; }

    // Holds from the last take on; a debt stays and is paid at the new rate.
    void set_rate(std::uint64_t rate) {
        rate_ = rate;
        level_ = unlimited() ? 0 : std::min(level_, depth());
    }
    // The same with another capacity.
    void set_rate(std::uint64_t rate, std::uint64_t capacity) {
        asked_capacity_ = capacity;
        set_rate(rate);
    }

    // Takes `bytes`; how long to wait before taking more. A `now` before the last one counts as that one.
    std::chrono::nanoseconds delay(std::uint64_t bytes, TimePoint now) {
        if (unlimited()) {
            level_ = 0;
            last_ = std::max(last_, now);
            return std::chrono::nanoseconds(0);
        }
        refill(now);
        level_ -= static_cast<double>(bytes);
        if (level_ >= 0) return std::chrono::nanoseconds(0);
        const double seconds = -level_ / static_cast<double>(rate_);
        const std::chrono::duration<double> most = longest_delay;
        if (seconds >= most.count()) return longest_delay;
        return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9) + 1);
    }

    // How many bytes to move before asking again: what passes in some 50 ms, so that a transfer is neither jerky nor
    // spends its time in here. Never 0, never above most_grant.
    std::uint64_t grant() const noexcept {
        if (unlimited()) return most_grant;
        const std::uint64_t at_least = std::min<std::uint64_t>(rate_, 1024);
        return std::clamp(rate_ / 20, at_least, most_grant);
    }

private:
    double depth() const noexcept {
        if (asked_capacity_ != 0) return static_cast<double>(asked_capacity_);
        return std::max(1.0, static_cast<double>(rate_) / 4);
    }

    void refill(TimePoint now) {
        if (now <= last_) return;
        if (last_ != TimePoint::min()) {
            const std::chrono::duration<double> elapsed = now - last_;
            level_ = std::min(depth(), level_ + elapsed.count() * static_cast<double>(rate_));
        }
        last_ = now;
    }

    std::uint64_t rate_;
    std::uint64_t asked_capacity_;
    double level_;  // bytes that may pass at once; below 0: a debt. 53 bits are exact far beyond any level met here
    TimePoint last_ = TimePoint::min();
};

}  // namespace wherry
