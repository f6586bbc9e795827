#include "tftp/admission.h"

#include <algorithm>
#include <cstring>

namespace wherry::tftp {
namespace {

constexpr std::chrono::seconds idle_source{10};
constexpr double request_burst = 4;  // seconds' worth
constexpr double reply_burst = 2;
constexpr int looks_a_newcomer = 4;

std::uint32_t milliseconds_of(Time time) noexcept {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

// Negative, if another loop's clock is a little ahead.
Span since(std::uint32_t then, Time now) noexcept {
    return std::chrono::milliseconds(static_cast<std::int32_t>(milliseconds_of(now) - then));
}

}  // namespace

void Admission::Level::refill(Span passed, double rate, double depth) noexcept {
    if (left < 0 || rate <= 0) return;
    left = static_cast<float>(
        std::min(depth, static_cast<double>(left) + std::chrono::duration<double>(passed).count() * rate));
}

bool Admission::Level::take(double rate, double depth) noexcept {
    if (rate <= 0) return true;
    if (left < 0) left = static_cast<float>(depth);
    if (left < 1) return false;
    left -= 1;
    return true;
}

bool Admission::Bucket::take(Time now, double rate, double depth) noexcept {
    if (now > last) level.refill(now - last, rate, depth);
    last = std::max(last, now);
    return level.take(rate, depth);
}

std::uint64_t Admission::key_of(const net::Address& address) noexcept {
    std::uint64_t key = 0;
    if (address.is_ipv6()) {
        std::memcpy(&key, address.bytes(), 8);
        return key | 1;  // never one of IPv4
    }
    std::uint32_t four = 0;
    std::memcpy(&four, address.bytes(), 4);
    return std::uint64_t{four} << 1U;
}

// When there are too many, newcomers share one.
Admission::Source& Admission::source_of(Time now, std::uint64_t key) {
    auto found = sources_.find(key);
    if (found == sources_.end()) {
        forget_old(now);
        if (sources_.size() >= most_sources) key = 0;
        const auto [place, is_new] = sources_.try_emplace(key);
        if (is_new) {
            keys_.push_back(key);
            place->second.seen = milliseconds_of(now);
        }
        found = place;
    }
    Source& source = found->second;
    if (const Span passed = since(source.seen, now); passed > Span(0)) {
        const double requests = options_.requests_per_second_address;
        const double replies = options_.unverified_per_second_address;
        const double errors = options_.unknown_tid_per_second_address;
        source.requests.refill(passed, requests, requests * request_burst);
        source.replies.refill(passed, replies, replies);
        source.errors.refill(passed, errors, errors);
        source.seen = milliseconds_of(now);
    }
    return source;
}

// Looks at a few for each newcomer: a flood of forged addresses asks for this with each packet.
void Admission::forget_old(Time now) {
    for (int looks = 0; looks < looks_a_newcomer && !keys_.empty(); ++looks) {
        if (hand_ >= keys_.size()) hand_ = 0;
        const auto found = sources_.find(keys_[hand_]);
        if (found->second.transfers > 0 || since(found->second.seen, now) <= idle_source) {
            ++hand_;
            continue;
        }
        sources_.erase(found);
        keys_[hand_] = keys_.back();
        keys_.pop_back();
    }
}

void Admission::set(const Options& options) {
    const std::lock_guard lock(mutex_);
    options_ = options;
}

bool Admission::request(Time now, const net::Address& source) {
    const std::lock_guard lock(mutex_);
    const double rate = options_.requests_per_second_address;
    if (!source_of(now, key_of(source)).requests.take(rate, rate * request_burst)) return false;
    const double all = options_.requests_per_second;
    return requests_.take(now, all, all);
}

Admission::Seat Admission::begin(Time now, const net::Address& source) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t key = key_of(source);
    Source& known = source_of(now, key);
    const std::uint32_t most = source.is_ipv6() ? 4 * options_.max_per_address : options_.max_per_address;
    if (options_.max_transfers != 0 && transfers_ >= options_.max_transfers) return {};
    if (most != 0 && known.transfers >= most) return {};
    if (options_.unverified_per_address != 0 && known.unverified >= options_.unverified_per_address) return {};
    ++transfers_;
    ++known.transfers;
    ++known.unverified;
    return Seat(this, sources_.contains(key) ? key : 0);
}

bool Admission::unverified_reply(Time now, const net::Address& source) {
    const std::lock_guard lock(mutex_);
    const double rate = options_.unverified_per_second_address;
    if (!source_of(now, key_of(source)).replies.take(rate, rate)) return false;
    const double all = options_.unverified_per_second;
    return replies_.take(now, all, all * reply_burst);
}

bool Admission::unknown_tid(Time now, const net::Address& source) {
    const std::lock_guard lock(mutex_);
    const double rate = options_.unknown_tid_per_second_address;
    if (!source_of(now, key_of(source)).errors.take(rate, rate)) return false;
    const double all = options_.unknown_tid_per_second;
    return errors_.take(now, all, all);
}

std::size_t Admission::transfers() const {
    const std::lock_guard lock(mutex_);
    return transfers_;
}

std::size_t Admission::sources() const {
    const std::lock_guard lock(mutex_);
    return sources_.size();
}

Admission::Seat& Admission::Seat::operator=(Seat&& other) noexcept {
    std::swap(all_, other.all_);
    std::swap(source_, other.source_);
    std::swap(verified_, other.verified_);
    return *this;
}

void Admission::Seat::tell_verified() noexcept {
    verified_ = true;
    const std::lock_guard lock(all_->mutex_);
    const auto found = all_->sources_.find(source_);
    if (found != all_->sources_.end() && found->second.unverified > 0) --found->second.unverified;
}

void Admission::Seat::leave() noexcept {
    verify();
    Admission* const all = std::exchange(all_, nullptr);
    if (all == nullptr) return;
    const std::lock_guard lock(all->mutex_);
    --all->transfers_;
    const auto found = all->sources_.find(source_);
    if (found != all->sources_.end() && found->second.transfers > 0) --found->second.transfers;
}

}  // namespace wherry::tftp
