#include "tftp/admission.h"

#include <algorithm>
#include <cstring>

namespace wherry::tftp {
namespace {

constexpr std::chrono::seconds idle_source{10};
constexpr double request_burst = 4;  // seconds' worth
constexpr double reply_burst = 2;

}  // namespace

bool Admission::Bucket::take(Time now, double rate, double depth) noexcept {
    if (rate <= 0) return true;
    if (level < 0) {
        level = depth;
    } else if (now > last) {
        level = std::min(depth, level + std::chrono::duration<double>(now - last).count() * rate);
    }
    last = std::max(last, now);
    if (level < 1) return false;
    level -= 1;
    return true;
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

// When there are too many, those that would be forgotten anyway go; if that does not help, newcomers share one.
Admission::Source& Admission::source_of(Time now, std::uint64_t key) {
    auto found = sources_.find(key);
    if (found == sources_.end()) {
        if (sources_.size() >= most_sources) sweep(now);
        if (sources_.size() >= most_sources) key = 0;
        found = sources_.try_emplace(key).first;
    }
    found->second.seen = now;
    return found->second;
}

void Admission::sweep(Time now) {
    std::erase_if(sources_,
                  [&](const auto& one) { return one.second.transfers == 0 && now - one.second.seen > idle_source; });
}

void Admission::set(const Options& options) {
    const std::lock_guard lock(mutex_);
    options_ = options;
}

bool Admission::request(Time now, const net::Address& source) {
    const std::lock_guard lock(mutex_);
    const double rate = options_.requests_per_second_address;
    if (!source_of(now, key_of(source)).requests.take(now, rate, rate * request_burst)) return false;
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
    if (!source_of(now, key_of(source)).replies.take(now, rate, rate)) return false;
    const double all = options_.unverified_per_second;
    return replies_.take(now, all, all * reply_burst);
}

bool Admission::unknown_tid(Time now, const net::Address& source) {
    const std::lock_guard lock(mutex_);
    const double rate = options_.unknown_tid_per_second_address;
    if (!source_of(now, key_of(source)).errors.take(now, rate, rate)) return false;
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

void Admission::Seat::verify() noexcept {
    if (all_ == nullptr || std::exchange(verified_, true)) return;
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
