#pragma once
// Throttle: the chain of token buckets that the bytes of one transfer must pass: server, group, user, session,
// transfer.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/token_bucket.h"
#include "wherry/user.h"

namespace wherry {

// A bucket that transfers on several loops share. Rate 0 lets everything through.
class SharedBucket {
public:
    // `burst`: how much may pass at once after a pause, as the time in which it would pass at the rate.
    explicit SharedBucket(std::uint64_t rate, std::chrono::milliseconds burst = default_burst);
    static constexpr std::chrono::milliseconds default_burst{250};
    std::chrono::nanoseconds take(std::uint64_t bytes, std::chrono::steady_clock::time_point now);
    void set_rate(std::uint64_t rate, std::chrono::milliseconds burst = default_burst);
    std::uint64_t rate() const;
    std::uint64_t grant() const;  // see TokenBucket::grant

private:
    mutable std::mutex mutex_;
    TokenBucket bucket_;
};

// Of one transfer. An empty chain costs nothing and lets the kernel's short cuts be used at full size.
class Throttle {
public:
    void add(std::shared_ptr<SharedBucket> bucket);  // ignores null and buckets without a rate
    bool unlimited() const noexcept { return buckets_ == nullptr; }
    // How many bytes to move before asking again: enough for some 50 ms at the slowest rate, a bucket's rate divided by
    // those who hold it; at most `wanted`, and not 0 unless that is.
    std::uint64_t slice(std::uint64_t wanted) const;
    // How many bytes pass within `span` at the slowest rate, divided likewise; the greatest number if there is no
    // limit.
    std::uint64_t passes_in(std::chrono::milliseconds span) const;
    // Takes `bytes` from all buckets; how long to wait before moving more. Pure arithmetic: nothing waits in here.
    std::chrono::nanoseconds take(std::uint64_t bytes, std::chrono::steady_clock::time_point now);

private:
    std::unique_ptr<std::vector<std::shared_ptr<SharedBucket>>> buckets_;  // null: none
};

// All rates of a server, in bytes per second; 0 is unlimited.
struct RateOptions {
    std::uint64_t upload = 0;  // of the whole server
    std::uint64_t download = 0;
    std::uint64_t user_upload = 0;  // of all sessions of one user, where the user's own limits say nothing
    std::uint64_t user_download = 0;
    std::uint64_t session_upload = 0;  // of all transfers of one session, likewise
    std::uint64_t session_download = 0;
    std::uint64_t transfer_upload = 0;  // of one transfer, likewise
    std::uint64_t transfer_download = 0;
    std::chrono::milliseconds burst = SharedBucket::default_burst;  // likewise for the buckets of the user
};

// The buckets of one session: its transfers come after one another, and what one has taken too much the next one pays.
struct SessionBuckets {
    std::shared_ptr<SharedBucket> upload;
    std::shared_ptr<SharedBucket> download;
};

// All buckets of a server. Thread-safe.
class Rates {
public:
    explicit Rates(const RateOptions& options = {});
    // Live: the rates of the server hold at once for transfers that are running under one, the others for the next
    // transfers.
    void set(const RateOptions& options);
    // The rates of `user` and of its group hold at once for all their running transfers that are under one. Without a
    // session the transfer has the session's rate for itself.
    Throttle for_upload(const User& user, SessionBuckets* session = nullptr);
    Throttle for_download(const User& user, SessionBuckets* session = nullptr);
    // How many users have a bucket of their own in memory, those included whose last transfer has just ended.
    std::size_t users() const;

private:
    using BucketPtr = std::shared_ptr<SharedBucket>;
    using Burst = std::chrono::milliseconds;
    // Buckets by name. One lives as long as a transfer that goes through it.
    struct Table {
        std::map<std::string, std::weak_ptr<SharedBucket>> buckets;
        std::size_t sweep_at = 16;  // names in the map at which the expired ones are looked for
        BucketPtr get(const std::string& name, std::uint64_t rate, Burst burst);
    };
    struct Direction {  // up or down
        BucketPtr server;
        Table users;
        Table groups;
        std::uint64_t user = 0;  // what the server says for each
        std::uint64_t session = 0;
        std::uint64_t transfer = 0;
    };
    // What the user says, up or down; 0: no word.
    struct UserRates {
        std::uint64_t group = 0;
        std::uint64_t user = 0;
        std::uint64_t session = 0;
        std::uint64_t transfer = 0;
    };
    void set_server(BucketPtr& bucket, std::uint64_t rate) const;
    Throttle chain(Direction& direction, const User& user, const UserRates& rates, BucketPtr* session);

    mutable std::mutex mutex_;
    Burst burst_ = SharedBucket::default_burst;
    Direction upload_;
    Direction download_;
};

}  // namespace wherry
