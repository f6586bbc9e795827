#include "vfs/posix_listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "vfs/atomic_file.h"
#include "vfs/posix_file.h"

namespace wherry::vfs {

namespace {

constexpr std::size_t buffer_size = 64U << 10U;
constexpr unsigned wanted_facts =
    STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_UID | STATX_GID | STATX_MTIME | STATX_SIZE | STATX_INO;
// A server asks its own cache about a network file rather than another server, and mounts nothing for a listing.
constexpr int as_it_is = AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;

constexpr unsigned type_shift = 12;  // d_type is the type bits of st_mode, as DTTOIF has it

bool is_shown(std::string_view name) noexcept { return name != "." && name != ".." && !is_part_name(name); }

void copy_to(Stat& stat, const struct statx& about) noexcept {
    stat.kind = kind_of(about.stx_mode);
    stat.size = about.stx_size;
    stat.modified = about.stx_mtime.tv_sec;
    stat.modified_nsec = about.stx_mtime.tv_nsec;
    stat.mode = about.stx_mode & 07777U;
    stat.links = about.stx_nlink;
    stat.uid = about.stx_uid;
    stat.gid = about.stx_gid;
    stat.inode = about.stx_ino;
    stat.device = makedev(about.stx_dev_major, about.stx_dev_minor);
}

}  // namespace

struct PosixListing::Raw {
    const char* name;
    ino64_t inode;
    unsigned char type;
};

PosixListing::PosixListing(Descriptor directory, Detail detail, std::string path)
    : directory_(std::move(directory)),
      detail_(detail),
      path_(std::move(path)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_size)) {}

Result<void> PosixListing::next(std::vector<Entry>& out, std::size_t most) {
    std::size_t count = 0;
    while (count < most) {
        if (at_ == end_) {
            const auto more = fill();
            if (!more) return fail(more.error());
            if (!*more) break;
        }
        const auto* record = reinterpret_cast<const dirent64*>(buffer_.get() + at_);
        at_ += record->d_reclen;
        const Raw raw{record->d_name, record->d_ino, record->d_type};
        if (!is_shown(raw.name)) continue;
        if (count == out.size()) out.emplace_back();
        if (describe(out[count], raw)) ++count;
    }
    out.resize(count);
    return {};
}

// False at the end.
Result<bool> PosixListing::fill() {
    const ssize_t got = ::getdents64(directory_.get(), buffer_.get(), buffer_size);
    if (got < 0 && errno == ENOENT) return false;  // somebody removed the directory
    if (got < 0) return refused(errno, "list", path_);
    at_ = 0;
    end_ = static_cast<std::size_t>(got);
    return got != 0;
}

// Fills an entry that may have been another one; false if its object has vanished.
bool PosixListing::describe(Entry& entry, const Raw& raw) const {
    entry.target.clear();
    const bool known = detail_ == Detail::names && raw.type != DT_UNKNOWN;
    if (known || !look_up(entry, raw.name)) {
        // What is there but must not be looked at, in a directory without the x bit, is shown by its name and kind.
        if (!known && errno == ENOENT) return false;
        entry.stat = Stat{.kind = kind_of(mode_t{raw.type} << type_shift), .mode = 0, .inode = raw.inode};
    }
    entry.name = raw.name;
    return true;
}

// False with errno.
bool PosixListing::look_up(Entry& entry, const char* name) const {
    struct statx about{};
    if (::statx(directory_.get(), name, as_it_is, wanted_facts, &about) != 0) return false;
    copy_to(entry.stat, about);
    if (entry.stat.kind != Kind::symlink || detail_ == Detail::names) return true;
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlinkat(directory_.get(), name, target.data(), target.size());
    if (size > 0) entry.target.assign(target.data(), static_cast<std::size_t>(size));
    return true;
}

}  // namespace wherry::vfs
