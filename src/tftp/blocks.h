#pragma once
// Block numbers. Inside, blocks are counted 1, 2, 3 ... without end; on the wire there are 16 bits, and after 65535
// comes 0, or whatever number was agreed on (the `rollover` option). All comparisons are made on the numbers inside, so
// that a rollover in the middle of a window is no special case.
#include <cstdint>
#include <optional>

namespace wherry::tftp {

constexpr std::uint16_t wire_number(std::uint64_t block, std::uint16_t rollover) noexcept {
    if (block <= 65535) return static_cast<std::uint16_t>(block);
    return static_cast<std::uint16_t>(rollover + (block - 65536) % (65536U - rollover));
}

// The block of [low, high] that has this number on the wire; the range must be shorter than 65536 - rollover.
constexpr std::optional<std::uint64_t> block_of_wire(std::uint16_t wire, std::uint64_t low, std::uint64_t high,
                                                     std::uint16_t rollover) noexcept {
    if (low <= wire && wire <= high) return wire;
    if (wire < rollover || high < 65536) return std::nullopt;
    const std::uint64_t period = 65536U - rollover;
    const std::uint64_t first = 65536U + (wire - rollover);
    const std::uint64_t block = first >= low ? first : first + (low - first + period - 1) / period * period;
    return block <= high ? std::optional(block) : std::nullopt;
}

// How many blocks `size` bytes take: the last one is short, and empty if the size is a multiple.
constexpr std::uint64_t blocks_of_size(std::uint64_t size, std::uint16_t blksize) noexcept {
    return size / blksize + 1;
}

}  // namespace wherry::tftp
