#include "access/page_cache.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace wherry {
namespace {

// linux/mman.h of newer kernels; the system's headers may be older than the system.
struct CachestatRange {
    std::uint64_t offset;
    std::uint64_t length;
};
struct Cachestat {
    std::uint64_t cached;
    std::uint64_t dirty;
    std::uint64_t writeback;
    std::uint64_t evicted;
    std::uint64_t recently_evicted;
};
constexpr long cachestat_number = 451;  // the same on every architecture

constexpr std::uint64_t readahead_step = 128 * 1024;  // the kernel's usual window

}  // namespace

Cached cached_in_memory(int file, std::uint64_t offset, std::uint64_t bytes) noexcept {
    if (bytes == 0) return Cached::yes;
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const CachestatRange range{offset, bytes};
    Cachestat found{};
    if (syscall(cachestat_number, file, &range, &found, 0) != 0) return Cached::unknown;
    const std::uint64_t pages = (offset + bytes - 1) / page - offset / page + 1;
    return found.cached >= pages ? Cached::yes : Cached::no;
}

void bring_into_memory(int file, std::uint64_t offset, std::uint64_t bytes) noexcept {
    posix_fadvise(file, static_cast<off_t>(offset), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
    const std::uint64_t end = offset + bytes;
    char byte = 0;
    for (std::uint64_t at = offset; at < end; at += readahead_step) {
        const std::uint64_t last = std::min(at + readahead_step, end) - 1;
        if (pread(file, &byte, 1, static_cast<off_t>(last)) != 1) return;
    }
}

}  // namespace wherry
