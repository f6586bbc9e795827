// Block numbers. Input: a rollover (2 bytes), a number on the wire (2), the length of a range (2), where it begins (6).
#include <algorithm>
#include <optional>

#include "fuzz.h"
#include "tftp/blocks.h"

namespace {

using namespace wherry::tftp;
using wherry::fuzz::require;

constexpr std::uint64_t longest_search = 2048;

std::uint16_t short_of(wherry::fuzz::Input& input) {
    const unsigned low = input.byte();
    return static_cast<std::uint16_t>(low | static_cast<unsigned>(input.byte()) << 8U);
}

// One block after the other.
std::optional<std::uint64_t> found_slowly(std::uint16_t wire, std::uint64_t low, std::uint64_t high,
                                          std::uint16_t rollover) {
    for (std::uint64_t block = low; block <= high; ++block) {
        if (wire_number(block, rollover) == wire) return block;
    }
    return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, size);
    const std::uint16_t rollover = short_of(input);
    const std::uint16_t wire = short_of(input);
    const std::uint64_t period = 65536U - rollover;
    const std::uint64_t length =
        short_of(input) % period;  // a range is shorter than the numbers before they come again
    std::uint64_t low = 0;
    for (unsigned shift = 0; shift < 48; shift += 8) low |= std::uint64_t{input.byte()} << shift;

    const auto block = block_of_wire(wire, low, low + length, rollover);
    const bool right = !block || (low <= *block && *block <= low + length && wire_number(*block, rollover) == wire);
    require(right, "a block of the range with that number");
    if (length <= longest_search) {
        require(block == found_slowly(wire, low, low + length, rollover), "if there is one");
    }
    // There and back, at both ends of the range.
    for (const std::uint64_t one : {low, low + length / 2, low + length}) {
        const std::uint16_t number = wire_number(one, rollover);
        require(one <= 65535 || number >= rollover, "behind 65535 no number is below the rollover");
        require(block_of_wire(number, low, low + length, rollover) == one, "there and back");
    }
    const auto blksize = static_cast<std::uint16_t>(std::max<unsigned>(8, wire));
    const std::uint64_t blocks = blocks_of_size(low, blksize);
    require((blocks - 1) * blksize <= low && low - (blocks - 1) * blksize < blksize, "the last block is a short one");
    return 0;
}
