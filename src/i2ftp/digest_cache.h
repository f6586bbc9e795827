#pragma once
// DigestCache: the MD5 of files that were read before and have not changed since. Thread-safe.
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>

#include "wherry/filesystem.h"

namespace wherry::i2ftp {

class DigestCache {
public:
    static constexpr std::size_t most = 4096;  // files
    // A file that was changed less than this before is not remembered: it may change again within one tick of the
    // clock that stamps it.
    static constexpr std::int64_t settled_after = 2;  // seconds

    std::optional<std::string> find(const Stat& stat) const {
        const std::lock_guard lock(mutex_);
        const auto found = known_.find(key_of(stat));
        return found == known_.end() ? std::nullopt : std::optional(found->second);
    }
    // `stat` before and after reading must be the same. `now`: seconds since 1970.
    void add(const Stat& stat, std::int64_t now, const std::string& digest) {
        if (stat.inode == 0 || stat.modified + settled_after >= now) return;
        const std::lock_guard lock(mutex_);
        if (!known_.emplace(key_of(stat), digest).second) return;
        by_age_.push_back(key_of(stat));
        if (by_age_.size() > most) {
            known_.erase(by_age_.front());
            by_age_.pop_front();
        }
    }

private:
    using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::int64_t, std::uint32_t>;
    static Key key_of(const Stat& stat) {
        return {stat.device, stat.inode, stat.size, stat.modified, stat.modified_nsec};
    }
    mutable std::mutex mutex_;
    std::map<Key, std::string> known_;
    std::deque<Key> by_age_;
};

}  // namespace wherry::i2ftp
