#include "access/throttle.h"

#include <algorithm>
#include <utility>

namespace wherry {
namespace {

// A slice is not made smaller than this for the sake of those who share a bucket: many tiny ones cost more than they
// smooth.
constexpr std::uint64_t least_share = 4096;

std::size_t sweep_expired(std::map<std::string, std::weak_ptr<SharedBucket>>& by_user) {
    std::erase_if(by_user, [](const auto& entry) { return entry.second.expired(); });
    return std::max<std::size_t>(16, by_user.size() * 2);
}

}  // namespace

std::chrono::nanoseconds SharedBucket::take(std::uint64_t bytes, std::chrono::steady_clock::time_point now) {
    const std::lock_guard lock(mutex_);
    return bucket_.delay(bytes, now);
}

void SharedBucket::set_rate(std::uint64_t rate) {
    const std::lock_guard lock(mutex_);
    bucket_.set_rate(rate);
}

std::uint64_t SharedBucket::rate() const {
    const std::lock_guard lock(mutex_);
    return bucket_.rate();
}

std::uint64_t SharedBucket::grant() const {
    const std::lock_guard lock(mutex_);
    return bucket_.grant();
}

void Throttle::add(std::shared_ptr<SharedBucket> bucket) {
    if (bucket && bucket->rate() != 0) buckets_.push_back(std::move(bucket));
}

std::uint64_t Throttle::slice(std::uint64_t wanted) const {
    std::uint64_t slice = wanted;
    for (const auto& bucket : buckets_) {
        // Everybody in a bucket waits for the slices of all the others: each takes its share of the 50 ms.
        const std::uint64_t grant = bucket->grant();
        const auto sharers = static_cast<std::uint64_t>(std::max(1L, bucket.use_count()));
        slice = std::min(slice, std::max(grant / sharers, std::min(grant, least_share)));
    }
    return slice;
}

std::chrono::nanoseconds Throttle::take(std::uint64_t bytes, std::chrono::steady_clock::time_point now) {
    std::chrono::nanoseconds longest{0};
    for (const auto& bucket : buckets_) longest = std::max(longest, bucket->take(bytes, now));
    return longest;
}

Rates::Rates(const RateOptions& options) { set(options); }

void Rates::set(const RateOptions& options) {
    const std::lock_guard lock(mutex_);
    set_server(upload_.server, options.upload);
    set_server(download_.server, options.download);
    upload_.session = options.session_upload;
    download_.session = options.session_download;
}

void Rates::set_server(BucketPtr& bucket, std::uint64_t rate) {
    if (bucket) {
        bucket->set_rate(rate);
    } else if (rate != 0) {
        bucket = std::make_shared<SharedBucket>(rate);
    }
}

Throttle Rates::for_upload(const User& user) { return chain(upload_, user, user.limits.upload_rate); }

Throttle Rates::for_download(const User& user) { return chain(download_, user, user.limits.download_rate); }

Throttle Rates::chain(Direction& direction, const User& user, std::uint64_t user_rate) {
    const std::lock_guard lock(mutex_);
    Throttle throttle;
    throttle.add(direction.server);
    throttle.add(of_user(direction, user.name, user_rate));
    if (direction.session != 0) throttle.add(std::make_shared<SharedBucket>(direction.session));
    return throttle;
}

Rates::BucketPtr Rates::of_user(Direction& direction, const std::string& name, std::uint64_t rate) {
    auto& by_user = direction.by_user;
    if (const auto found = by_user.find(name); found != by_user.end()) {
        if (BucketPtr bucket = found->second.lock()) {
            if (bucket->rate() != rate) bucket->set_rate(rate);
            return bucket;
        }
    }
    if (rate == 0) return nullptr;
    if (by_user.size() >= direction.sweep_at) direction.sweep_at = sweep_expired(by_user);
    auto bucket = std::make_shared<SharedBucket>(rate);
    by_user.insert_or_assign(name, bucket);
    return bucket;
}

std::size_t Rates::users() const {
    const std::lock_guard lock(mutex_);
    return upload_.by_user.size() + download_.by_user.size();
}

}  // namespace wherry
