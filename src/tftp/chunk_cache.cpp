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
    mix(place.key.file.hash());
    mix(place.key.text ? 1 : 0);
    return hash;
}

ChunkCache::Claim ChunkCache::claim(const ContentKey& key, std::uint64_t number, std::function<void()> ready) {
    const std::lock_guard lock(mutex_);
    const auto [place, is_new] = entries_.try_emplace(Place{key, number});
    Entry& entry = place->second;
    if (entry.chunk) {
        ++counts_.hits;
        put(place->first, entry, kept_);
        return {entry.chunk, false};
    }
    if (is_to_be_loaded(entry, is_new)) return {nullptr, true, is_new};
    entry.waiting.push_back(std::move(ready));
    return {};
}

// Of an entry without a chunk.
bool ChunkCache::is_to_be_loaded(Entry& entry, bool is_new) {
    if (!is_new && entry.among == nullptr) return false;
    ++counts_.loads;
    if (entry.among != nullptr) std::exchange(entry.among, nullptr)->erase(entry.age);
    return true;
}

ChunkPtr ChunkCache::find(const ContentKey& key, std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(Place{key, number});
    if (found == entries_.end() || !found->second.chunk) return nullptr;
    ++counts_.hits;
    put(found->first, found->second, kept_);
    return found->second.chunk;
}

bool ChunkCache::begin_load(const ContentKey& key, std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto [place, is_new] = entries_.try_emplace(Place{key, number});
    return !place->second.chunk && is_to_be_loaded(place->second, is_new);
}

void ChunkCache::drop(const ContentKey& key, std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const Place place{key, number};
    const auto found = entries_.find(place);
    if (found != entries_.end() && found->second.chunk) forget(found->first);
}

// What is here.
void ChunkCache::forget(const Place& place) {
    const auto found = entries_.find(place);
    Entry& entry = found->second;
    bytes_ -= entry.chunk->size;
    entry.among->erase(entry.age);
    entries_.erase(found);
}

// Moves it to the front of `where`.
void ChunkCache::put(const Place& place, Entry& entry, Ages& where) {
    if (entry.among == nullptr) {
        where.push_front(&place);
    } else {
        where.splice(where.begin(), *entry.among, entry.age);
    }
    entry.among = &where;
    entry.age = where.begin();
}

ChunkPtr ChunkCache::loaded(const ContentKey& key, Chunk chunk) {
    auto shared = std::make_shared<const Chunk>(std::move(chunk));
    std::vector<std::function<void()>> waiting;
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(Place{key, shared->number});
        if (found == entries_.end()) return shared;
        Entry& entry = found->second;
        waiting.swap(entry.waiting);
        entry.chunk = shared;
        put(found->first, entry, kept_);
        bytes_ += shared->size;
        make_room();
    }
    for (const auto& ready : waiting) ready();
    return shared;
}

void ChunkCache::passed(const ContentKey& key, std::uint64_t number) {
    std::vector<std::function<void()>> waiting;
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(Place{key, number});
        if (found == entries_.end()) return;
        waiting.swap(found->second.waiting);
        put(found->first, found->second, passed_);
        if (passed_.size() > most_passed) {
            const auto forgotten = entries_.find(*passed_.back());
            passed_.pop_back();
            entries_.erase(forgotten);
        }
    }
    for (const auto& ready : waiting) ready();
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
    while (bytes_ > options_.bytes && kept_.size() > 1) forget(*kept_.back());
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
