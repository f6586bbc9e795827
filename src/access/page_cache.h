#pragma once
// Whether bytes of a file are in memory: if so, sending them from a loop waits for no disk.
#include <cstdint>

namespace wherry {

enum class Cached : std::uint8_t { yes, no, unknown };

// Asks the kernel (cachestat(2), Linux 6.5); `unknown` where it cannot tell.
Cached cached_in_memory(int file, std::uint64_t offset, std::uint64_t bytes) noexcept;

// Reads the bytes into memory and waits for them. Blocks: for a lane.
void bring_into_memory(int file, std::uint64_t offset, std::uint64_t bytes) noexcept;

}  // namespace wherry
