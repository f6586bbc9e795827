#pragma once
// Ledger: what each user's tree holds against what it may hold. Space is reserved before bytes are written and settled
// when the upload ends, so that ten uploads at once cannot pass a limit that each of them alone respects.
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "wherry/filesystem.h"
#include "wherry/user.h"

namespace wherry {

struct Usage {
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
};

class Ledger;

// Space taken in advance. Dropped unsettled, it gives everything back.
class [[nodiscard]] Reservation {
public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&& other) noexcept;
    ~Reservation();
    // True if this upload is under a quota at all; else all below is free of charge.
    explicit operator bool() const noexcept { return ledger_ != nullptr; }

    // Makes sure that `bytes` in all are reserved. Code::quota when the user has no more room; what was reserved stays.
    Result<void> cover(std::uint64_t bytes);
    // The end: the tree has grown by `bytes` (may be negative) and `files`. Empties this reservation.
    void settle(std::int64_t bytes, std::int64_t files);

private:
    friend class Ledger;
    Reservation(Ledger* ledger, std::string user, std::uint64_t bytes, std::uint64_t files)
        : ledger_(ledger), user_(std::move(user)), bytes_(bytes), files_(files) {}
    Ledger* ledger_ = nullptr;
    std::string user_;
    std::uint64_t bytes_ = 0;
    std::uint64_t files_ = 0;
};

// Thread-safe; outlives its reservations. Only users that have a quota, or had one, are kept account of: one account
// per such user who has logged in, for as long as the ledger lives.
class Ledger {
public:
    static constexpr std::uint64_t most_entries = 10'000'000;
    static constexpr std::size_t most_levels = 64;

    // False if `user` has a quota and nobody has told yet what the tree holds: then measure() on a lane, and load().
    bool ready(const User& user) const;
    // The first to load counts: a second session that measured at the same time knows less than the account by now.
    void load(const User& user, Usage usage);
    // Walks the whole tree; blocks. Symlinks count as nothing, and so do directories that cannot be opened or that go
    // away meanwhile. Code::unsupported for a tree of more than most_entries or most_levels: what is not counted would
    // be free of charge.
    static Result<Usage> measure(Filesystem& filesystem);

    // For one upload that makes `files` new files (0 or 1). Code::quota if `bytes` do not fit or there is no room for
    // any byte or file more; Code::internal if the user is not ready(). The limits in `user` hold from now on.
    Result<Reservation> reserve(const User& user, std::uint64_t bytes, std::uint64_t files);
    // A change that needed no reservation: files removed. Never brings the account below zero.
    void change(const User& user, std::int64_t bytes, std::int64_t files);
    Usage usage(const std::string& user) const;  // without what is only reserved

private:
    friend class Reservation;
    struct Account {
        Usage used;
        Usage reserved;
        Usage most;  // 0: no limit of this kind
    };
    Result<void> grow(const std::string& user, std::uint64_t bytes);
    void end(const std::string& user, const Usage& reserved, std::int64_t bytes, std::int64_t files);
    static bool limited(const User& user) { return user.limits.storage != 0 || user.limits.files != 0; }

    mutable std::mutex mutex_;
    std::map<std::string, Account> accounts_;
};

}  // namespace wherry
