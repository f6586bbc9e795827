#pragma once
// Live: a value that many read and somebody may replace while they do. Readers take a snapshot and keep it as long as
// they need all of it to fit together: a session its settings, an upload its policy. Thread-safe.
#include <memory>
#include <mutex>
#include <utility>

namespace wherry {

template <class T>
class Live {
public:
    using Snapshot = std::shared_ptr<const T>;  // never null

    // Not explicit: whatever holds a T may come to hold a Live of it.
    Live(T value) : value_(std::make_shared<const T>(std::move(value))) {}
    Live(const Live&) = delete;
    Live& operator=(const Live&) = delete;

    Snapshot get() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }
    void set(T value) {
        auto fresh = std::make_shared<const T>(std::move(value));
        const std::lock_guard lock(mutex_);
        value_.swap(fresh);  // the old one goes after the lock, if this was its last holder
    }

private:
    mutable std::mutex mutex_;
    Snapshot value_;
};

}  // namespace wherry
