// PosixFilesystem::open, and what it rests on. A download of a small file costs three system calls: openat2, fstat,
// close; and one allocation.
#include <fcntl.h>

#include <cerrno>

#include "vfs/atomic_file.h"
#include "vfs/checks.h"
#include "vfs/posix_fs.h"

namespace wherry::vfs {

namespace {

// O_NONBLOCK: a FIFO does not make us wait for its other end; on the regular files that remain it does nothing.
constexpr int careful = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

constexpr int access_of(const OpenMode& mode) { return !mode.write ? O_RDONLY : mode.read ? O_RDWR : O_WRONLY; }

}  // namespace

Result<FilePtr> PosixFilesystem::open(const Path& path, const OpenMode& mode) {
    if (!mode.wait && (changes(mode) || !jail_.answers_at_once())) return fail(Code::would_block);
    if (!makes_sense(mode)) return refuse(Code::invalid, "open", path);
    if (is_part_name(path.name())) return refuse(Code::name_not_allowed, "open", path);
    if (!mode.write) return open_for_reading(path, mode.wait);
    if (path.is_root()) return refuse(Code::is_directory, "open", path);
    if (!mode.atomic) return open_for_writing(path, mode);
    auto place = jail_.target_of(path);
    if (!place) return refused(place.error(), "open", path.text());
    return AtomicFile::begin(std::move(*place), path, mode, options_);
}

Result<FilePtr> PosixFilesystem::open_for_reading(const Path& path, bool wait) const {
    constexpr int flags = O_RDONLY | careful;
    auto file = wait ? jail_.open(path.relative(), flags) : jail_.open_at_once(path.relative(), flags);
    if (!file && !wait && file.error() == EAGAIN) return fail(Code::would_block);
    if (!file) return refused(file.error(), "open", path.text());
    struct stat about{};
    if (::fstat(file->get(), &about) != 0) return refused(errno, "open", path.text());
    if (const Code code = not_servable(about.st_mode); code != Code::ok) return refuse(code, "open", path);
    return std::make_unique<PosixFile>(std::move(*file), about, PosixFile::Use{.read = true}, std::string());
}

// Neither O_TRUNC nor O_CREAT of something that may exist: nothing is changed before it is known to be a regular file,
// and a file that was made here is known to be ours, to give it its mode.
Result<FilePtr> PosixFilesystem::open_for_writing(const Path& path, const OpenMode& mode) const {
    const mode_t wanted = new_mode(mode.mode, options_.umask);
    bool made = false;
    auto file = open_or_make(path, mode, wanted, made);
    if (!file) return refused(file.error(), "open", path.text());
    struct stat about{};
    if (::fstat(file->get(), &about) != 0) return refused(errno, "open", path.text());
    if (const Code code = not_servable(about.st_mode); code != Code::ok) return refuse(code, "open", path);
    if (made) settle_mode(file->get(), about, wanted);
    auto opened = std::make_unique<PosixFile>(std::move(*file), about,
                                              PosixFile::Use{.read = mode.read, .write = true, .sync = options_.sync},
                                              path.string());
    if (mode.truncate && !made && about.st_size != 0) {
        if (auto cut = opened->truncate(0); !cut) return fail(std::move(cut.error()));
    }
    return opened;
}

Got<Descriptor> PosixFilesystem::open_or_make(const Path& path, const OpenMode& mode, mode_t wanted, bool& made) const {
    const int access = access_of(mode) | careful;
    Got<Descriptor> file = std::unexpected(ENOENT);
    // What is stored from its beginning is new, as a rule.
    if (mode.exclusive || (mode.create && mode.truncate)) {
        file = jail_.open(path.relative(), access | O_CREAT | O_EXCL, wanted);
        made = file.has_value();
        if (made || mode.exclusive || file.error() != EEXIST) return file;
    }
    // Between the two steps somebody may make or remove the file; not each time.
    for (int i = 0; i < 4; ++i) {
        file = jail_.open(path.relative(), access);
        if (file || file.error() != ENOENT || !mode.create) return file;
        file = make_file(path, access, wanted);
        made = file.has_value();
        if (made || file.error() != EEXIST) return file;
    }
    return file;
}

// A new file, also where a symlink inside points to nothing yet: O_EXCL alone takes the symlink for the file.
Got<Descriptor> PosixFilesystem::make_file(const Path& path, int access, mode_t mode) const {
    auto file = jail_.open(path.relative(), access | O_CREAT | O_EXCL, mode);
    if (file || file.error() != EEXIST) return file;
    const auto place = jail_.target_of(path);
    if (!place) return std::unexpected(place.error());
    const int number =
        ::openat(place->directory.get(), place->name.c_str(), access | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (number < 0) return std::unexpected(errno);
    return Descriptor(number);
}

}  // namespace wherry::vfs
