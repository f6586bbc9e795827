#pragma once
// FileVersion: which bytes a file has, as far as its filesystem tells. The same version: the same bytes.
#include <cstddef>
#include <cstdint>

namespace wherry {

struct FileVersion {
    const void* filesystem = nullptr;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;  // 0: the filesystem does not number its files
    std::uint64_t size = 0;
    std::int64_t modified = 0;
    std::uint32_t modified_nsec = 0;
    std::uint32_t changed = 0;  // as Transfer::Opened has it
    friend bool operator==(const FileVersion&, const FileVersion&) = default;

    std::size_t hash() const noexcept {
        std::uint64_t hash = reinterpret_cast<std::uintptr_t>(filesystem);
        for (const std::uint64_t word : {inode, device, size, static_cast<std::uint64_t>(modified),
                                         (std::uint64_t{modified_nsec} << 32U) | changed}) {
            hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
            hash ^= hash >> 32U;
        }
        return hash;
    }
};

}  // namespace wherry
