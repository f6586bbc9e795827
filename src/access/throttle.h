#pragma once
// Throttle: the chain of token buckets that the bytes of one transfer must pass: server, user, session.
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
    explicit SharedBucket(std::uint64_t rate) : bucket_(rate) {}
    std::chrono::nanoseconds take(std::uint64_t bytes, std::chrono::steady_clock::time_point now);
    void set_rate(std::uint64_t rate);
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
    bool unlimited() const noexcept { return buckets_.empty(); }
    // How many bytes to move before asking again: enough for some 50 ms at the slowest rate, a bucket's rate divided by
    // those who hold it; at most `wanted`, and not 0 unless that is.
    std::uint64_t slice(std::uint64_t wanted) const;
    // Takes `bytes` from all buckets; how long to wait before moving more. Pure arithmetic: nothing waits in here.
    std::chrono::nanoseconds take(std::uint64_t bytes, std::chrono::steady_clock::time_point now);

private:
    std::vector<std::shared_ptr<SharedBucket>> buckets_;
};

// All buckets of a server, in bytes per second; 0 is unlimited. Thread-safe.
struct RateOptions {
    std::uint64_t upload = 0;  // of the whole server
    std::uint64_t download = 0;
    std::uint64_t session_upload = 0;  // of one transfer
    std::uint64_t session_download = 0;
};
class Rates {
public:
    explicit Rates(const RateOptions& options = {});
    // Live: the rates of the server hold at once for transfers that are running under one, those of a session for the
    // next transfers.
    void set(const RateOptions& options);
    // The rate in `user` holds at once for all running transfers of that user that are under one.
    Throttle for_upload(const User& user);
    Throttle for_download(const User& user);
    // How many users have a bucket of their own in memory, those included whose last transfer has just ended.
    std::size_t users() const;

private:
    using BucketPtr = std::shared_ptr<SharedBucket>;
    // One way, up or down. A user's bucket lives as long as a transfer that goes through it.
    struct Direction {
        BucketPtr server;
        std::uint64_t session = 0;
        std::map<std::string, std::weak_ptr<SharedBucket>> by_user;
        std::size_t sweep_at = 16;  // users in the map at which the expired ones are looked for
    };
    static void set_server(BucketPtr& bucket, std::uint64_t rate);
    static BucketPtr of_user(Direction& direction, const std::string& name, std::uint64_t rate);
    Throttle chain(Direction& direction, const User& user, std::uint64_t user_rate);

    mutable std::mutex mutex_;
    Direction upload_;
    Direction download_;
};

}  // namespace wherry
