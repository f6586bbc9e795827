#pragma once
// ChunkMemory: where the bytes of chunks are. Whole chunks share blocks that the kernel backs with one huge page each,
// where it has them: finding and clearing the small pages of a file one by one costs more than sending the file. A
// piece that is given back is the next to be taken, since the processor's caches still know it.
//
// Thread-safe.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace wherry::tftp {

class ChunkMemory : public std::enable_shared_from_this<ChunkMemory> {
public:
    // Gives a piece back; keeps the memory alive until then.
    struct Give {
        std::shared_ptr<ChunkMemory> to;  // null: it was allocated by itself
        void operator()(std::byte* piece) const noexcept;
    };
    using Piece = std::unique_ptr<std::byte[], Give>;

    explicit ChunkMemory(std::size_t chunk);
    ~ChunkMemory();
    ChunkMemory(const ChunkMemory&) = delete;
    ChunkMemory& operator=(const ChunkMemory&) = delete;

    // At most a chunk. What is much smaller gets only what it needs. Throws std::bad_alloc.
    Piece take(std::size_t size);
    // A piece of its own, for bytes that are no chunk of a file.
    static Piece alone(std::size_t size);

    std::size_t blocks() const;

private:
    std::byte* new_block();
    void give(std::byte* piece) noexcept;
    void drop(std::byte* block) noexcept;

    const std::size_t chunk_;
    const std::size_t block_;  // bytes of a block
    mutable std::mutex mutex_;
    std::unordered_map<std::byte*, std::size_t> used_;  // block: its pieces that somebody has
    std::vector<std::byte*> free_;                      // pieces
    std::size_t empty_ = 0;                             // blocks of which nobody has a piece
};

}  // namespace wherry::tftp
