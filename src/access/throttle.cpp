#include "access/throttle.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace wherry {
namespace {

// A slice is not made smaller than this for the sake of those who share a bucket: many tiny ones cost more than they
// smooth.
constexpr std::uint64_t least_share = 4096;

// What holds: the word of the user, or if there is none that of the server. 0 is no limit.
std::uint64_t rate_of(std::uint64_t user, std::uint64_t server) {
    return user == 0 ? server : user == UserLimits::any_rate ? 0 : user;
}

// In bytes; not 0, which a bucket takes for its own default.
std::uint64_t capacity_of(std::uint64_t rate, std::chrono::milliseconds burst) {
    const double bytes = static_cast<double>(rate) * static_cast<double>(burst.count()) / 1000;
    return static_cast<std::uint64_t>(std::clamp(bytes, 1.0, 9e18));
}

}  // namespace

SharedBucket::SharedBucket(std::uint64_t rate, std::chrono::milliseconds burst)
    : bucket_(rate, capacity_of(rate, burst)) {}

std::chrono::nanoseconds SharedBucket::take(std::uint64_t bytes, std::chrono::steady_clock::time_point now) {
    const std::lock_guard lock(mutex_);
    return bucket_.delay(bytes, now);
}

void SharedBucket::set_rate(std::uint64_t rate, std::chrono::milliseconds burst) {
    const std::lock_guard lock(mutex_);
    bucket_.set_rate(rate, capacity_of(rate, burst));
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
    if (!bucket || bucket->rate() == 0) return;
    if (!buckets_) buckets_ = std::make_unique<std::vector<std::shared_ptr<SharedBucket>>>();
    buckets_->push_back(std::move(bucket));
}

std::uint64_t Throttle::slice(std::uint64_t wanted) const {
    if (unlimited()) return wanted;
    std::uint64_t slice = wanted;
    for (const auto& bucket : *buckets_) {
        // Everybody in a bucket waits for the slices of all the others: each takes its share of the 50 ms.
        const std::uint64_t grant = bucket->grant();
        const auto sharers = static_cast<std::uint64_t>(std::max(1L, bucket.use_count()));
        slice = std::min(slice, std::max(grant / sharers, std::min(grant, least_share)));
    }
    return slice;
}

std::uint64_t Throttle::passes_in(std::chrono::milliseconds span) const {
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    if (unlimited()) return least;
    for (const auto& bucket : *buckets_) {
        const std::uint64_t rate = bucket->rate();
        if (rate == 0) continue;  // taken off while the transfer runs
        const double passes = static_cast<double>(rate) * std::chrono::duration<double>(span).count();
        const auto sharers = static_cast<double>(std::max(1L, bucket.use_count()));
        least = std::min(least, static_cast<std::uint64_t>(std::min(passes / sharers, 9e18)));
    }
    return least;
}

std::chrono::nanoseconds Throttle::take(std::uint64_t bytes, std::chrono::steady_clock::time_point now) {
    std::chrono::nanoseconds longest{0};
    if (unlimited()) return longest;
    for (const auto& bucket : *buckets_) longest = std::max(longest, bucket->take(bytes, now));
    return longest;
}

Rates::Rates(const RateOptions& options) { set(options); }

void Rates::set(const RateOptions& options) {
    const std::lock_guard lock(mutex_);
    burst_ = options.burst;
    set_server(upload_.server, options.upload);
    set_server(download_.server, options.download);
    upload_.user = options.user_upload;
    download_.user = options.user_download;
    upload_.session = options.session_upload;
    download_.session = options.session_download;
    upload_.transfer = options.transfer_upload;
    download_.transfer = options.transfer_download;
}

void Rates::set_server(BucketPtr& bucket, std::uint64_t rate) const {
    if (bucket) {
        bucket->set_rate(rate, burst_);
    } else if (rate != 0) {
        bucket = std::make_shared<SharedBucket>(rate, burst_);
    }
}

Throttle Rates::for_upload(const User& user, SessionBuckets* session) {
    const UserLimits& own = user.limits;
    return chain(upload_, user,
                 {user.group_limits.upload_rate, own.upload_rate, own.session_upload_rate, own.transfer_upload_rate},
                 session == nullptr ? nullptr : &session->upload);
}

Throttle Rates::for_download(const User& user, SessionBuckets* session) {
    const UserLimits& own = user.limits;
    return chain(
        download_, user,
        {user.group_limits.download_rate, own.download_rate, own.session_download_rate, own.transfer_download_rate},
        session == nullptr ? nullptr : &session->download);
}

Throttle Rates::chain(Direction& direction, const User& user, const UserRates& rates, BucketPtr* session) {
    const std::lock_guard lock(mutex_);
    const Burst burst = user.limits.burst.count() > 0 ? user.limits.burst : burst_;
    Throttle throttle;
    throttle.add(direction.server);
    if (!user.group.empty()) throttle.add(direction.groups.get(user.group, rates.group, burst_));
    throttle.add(direction.users.get(user.name, rate_of(rates.user, direction.user), burst));
    const std::uint64_t of_session = rate_of(rates.session, direction.session);
    BucketPtr own;
    BucketPtr& bucket = session == nullptr ? own : *session;
    if (bucket) {
        bucket->set_rate(of_session, burst);
    } else if (of_session != 0) {
        bucket = std::make_shared<SharedBucket>(of_session, burst);
    }
    throttle.add(bucket);
    const std::uint64_t of_transfer = rate_of(rates.transfer, direction.transfer);
    if (of_transfer != 0) throttle.add(std::make_shared<SharedBucket>(of_transfer, burst));
    return throttle;
}

Rates::BucketPtr Rates::Table::get(const std::string& name, std::uint64_t rate, Burst burst) {
    if (const auto found = buckets.find(name); found != buckets.end()) {
        if (BucketPtr bucket = found->second.lock()) {
            bucket->set_rate(rate, burst);
            return bucket;
        }
    }
    if (rate == 0) return nullptr;
    if (buckets.size() >= sweep_at) {
        std::erase_if(buckets, [](const auto& entry) { return entry.second.expired(); });
        sweep_at = std::max<std::size_t>(16, buckets.size() * 2);
    }
    auto bucket = std::make_shared<SharedBucket>(rate, burst);
    buckets.insert_or_assign(name, bucket);
    return bucket;
}

std::size_t Rates::users() const {
    const std::lock_guard lock(mutex_);
    return upload_.users.buckets.size() + download_.users.buckets.size();
}

}  // namespace wherry
