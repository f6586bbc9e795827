#pragma once
// Remembered: answers of the system that hold for a while, so that it is not asked anew for every packet. Bounded:
// strangers decide about the keys, so where there are too many, all are forgotten. One thread at a time.
#include <cstddef>
#include <functional>
#include <unordered_map>
#include <utility>

#include "net/timers.h"

namespace wherry::net {

template <class Key, class Value, class Hash = std::hash<Key>>
class Remembered {
public:
    explicit Remembered(std::size_t most, const Hash& hash = Hash()) : answers_(0, hash), most_(most) {}

    // Null: not known, or not any more. Valid until the next put().
    const Value* find(const Key& key, TimePoint now) const {
        const auto found = answers_.find(key);
        return found != answers_.end() && now < found->second.until ? &found->second.value : nullptr;
    }
    const Value& put(const Key& key, Value value, TimePoint until) {
        if (answers_.size() >= most_ && !answers_.contains(key)) answers_.clear();
        return answers_.insert_or_assign(key, Answer{std::move(value), until}).first->second.value;
    }
    std::size_t size() const noexcept { return answers_.size(); }

private:
    struct Answer {
        Value value;
        TimePoint until;
    };
    std::unordered_map<Key, Answer, Hash> answers_;
    std::size_t most_;
};

}  // namespace wherry::net
