#pragma once
// ChunkCache: pieces of files that transfers share, so that a thousand clients that boot one image read it once. The
// first transfer that needs a piece loads it, the others wait for it.
//
// What the kernel has in memory costs no more than a copy. The first transfer that needs such a chunk copies what it is
// about to send, and leaves nothing but the word that somebody was there: a single download, or a thousand of as many
// files, goes through a few buffers that the processor's caches know, instead of memory that the kernel has to find and
// clear for it. Whoever needs the chunk next loads it, for all who come later.
//
// Thread-safe. Chunks are immutable; whoever holds one keeps it, also when the cache has forgotten it.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "access/file_version.h"
#include "core/newline.h"
#include "tftp/chunk_memory.h"

namespace wherry::tftp {

// A piece of what goes over the wire.
struct Chunk {
    std::uint64_t number = 0;  // its place, in chunks
    std::uint64_t offset = 0;  // its place, in bytes
    ChunkMemory::Piece bytes;
    std::size_t size = 0;
    bool last = false;  // the file ends with it
    // Of text: where in the file the next chunk begins, and the state of the conversion there.
    std::uint64_t source_end = 0;
    NewlineEncoder encoder;

    std::span<const std::byte> span() const noexcept { return {bytes.get(), size}; }
    // Whether it has, or ends before, the byte at that place.
    bool has(std::uint64_t place) const noexcept { return place >= offset && (place - offset < size || last); }
};
using ChunkPtr = std::shared_ptr<const Chunk>;

// The same key: the same bytes.
struct ContentKey {
    FileVersion file;
    std::string path;  // where the filesystem does not number its files
    bool text = false;
    Newlines newlines = Newlines::netascii;  // of text
    friend bool operator==(const ContentKey&, const ContentKey&) = default;
};

class ChunkCache {
public:
    struct Options {
        std::uint64_t bytes = std::uint64_t{256} << 20U;
        std::uint32_t chunk = std::uint32_t{256} << 10U;
    };
    struct Counts {
        std::uint64_t hits = 0;
        std::uint64_t loads = 0;
        std::uint64_t failures = 0;
    };
    explicit ChunkCache(const Options& options)
        : options_(options), memory_(std::make_shared<ChunkMemory>(options.chunk)) {}

    // Room for a chunk of that many bytes.
    ChunkMemory::Piece room(std::size_t size) { return memory_->take(size); }

    // What whoever needs a chunk is to do.
    struct Claim {
        ChunkPtr chunk;      // use it
        bool load = false;   // load it, and then call loaded() or failed(); neither: it is being loaded
        bool first = false;  // of a load: nobody has asked for it before, and passed() may end it as well
    };
    // `ready` is called once the load of somebody else has ended, in whatever way: then claim again. It is called on
    // the loader's thread and must only pass the word on.
    Claim claim(const ContentKey& key, std::uint64_t number, std::function<void()> ready);
    // The chunk if it is here; else null, and nothing is claimed.
    ChunkPtr find(const ContentKey& key, std::uint64_t number);
    // True: it is neither here nor being loaded, and the caller is to load it.
    bool begin_load(const ContentKey& key, std::uint64_t number);
    ChunkPtr loaded(const ContentKey& key, Chunk chunk);
    // Some of it was read past the cache.
    void passed(const ContentKey& key, std::uint64_t number);
    void failed(const ContentKey& key, std::uint64_t number);
    // Nobody will ask for it again.
    void drop(const ContentKey& key, std::uint64_t number);

    std::uint32_t chunk_size() const noexcept { return options_.chunk; }
    std::uint64_t bytes() const;
    Counts counts() const;

private:
    struct Place {
        ContentKey key;
        std::uint64_t number = 0;
        friend bool operator==(const Place&, const Place&) = default;
    };
    struct Hash {
        std::size_t operator()(const Place& place) const noexcept;
    };
    using Ages = std::list<const Place*>;  // the one used last in front
    struct Entry {
        ChunkPtr chunk;         // null: being loaded, or passed
        Ages* among = nullptr;  // null: being loaded
        Ages::iterator age;
        std::vector<std::function<void()>> waiting;
    };
    static constexpr std::size_t most_passed = 4096;
    bool is_to_be_loaded(Entry& entry, bool is_new);
    void forget(const Place& place);
    void put(const Place& place, Entry& entry, Ages& where);
    void make_room();

    const Options options_;
    const std::shared_ptr<ChunkMemory> memory_;
    mutable std::mutex mutex_;
    std::unordered_map<Place, Entry, Hash> entries_;
    Ages kept_;
    Ages passed_;
    std::uint64_t bytes_ = 0;
    Counts counts_;
};

}  // namespace wherry::tftp
