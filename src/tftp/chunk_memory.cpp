#include "tftp/chunk_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace wherry::tftp {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;

std::size_t up(std::size_t bytes) { return (bytes + huge_page - 1) / huge_page * huge_page; }

// A block begins at a multiple of the huge page's size; of a block of several pages there is one piece, its beginning.
std::byte* block_of(std::byte* piece) {
    return piece - reinterpret_cast<std::uintptr_t>(piece) % huge_page;  // NOLINT(performance-no-int-to-ptr)
}

}  // namespace

void ChunkMemory::Give::operator()(std::byte* piece) const noexcept {
    if (to) {
        to->give(piece);
    } else {
        delete[] piece;
    }
}

ChunkMemory::ChunkMemory(std::size_t chunk) : chunk_(chunk), block_(up(chunk)) {}

ChunkMemory::~ChunkMemory() {
    for (const auto& [block, pieces] : used_) munmap(block, block_);
}

ChunkMemory::Piece ChunkMemory::alone(std::size_t size) { return Piece(new std::byte[size], Give{}); }

ChunkMemory::Piece ChunkMemory::take(std::size_t size) {
    if (size <= chunk_ / 2) return alone(size);
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
        std::byte* const block = new_block();
        used_[block] = 0;
        ++empty_;
        const std::size_t pieces = block_ / chunk_;
        free_.reserve(used_.size() * pieces);  // so that giving back needs none
        for (std::size_t i = pieces; i-- > 0;) free_.push_back(block + i * chunk_);
    }
    std::byte* const piece = free_.back();
    Piece out(piece, Give{shared_from_this()});
    free_.pop_back();
    if (used_[block_of(piece)]++ == 0) --empty_;
    return out;
}

std::byte* ChunkMemory::new_block() {
    void* const wide = mmap(nullptr, block_ + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (wide == MAP_FAILED) throw std::bad_alloc();
    auto* const begin = static_cast<std::byte*>(wide);
    const std::size_t before = (huge_page - reinterpret_cast<std::uintptr_t>(wide) % huge_page) % huge_page;
    if (before > 0) munmap(begin, before);
    munmap(begin + before + block_, huge_page - before);
    madvise(begin + before, block_, MADV_HUGEPAGE);  // small pages do as well
    return begin + before;
}

void ChunkMemory::give(std::byte* piece) noexcept {
    const std::lock_guard lock(mutex_);
    free_.push_back(piece);
    std::byte* const block = block_of(piece);
    if (--used_[block] > 0) return;
    // One may stay, for the next download.
    if (++empty_ > 1) drop(block);
}

void ChunkMemory::drop(std::byte* block) noexcept {
    std::erase_if(free_, [&](std::byte* piece) { return block_of(piece) == block; });
    used_.erase(block);
    --empty_;
    munmap(block, block_);
}

std::size_t ChunkMemory::blocks() const {
    const std::lock_guard lock(mutex_);
    return used_.size();
}

}  // namespace wherry::tftp
