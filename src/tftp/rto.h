#pragma once
// Rto: how long to wait for an answer before a packet is sent again. Arithmetic only; RFC 6298 with the bounds of a
// local network. A client that asks for a time-out of its own gets exactly that, without back-off.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace wherry::tftp {

using Time = std::chrono::steady_clock::time_point;
using Span = std::chrono::nanoseconds;

class Rto {
public:
    struct Bounds {
        Span initial = std::chrono::seconds(1);
        Span least = std::chrono::milliseconds(100);
        Span most = std::chrono::seconds(8);
    };
    // The same bounds are given to each call. `seed`: of the jitter of a tenth that keeps a rack which comes back after
    // a power cut from beating in step; 0: none.
    explicit Rto(const Bounds& bounds, std::optional<Span> fixed = {}, std::uint32_t seed = 0) noexcept
        : base_(fixed.value_or(bounds.initial)), random_(seed), fixed_(fixed) {}

    void sample(Span round_trip, const Bounds& bounds) noexcept {
        backed_off_ = 0;
        if (srtt_ == unknown) {
            srtt_ = round_trip;
            variance_ = round_trip / 2;
        } else {
            const Span off = round_trip > srtt_ ? round_trip - srtt_ : srtt_ - round_trip;
            variance_ += (off - variance_) / 4;
            srtt_ += (round_trip - srtt_) / 8;
        }
        if (fixed_) return;
        base_ =
            std::clamp(srtt_ + std::max<Span>(std::chrono::milliseconds(1), variance_ * 4), bounds.least, bounds.most);
    }
    void timed_out() noexcept {
        if (backed_off_ < most_backed_off) ++backed_off_;
    }
    void progress() noexcept { backed_off_ = 0; }

    // The wait that begins now.
    Span get(const Bounds& bounds) noexcept {
        if (fixed_) return base_;
        const Span wait = std::min(bounds.most, base_ * (std::int64_t{1} << backed_off_));
        if (backed_off_ == 0 || random_ == 0) return wait;
        random_ ^= random_ << 13U;
        random_ ^= random_ >> 17U;
        random_ ^= random_ << 5U;
        return wait + wait / 1000 * (static_cast<std::int64_t>(random_ % 201) - 100);
    }
    bool is_fixed() const noexcept { return fixed_; }
    std::optional<Span> fixed() const noexcept { return fixed_ ? std::optional(base_) : std::nullopt; }
    bool backed_off() const noexcept { return backed_off_ > 0; }
    std::optional<Span> smoothed() const noexcept { return srtt_ == unknown ? std::nullopt : std::optional(srtt_); }

private:
    static constexpr Span unknown{-1};
    static constexpr std::uint8_t most_backed_off = 6;
    Span base_;  // without back-off
    Span srtt_{unknown};
    Span variance_{0};
    std::uint32_t random_;
    std::uint8_t backed_off_ = 0;
    bool fixed_;
};

}  // namespace wherry::tftp
