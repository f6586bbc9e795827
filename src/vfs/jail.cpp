#include "vfs/jail.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "vfs/jail_walk.h"

namespace wherry::vfs {

namespace {

constexpr std::uint64_t resolve_cached = 0x20;  // RESOLVE_CACHED of Linux 5.12; older headers lack the name

// RESOLVE_BENEATH answers EAGAIN when something is renamed anywhere while a ".." of a symlink is resolved. After so
// many times in a row the walk, which does not mind, takes over.
constexpr int most_retries = 64;

Got<Descriptor> openat2(int root, const char* relative, int flags, mode_t mode, std::uint64_t resolve) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.mode = mode;
    how.resolve = resolve;
    while (true) {
        const long number = ::syscall(SYS_openat2, root, relative, &how, sizeof how);
        if (number >= 0) return Descriptor(static_cast<int>(number));
        if (errno != EINTR) return std::unexpected(errno);
    }
}

// Kinds of filesystem that answer a cached lookup from memory. A network filesystem or FUSE may ask its server first.
bool is_local(int root) {
    static constexpr std::array<std::uint64_t, 14> local = {
        0xEF53,      // ext2, ext3, ext4
        0x58465342,  // xfs
        0x9123683E,  // btrfs
        0x01021994,  // tmpfs
        0x858458F6,  // ramfs
        0x794C7630,  // overlayfs
        0xF2F52010,  // f2fs
        0x2FC12FC1,  // zfs
        0xCA451A4E,  // bcachefs
        0x3153464A,  // jfs
        0xE0F5E1E2,  // erofs
        0x73717368,  // squashfs
        0x9660,      // iso9660
        0x52654973,  // reiserfs
    };
    struct statfs about{};
    if (::fstatfs(root, &about) != 0) return false;
    return std::ranges::find(local, static_cast<std::uint64_t>(about.f_type)) != local.end();
}

Got<Descriptor> open_plainly(int root, const char* relative, int flags, mode_t mode) {
    while (true) {
        const int number = ::openat(root, relative, flags, mode);
        if (number >= 0) return Descriptor(number);
        if (errno != EINTR) return std::unexpected(errno);
    }
}

bool is_name(const std::string& text) { return !text.empty() && text != "." && text != ".."; }

}  // namespace

Result<Jail> Jail::enter(const std::string& root, Symlinks symlinks, bool use_openat2) {
    if (symlinks == Symlinks::anywhere && root != "/") {
        return fail(Code::invalid, "serve folder " + root + ": symlinks may lead anywhere in \"/\" only");
    }
    const int number = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (number < 0) return fail_errno(errno, "serve folder", root);
    Jail jail(Descriptor(number), symlinks);
    // A kernel without it says ENOSYS, a sandbox EPERM: any failure means that it cannot be used.
    const int probe = O_PATH | O_DIRECTORY;
    jail.openat2_ = use_openat2 && openat2(number, ".", probe, 0, jail.resolve()).has_value();
    jail.at_once_ = jail.openat2_ && is_local(number) &&
                    openat2(number, ".", probe, 0, jail.resolve() | resolve_cached).has_value();
    return jail;
}

std::uint64_t Jail::resolve() const noexcept {
    if (anywhere_) return RESOLVE_NO_MAGICLINKS;
    return RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (follow_ ? 0U : RESOLVE_NO_SYMLINKS);
}

Got<Descriptor> Jail::open(const char* relative, int flags, mode_t mode) const {
    for (int i = 0; openat2_ && i < most_retries; ++i) {
        auto got = openat2(root_.get(), relative, flags, mode, resolve());
        if (got || got.error() != EAGAIN) return got;
    }
    if (anywhere_) return open_plainly(root_.get(), relative, flags | O_CLOEXEC, mode);
    return walk(root_.get(), follow_, relative, flags | O_CLOEXEC, mode);
}

Got<Descriptor> Jail::open_at_once(const char* relative, int flags) const {
    // What is mounted below the root may lie on a network: NO_XDEV, and the lane finds out.
    auto got = openat2(root_.get(), relative, flags, 0, resolve() | resolve_cached | RESOLVE_NO_XDEV);
    if (!got && got.error() == EXDEV) return std::unexpected(EAGAIN);
    return got;
}

Got<Place> Jail::place_of(const Path& path) const {
    auto directory = open(path.parent().relative(), O_PATH | O_DIRECTORY);
    if (!directory) return std::unexpected(directory.error());
    return Place{std::move(*directory), std::string(path.name())};
}

Got<Place> Jail::target_of(const Path& path) const {
    std::string text = path.relative();
    for (int links = 0; links <= most_links; ++links) {
        const std::size_t slash = text.rfind('/');
        std::string name = slash == std::string::npos ? text : text.substr(slash + 1);
        text.erase(slash == std::string::npos ? 0 : slash + 1);
        if (!is_name(name)) return std::unexpected(EISDIR);
        auto directory = open(text.empty() ? "." : text.c_str(), O_PATH | O_DIRECTORY);
        if (!directory) return std::unexpected(directory.error());
        auto target = read_link_at(directory->get(), name.c_str());
        if (!target && (target.error() == EINVAL || target.error() == ENOENT)) {
            return Place{std::move(*directory), std::move(name)};
        }
        if (!target) return std::unexpected(target.error());
        if (!follow_) return std::unexpected(ELOOP);
        if (target->starts_with('/') && !anywhere_) return std::unexpected(EXDEV);
        if (target->starts_with('/')) text.clear();
        text += target->substr(std::min(target->find_first_not_of('/'), target->size()));
    }
    return std::unexpected(ELOOP);
}

}  // namespace wherry::vfs
