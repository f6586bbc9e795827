#include "vfs/posix_fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <cerrno>

#include "vfs/atomic_file.h"
#include "vfs/checks.h"
#include "vfs/identity_fs.h"
#include "vfs/jail_walk.h"
#include "vfs/posix_listing.h"

namespace wherry::vfs {

namespace {

// fchmodat2(2) has one number everywhere but on Alpha; older C libraries do not name it.
constexpr long fchmodat2_number = 452;

// An O_PATH descriptor's own mode; 0 or an errno.
int change_mode(int object, mode_t mode) {
    return ::syscall(fchmodat2_number, object, "", mode, AT_EMPTY_PATH) == 0 ? 0 : errno;
}

int change_time(int object, const struct timespec (&times)[2]) {
    return ::utimensat(object, "", times, AT_EMPTY_PATH) == 0 ? 0 : errno;
}

// True for what a kernel, or a sandbox, says of a call that it does not know. A true EPERM is said once more by the
// older way.
bool is_unknown_call(int error) { return error == ENOSYS || error == EINVAL || error == EPERM; }

bool is_same(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

// settle_mode for a directory that was just made.
void settle_directory(int parent, const char* name, mode_t wanted) {
    constexpr int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    struct stat about{};
    const Descriptor made(::openat(parent, name, O_RDONLY | flags));
    if (made && ::fstat(made.get(), &about) == 0) return settle_mode(made.get(), about, wanted);
    // The umask left not even its owner a look.
    const Descriptor object(::openat(parent, name, O_PATH | flags));
    if (object && ::fstat(object.get(), &about) == 0) change_mode(object.get(), wanted | (about.st_mode & 07000));
}

// What stands in the way of an operation on the name itself; Code::ok: nothing.
Code not_allowed(const Path& path, Code root) {
    if (path.is_root()) return root;
    return is_part_name(path.name()) ? Code::name_not_allowed : Code::ok;
}

}  // namespace

// The object of a path as O_PATH, and what it is.
Result<Descriptor> PosixFilesystem::open_object(const Path& path, std::string_view doing, struct stat& about) const {
    if (is_part_name(path.name())) return refuse(Code::name_not_allowed, doing, path);
    auto object = jail_.open(path.relative(), O_PATH);
    if (!object) return refused(object.error(), doing, path.text());
    if (::fstat(object->get(), &about) != 0) return refused(errno, doing, path.text());
    return std::move(*object);
}

Result<Stat> PosixFilesystem::stat(const Path& path) {
    struct stat about{};
    auto object = open_object(path, "stat", about);
    if (!object) return fail(std::move(object.error()));
    return stat_of(about);
}

Result<Stat> PosixFilesystem::stat_at_once(const Path& path) {
    if (!jail_.answers_at_once()) return fail(Code::would_block);
    if (is_part_name(path.name())) return refuse(Code::name_not_allowed, "stat", path);
    const auto object = jail_.open_at_once(path.relative(), O_PATH);
    if (!object && object.error() == EAGAIN) return fail(Code::would_block);
    if (!object) return refused(object.error(), "stat", path.text());
    struct stat about{};
    if (::fstat(object->get(), &about) != 0) return refused(errno, "stat", path.text());
    return stat_of(about);
}

Result<Stat> PosixFilesystem::lstat(const Path& path) {
    if (is_part_name(path.name())) return refuse(Code::name_not_allowed, "stat", path);
    const auto object = jail_.open(path.relative(), O_PATH | O_NOFOLLOW);
    if (!object) return refused(object.error(), "stat", path.text());
    struct stat about{};
    if (::fstat(object->get(), &about) != 0) return refused(errno, "stat", path.text());
    return stat_of(about);
}

Result<ListingPtr> PosixFilesystem::list(const Path& path, Detail detail) {
    auto directory = jail_.open(path.relative(), O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOCTTY);
    if (!directory) return refused(directory.error(), "list", path.text());
    return std::make_unique<PosixListing>(std::move(*directory), detail, path.string());
}

Result<void> PosixFilesystem::make_directory(const Path& path, std::uint32_t mode) {
    if (const Code code = not_allowed(path, Code::exists); code != Code::ok)
        return refuse(code, "make directory", path);
    const auto place = jail_.place_of(path);
    if (!place) return refused(place.error(), "make directory", path.text());
    const mode_t wanted = new_mode(mode, options_.umask);
    const char* name = place->name.c_str();
    if (::mkdirat(place->directory.get(), name, wanted) != 0) return refused(errno, "make directory", path.text());
    settle_directory(place->directory.get(), name, wanted);
    return {};
}

Result<void> PosixFilesystem::remove_directory(const Path& path) {
    if (const Code code = not_allowed(path, Code::denied); code != Code::ok)
        return refuse(code, "remove directory", path);
    const auto place = jail_.place_of(path);
    if (!place) return refused(place.error(), "remove directory", path.text());
    const char* name = place->name.c_str();
    const auto remove = [&] { return ::unlinkat(place->directory.get(), name, AT_REMOVEDIR) == 0 ? 0 : errno; };
    int error = remove();
    // To the client a directory with nothing but our leftovers is empty.
    const bool full = error == ENOTEMPTY || error == EEXIST;
    if (full && remove_leftovers(place->directory.get(), name)) error = remove();
    if (error == EEXIST) error = ENOTEMPTY;  // POSIX allows both
    if (error != 0) return refused(error, "remove directory", path.text());
    return {};
}

Result<void> PosixFilesystem::remove_file(const Path& path) {
    if (const Code code = not_allowed(path, Code::is_directory); code != Code::ok) return refuse(code, "remove", path);
    const auto place = jail_.place_of(path);
    if (!place) return refused(place.error(), "remove", path.text());
    if (::unlinkat(place->directory.get(), place->name.c_str(), 0) != 0) return refused(errno, "remove", path.text());
    return {};
}

Result<void> PosixFilesystem::rename(const Path& from, const Path& to) {
    for (const Path* path : {&from, &to}) {
        if (const Code code = not_allowed(*path, Code::denied); code != Code::ok) return refuse(code, "rename", *path);
    }
    const auto source = jail_.place_of(from);
    if (!source) return refused(source.error(), "rename", from.text());
    const auto target = jail_.place_of(to);
    if (!target) return refused(target.error(), "rename to", to.text());
    if (::renameat(source->directory.get(), source->name.c_str(), target->directory.get(), target->name.c_str()) == 0) {
        return {};
    }
    const int error = errno == EEXIST ? ENOTEMPTY : errno;  // POSIX allows both
    auto failure = refused(error, "rename", from.string() + " to " + to.string());
    if (error == EXDEV) failure.error().code = Code::unsupported;  // another disk is mounted there
    return failure;
}

// The object once more, for reading or else writing, where its O_PATH descriptor does not do.
Got<Descriptor> PosixFilesystem::reopen(const Path& path, const struct stat& about) const {
    constexpr int flags = O_NONBLOCK | O_NOCTTY;
    auto again = jail_.open(path.relative(), O_RDONLY | flags);
    if (!again && again.error() == EACCES && S_ISREG(about.st_mode))
        again = jail_.open(path.relative(), O_WRONLY | flags);
    if (!again) return again;
    struct stat opened{};
    if (::fstat(again->get(), &opened) != 0) return std::unexpected(errno);
    if (!is_same(about, opened)) return std::unexpected(EBUSY);  // somebody put another one there
    return again;
}

Result<void> PosixFilesystem::set_mode(const Path& path, std::uint32_t mode) {
    struct stat about{};
    const auto object = open_object(path, "change mode of", about);
    if (!object) return fail(object.error());
    const Kind kind = kind_of(about.st_mode);
    if (kind == Kind::other) return refuse(Code::not_regular, "change mode of", path);
    const mode_t wanted = changed_mode(kind, about.st_mode, mode);
    int error = change_mode(object->get(), wanted);
    if (is_unknown_call(error)) {
        const auto file = reopen(path, about);
        if (!file) return refused(file.error(), "change mode of", path.text());
        error = ::fchmod(file->get(), wanted) == 0 ? 0 : errno;
    }
    if (error != 0) return refused(error, "change mode of", path.text());
    return {};
}

Result<void> PosixFilesystem::set_modified(const Path& path, std::int64_t seconds) {
    struct stat about{};
    const auto object = open_object(path, "change time of", about);
    if (!object) return fail(object.error());
    if (kind_of(about.st_mode) == Kind::other) return refuse(Code::not_regular, "change time of", path);
    const struct timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = seconds, .tv_nsec = 0}};
    int error = change_time(object->get(), times);
    if (is_unknown_call(error)) {
        const auto file = reopen(path, about);
        if (!file) return refused(file.error(), "change time of", path.text());
        error = ::futimens(file->get(), times) == 0 ? 0 : errno;
    }
    if (error != 0) return refused(error, "change time of", path.text());
    return {};
}

