#include "bare_listing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace wherry::bench {
namespace {

constexpr std::size_t enough_lines = 64U << 10U;
constexpr std::size_t entries_size = 1U << 20U;

// What getdents64(2) fills in; no header of the C library offers it.
struct Entry {
    std::uint64_t inode;
    std::int64_t offset;
    std::uint16_t length;
    std::uint8_t type;
};
constexpr std::size_t name_offset = offsetof(Entry, type) + 1;

}  // namespace

BareListing::BareListing(int folder, char kind) : folder_(folder), kind_(kind), entries_(entries_size) {}

BareListing::~BareListing() {
    if (folder_ >= 0) ::close(folder_);
}

bool BareListing::refill() {
    const auto got = ::syscall(SYS_getdents64, folder_, entries_.data(), entries_.size());
    filled_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    at_ = 0;
    return filled_ > 0;
}

std::string_view BareListing::next() {
    lines_.clear();
    while (lines_.size() < enough_lines && (at_ < filled_ || refill())) {
        Entry entry{};
        std::memcpy(&entry, entries_.data() + at_, name_offset);
        const char* name = entries_.data() + at_ + name_offset;
        at_ += entry.length;
        if (name[0] != '.') add(name);
    }
    return lines_;
}

void BareListing::add(const char* name) {
    if (kind_ != 'N') add_facts(name);
    lines_.append(name).append("\r\n");
}

void BareListing::add_facts(const char* name) {
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct stat status{};
    if (::fstatat(folder_, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (status.st_mtime != broken_down_) {
        broken_down_ = status.st_mtime;
        ::gmtime_r(&broken_down_, &time_);
    }
    const bool folder = S_ISDIR(status.st_mode);
    const auto out = std::back_inserter(lines_);
    if (kind_ == 'L') {
        fmt::format_to(out, "{}rw-r--r-- 1 ftp ftp {:12} {} {:2} {:02}:{:02} ", folder ? 'd' : '-', status.st_size,
                       months[static_cast<std::size_t>(time_.tm_mon)], time_.tm_mday, time_.tm_hour, time_.tm_min);
    } else {
        fmt::format_to(out, "type={};size={};modify={:04}{:02}{:02}{:02}{:02}{:02};perm=r; ", folder ? "dir" : "file",
                       status.st_size, time_.tm_year + 1900, time_.tm_mon + 1, time_.tm_mday, time_.tm_hour,
                       time_.tm_min, time_.tm_sec);
    }
}

}  // namespace wherry::bench
