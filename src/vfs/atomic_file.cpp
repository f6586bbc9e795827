#include "vfs/atomic_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <vector>

#include "core/hex.h"
#include "vfs/checks.h"

namespace wherry::vfs {

namespace {

constexpr std::string_view part_prefix = ".wherry-";
constexpr std::string_view part_suffix = ".part";
constexpr std::size_t part_digits = 16;
constexpr int most_names_tried = 16;  // of 2^64; more means that something else is wrong

// What is at the target now. A missing one has no descriptor.
struct Target {
    Descriptor descriptor;
    struct stat about{};
};

// Opened for writing as a plain upload would do it, to be refused the same things.
Result<Target> look_at(const Place& place, const Path& path, const OpenMode& mode) {
    const int access = mode.truncate ? O_WRONLY : O_RDWR;
    const int number =
        ::openat(place.directory.get(), place.name.c_str(), access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (number < 0 && errno == ENOENT && mode.create) return Target{};
    if (number < 0) return refused(errno, "open", path.text());
    Target target{Descriptor(number), {}};
    if (::fstat(number, &target.about) != 0) return refused(errno, "open", path.text());
    if (const Code code = not_servable(target.about.st_mode); code != Code::ok) return refuse(code, "open", path);
    if (mode.exclusive) return refuse(Code::exists, "open", path);
    return target;
}

// Makes the file aside and says its name in `part`; 0 or an errno.
int create_part(const Place& place, mode_t wanted, bool read, Descriptor& made, std::string& part) {
    const int flags = (read ? O_RDWR : O_WRONLY) | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    for (int i = 0; i < most_names_tried; ++i) {
        part = new_part_name();
        made = Descriptor(::openat(place.directory.get(), part.c_str(), flags, wanted));
        if (made) return 0;
        if (errno != EEXIST && errno != EINTR) return errno;
    }
    return EEXIST;
}

// copy_file_range(2) shares the blocks where the filesystem can. It cannot everywhere (EXDEV, EINVAL, EOPNOTSUPP ...),
// and some kernels answer 0 too early: the rest is copied by hand, which also finds the true error.
Result<void> copy_content(int from, int to, std::uint64_t size, const Path& path) {
    constexpr std::size_t most = 64U << 20U;
    std::uint64_t done = 0;
    while (done < size) {
        auto in = static_cast<off_t>(done);
        auto out = in;
        const ssize_t got = ::copy_file_range(from, &in, to, &out, std::min<std::uint64_t>(size - done, most), 0);
        if (got <= 0) break;
        done += static_cast<std::uint64_t>(got);
    }
    if (done == size) return {};
    std::vector<std::byte> buffer(256U << 10U);
    while (true) {
        const auto got = read_all(from, done, buffer, path.text());
        if (!got) return fail(got.error());
        if (*got == 0) return {};
        if (auto put = write_all(to, done, std::span(buffer).first(*got), path.text()); !put) return put;
        done += *got;
    }
}

struct CloseDir {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using OpenDir = std::unique_ptr<DIR, CloseDir>;

// True if the file is gone: nobody held its lock any more.
bool remove_if_dead(int directory, const char* name) {
    const Descriptor file(::openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return false;
    struct stat about{};
    if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return false;
    return ::unlinkat(directory, name, 0) == 0;
}

}  // namespace

bool is_part_name(std::string_view name) noexcept {
    if (name.size() != part_prefix.size() + part_digits + part_suffix.size()) return false;
    if (!name.starts_with(part_prefix) || !name.ends_with(part_suffix)) return false;
    return std::ranges::all_of(name.substr(part_prefix.size(), part_digits),
                               [](char digit) { return lower_hex_digits.contains(digit); });
}

std::string new_part_name() {
    std::array<unsigned char, part_digits / 2> bytes{};
    if (::getentropy(bytes.data(), bytes.size()) != 0) throw std::runtime_error("no random bytes from the kernel");
    std::string name(part_prefix);
    for (const unsigned char byte : bytes) append_hex(name, byte);
    return name.append(part_suffix);
}

bool remove_leftovers(int parent, const char* name) {
    Descriptor opened(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened) return false;
    const OpenDir directory(::fdopendir(opened.get()));
    if (!directory) return false;
    const int number = opened.release();  // directory's own from here on
    std::vector<std::string> parts;
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string_view found = entry->d_name;
        if (found == "." || found == "..") continue;
        if (!is_part_name(found)) return false;
        parts.emplace_back(found);
    }
    return std::ranges::all_of(parts, [&](const std::string& part) { return remove_if_dead(number, part.c_str()); });
}

AtomicFile::AtomicFile(Descriptor descriptor, const struct stat& made, Use use, const Path& path, Place place,
                       std::string part, const OpenMode& mode)
    : PosixFile(std::move(descriptor), made, use, path.string()),
      place_(std::move(place)),
      part_(std::move(part)),
      exclusive_(mode.exclusive),
      keep_partial_(mode.keep_partial),
      sync_(use.sync) {}

Result<FilePtr> AtomicFile::begin(Place place, const Path& path, const OpenMode& mode, const PosixOptions& options) {
    auto target = look_at(place, path, mode);
    if (!target) return fail(std::move(target.error()));
    const bool replaces = static_cast<bool>(target->descriptor);
    const mode_t wanted = replaces ? target->about.st_mode & 0777 : new_mode(mode.mode, options.umask);

    Descriptor made;
    std::string part;
    const int error = create_part(place, wanted, mode.read, made, part);
    if (error != 0) return refused(error, "create", path.text());
    // Not every network filesystem has locks; without one a leftover is only easier to remove.
    ::flock(made.get(), LOCK_EX | LOCK_NB);
    struct stat about{};
    const bool seen = ::fstat(made.get(), &about) == 0;
    settle_mode(made.get(), about, wanted);
    const PosixFile::Use use{.read = mode.read, .write = true, .sync = options.sync};
    std::unique_ptr<AtomicFile> file(
        new AtomicFile(std::move(made), about, use, path, std::move(place), std::move(part), mode));
    if (!seen) return refused(EIO, "create", path.text());
    if (!replaces || mode.truncate) return file;
    const auto size = static_cast<std::uint64_t>(target->about.st_size);
    auto copied = copy_content(target->descriptor.get(), file->descriptor(), size, path);
    if (!copied) return fail(std::move(copied.error()));
    file->forget_opened();
    return file;
}

AtomicFile::~AtomicFile() {
    if (!part_.empty()) abandon();
}

Result<void> AtomicFile::close() {
    if (!is_open()) return fail(Code::closed, "close " + path() + ": already closed");
    auto closed = close_descriptor();
    if (closed && failure() == Code::ok) closed = publish();
    if (!part_.empty()) abandon();
    if (failure() != Code::ok) return fail(failure(), "upload of " + path() + " was given up");
    return closed;
}

Result<void> AtomicFile::publish() {
    const int directory = place_.directory.get();
    const int failed = exclusive_ ? rename_new() : ::renameat(directory, part_.c_str(), directory, place_.name.c_str());
    if (failed != 0) return refused(errno, "publish", path());
    part_.clear();
    if (!sync_) return {};
    const Descriptor readable(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!readable || ::fsync(readable.get()) != 0) return refused(errno, "sync directory of", path());
    return {};
}

// As renameat(2), with EEXIST if the name is taken.
int AtomicFile::rename_new() const {
    const int directory = place_.directory.get();
    if (::renameat2(directory, part_.c_str(), directory, place_.name.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    // NFS and some others cannot: a hard link refuses a name that is taken just as well, in two steps. Should the
    // second fail, a hidden name too many is left.
    if (::linkat(directory, part_.c_str(), directory, place_.name.c_str(), 0) != 0) return -1;
    ::unlinkat(directory, part_.c_str(), 0);
    return 0;
}

void AtomicFile::abandon() noexcept {
    const int directory = place_.directory.get();
    // An upload of which nothing came would leave an empty or unchanged file, which helps nobody.
    const bool kept = keep_partial_ && written() &&
                      ::renameat(directory, part_.c_str(), directory, partial_name(place_.name).c_str()) == 0;
    if (!kept) ::unlinkat(directory, part_.c_str(), 0);
    part_.clear();
}

}  // namespace wherry::vfs