Result<std::string> PosixFilesystem::read_link(const Path& path) {
    if (const Code code = not_allowed(path, Code::invalid); code != Code::ok) return refuse(code, "read link", path);
    const auto place = jail_.place_of(path);
    if (!place) return refused(place.error(), "read link", path.text());
    auto target = read_link_at(place->directory.get(), place->name.c_str());
    if (!target) return refused(target.error(), "read link", path.text());
    return std::move(*target);
}

Result<Space> PosixFilesystem::space(const Path& path) {
    struct stat about{};
    const auto object = open_object(path, "ask space of", about);
    if (!object) return fail(object.error());
    struct statvfs space{};
    if (::fstatvfs(object->get(), &space) != 0) return refused(errno, "ask space of", path.text());
    return Space{.free = space.f_bavail * space.f_frsize, .total = space.f_blocks * space.f_frsize};
}

}  // namespace wherry::vfs

namespace wherry {

Result<FilesystemPtr> posix_filesystem(const std::string& root, const PosixOptions& options) {
    const auto enter = [&]() -> Result<FilesystemPtr> {
        auto jail = vfs::Jail::enter(root, options.symlinks, options.use_openat2);
        if (!jail) return fail(std::move(jail.error()));
        return std::make_shared<vfs::PosixFilesystem>(std::move(*jail), options);
    };
    if (!options.as) return enter();
    auto files = vfs::IdentityFilesystem::Who{*options.as, vfs::acting}.as(enter);
    if (!files) return files;
    return std::make_shared<vfs::IdentityFilesystem>(std::move(*files), *options.as);
}

}  // namespace wherry
