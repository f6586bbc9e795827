#include "tftp/chunk_cache.h"

#include <utility>

namespace wherry::tftp {

std::size_t ChunkCache::Hash::operator()(const Place& place) const noexcept {
    std::uint64_t hash = std::hash<std::string>{}(place.key.path);
    const auto mix = [&](std::uint64_t value) {
        hash = (hash ^ value) * 0x9e3779b97f4a7c15U;
        hash ^= hash >> 32U;
    };
    mix(place.number);
    mix(place.key.inode);
    mix(place.key.device);
    mix(place.key.size);
    mix(static_cast<std::uint64_t>(place.key.modified) * 1000003 + place.key.modified_nsec);
    mix(reinterpret_cast<std::uintptr_t>(place.key.filesystem) + (place.key.text ? 1 : 0));
    return hash;
}

ChunkCache::Claim ChunkCache::claim(const ContentKey& key, std::uint64_t number, std::function<void()> ready) {
    const std::lock_guard lock(mutex_);
    const auto [place, is_new] = entries_.try_emplace(Place{key, number});
    Entry& entry = place->second;
    if (is_new) {
        ++counts_.loads;
        return {nullptr, true};
    }
    if (entry.chunk) {
        ++counts_.hits;
        ages_.splice(ages_.begin(), ages_, entry.age);
        return {entry.chunk, false};
    }
    entry.waiting.push_back(std::move(ready));
    return {};
}

ChunkPtr ChunkCache::loaded(const ContentKey& key, Chunk chunk) {
    auto shared = std::make_shared<const Chunk>(std::move(chunk));
    std::vector<std::function<void()>> waiting;
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(Place{key, shared->number});
        if (found == entries_.end()) return shared;
        Entry& entry = found->second;
        entry.chunk = shared;
        ages_.push_front(&found->first);
        entry.age = ages_.begin();
        bytes_ += shared->size;
        waiting.swap(entry.waiting);
        make_room();
    }
    for (const auto& ready : waiting) ready();
    return shared;
}

void ChunkCache::failed(const ContentKey& key, std::uint64_t number) {
    std::vector<std::function<void()>> waiting;
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(Place{key, number});
        if (found == entries_.end()) return;
        ++counts_.failures;
        waiting.swap(found->second.waiting);
        entries_.erase(found);
    }
    for (const auto& ready : waiting) ready();
}

// Forgets the chunks that were used longest ago.
void ChunkCache::make_room() {
    while (bytes_ > options_.bytes && ages_.size() > 1) {
        const auto oldest = entries_.find(*ages_.back());
        bytes_ -= oldest->second.chunk->size;
        ages_.pop_back();
        entries_.erase(oldest);
    }
}

std::uint64_t ChunkCache::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

ChunkCache::Counts ChunkCache::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

}  // namespace wherry::tftp
