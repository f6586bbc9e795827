#include "vfs/posix_file.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace wherry::vfs {

namespace {

constexpr auto largest_offset = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());

bool has_acl(int descriptor) noexcept { return ::fgetxattr(descriptor, "system.posix_acl_access", nullptr, 0) > 0; }

}  // namespace

Kind kind_of(mode_t mode) noexcept {
    if (S_ISREG(mode)) return Kind::file;
    if (S_ISDIR(mode)) return Kind::directory;
    return S_ISLNK(mode) ? Kind::symlink : Kind::other;
}

Stat stat_of(const struct stat& about) noexcept {
    Stat stat;
    stat.kind = kind_of(about.st_mode);
    stat.size = static_cast<std::uint64_t>(about.st_size);
    stat.modified = about.st_mtim.tv_sec;
    stat.modified_nsec = static_cast<std::uint32_t>(about.st_mtim.tv_nsec);
    stat.mode = about.st_mode & 07777;
    stat.links = static_cast<std::uint32_t>(about.st_nlink);
    stat.uid = about.st_uid;
    stat.gid = about.st_gid;
    stat.inode = about.st_ino;
    stat.device = about.st_dev;
    stat.changed = about.st_ctim.tv_sec * std::int64_t{1'000'000'000} + about.st_ctim.tv_nsec;
    return stat;
}

Code not_servable(mode_t mode) noexcept {
    if (S_ISREG(mode)) return Code::ok;
    return S_ISDIR(mode) ? Code::is_directory : Code::not_regular;
}

std::unexpected<Error> refused(int number, std::string_view doing, std::string_view to) {
    auto failure = fail_errno(number, doing, to);
    switch (number) {
        case EXDEV:
        case ELOOP: failure.error().code = Code::denied; break;
        case ENXIO:
        case ENODEV: failure.error().code = Code::not_regular; break;
        case EAGAIN: failure.error().code = Code::busy; break;
        default: break;
    }
    return failure;
}

Result<std::size_t> read_all(int descriptor, std::uint64_t offset, std::span<std::byte> into, std::string_view path) {
    std::size_t done = 0;
    while (done < into.size() && offset + done < largest_offset && offset < largest_offset) {
        const ssize_t got =
            ::pread(descriptor, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused(errno, "read", path);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

Result<void> write_all(int descriptor, std::uint64_t offset, std::span<const std::byte> from, std::string_view path) {
    if (offset > largest_offset || from.size() > largest_offset - offset) return refused(EFBIG, "write", path);
    while (!from.empty()) {
        const ssize_t put = ::pwrite(descriptor, from.data(), from.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return refused(errno, "write", path);
        if (put == 0) return refused(EIO, "write", path);  // POSIX has no such answer; do not spin on it
        from = from.subspan(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
    return {};
}

void settle_mode(int descriptor, struct stat& made, mode_t wanted) noexcept {
    if ((wanted & ~made.st_mode) == 0 || has_acl(descriptor)) return;
    // A new directory keeps the setgid bit that it inherited.
    const mode_t settled = wanted | (made.st_mode & 07000);
    if (::fchmod(descriptor, settled) == 0) made.st_mode = (made.st_mode & S_IFMT) | settled;
}

PosixFile::PosixFile(Descriptor descriptor, const struct stat& opened, Use use, std::string path)
    : descriptor_(std::move(descriptor)),
      use_(use),
      path_(std::move(path)),
      opened_(std::make_unique<const Stat>(stat_of(opened))) {}

Result<void> PosixFile::check(bool allowed, std::string_view doing) const {
    if (!is_open()) return fail(Code::closed, std::string(doing) + " " + path_ + ": already closed");
    if (!allowed) return fail(Code::denied, std::string(doing) + " " + path_ + ": not opened for that");
    return {};
}

Result<Stat> PosixFile::stat() {
    if (auto good = check(true, "stat"); !good) return fail(std::move(good.error()));
    if (const auto opened = std::exchange(opened_, nullptr)) return *opened;
    struct stat about{};
    if (::fstat(descriptor(), &about) != 0) return refused(errno, "stat", path_);
    return stat_of(about);
}

Result<std::size_t> PosixFile::read_at(std::uint64_t offset, std::span<std::byte> into) {
    if (auto good = check(use_.read, "read"); !good) return fail(std::move(good.error()));
    return read_all(descriptor(), offset, into, path_);
}

Result<void> PosixFile::write_at(std::uint64_t offset, std::span<const std::byte> from) {
    if (auto good = check(use_.write, "write"); !good) return good;
    opened_.reset();
    written_ = true;
    return write_all(descriptor(), offset, from, path_);
}

Result<void> PosixFile::truncate(std::uint64_t size) {
    if (auto good = check(use_.write, "truncate"); !good) return good;
    if (size > largest_offset) return refused(EFBIG, "truncate", path_);
    opened_.reset();
    written_ = true;
    while (::ftruncate(descriptor(), static_cast<off_t>(size)) != 0) {
        if (errno != EINTR) return refused(errno, "truncate", path_);
    }
    return {};
}

// Not every pair of files can (EXDEV, EINVAL ...), and some kernels answer 0 too early: whatever is not a success is
// tried by hand, which also finds the true error.
Result<std::uint64_t> PosixFile::copy_from(File& source, std::uint64_t from, std::uint64_t to, std::uint64_t bytes) {
    if (auto good = check(use_.write, "write"); !good) return fail(std::move(good.error()));
    const bool offsets_fit = from <= largest_offset && to <= largest_offset;
    if (source.descriptor() >= 0 && offsets_fit) {
        auto in = static_cast<off_t>(from);
        auto out = static_cast<off_t>(to);
        opened_.reset();
        written_ = true;
        const ssize_t got = ::copy_file_range(source.descriptor(), &in, descriptor(), &out,
                                              static_cast<std::size_t>(std::min<std::uint64_t>(bytes, 1U << 30U)), 0);
        if (got > 0) return static_cast<std::uint64_t>(got);
    }
    return File::copy_from(source, from, to, bytes);
}

void PosixFile::failed(Code cause) { failure_ = cause == Code::ok ? Code::aborted : cause; }

Result<void> PosixFile::close_descriptor() {
    int sync_error = 0;
    if (use_.write && use_.sync && failure_ == Code::ok) {
        while (::fsync(descriptor()) != 0) {
            sync_error = errno;
            if (sync_error != EINTR) break;
            sync_error = 0;
        }
    }
    // Linux has given the number back even when close(2) was interrupted; only what was written can be lost here.
    const bool good = ::close(descriptor_.release()) == 0 || errno == EINTR || !use_.write;
    if (sync_error != 0) return refused(sync_error, "sync", path_);
    if (!good) return refused(errno, "close", path_);
    return {};
}

Result<void> PosixFile::close() {
    if (auto good = check(true, "close"); !good) return good;
    auto closed = close_descriptor();
    if (use_.write && failure_ != Code::ok) return fail(failure_, "upload of " + path_ + " was given up");
    return closed;
}

}  // namespace wherry::vfs
