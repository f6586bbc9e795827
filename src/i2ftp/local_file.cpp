#include "i2ftp/local_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace wherry::i2ftp {
namespace {

Result<int> open_plain(const std::string& file, int flags) {
    const int descriptor = ::open(file.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0666);
    if (descriptor < 0) return fail_errno(errno, "opening", file);
    struct stat about{};
    if (::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode)) return descriptor;
    ::close(descriptor);
    return fail(Code::not_regular, "opening " + file + ": not a regular file");
}

}  // namespace

Result<LocalFile> LocalFile::open_to_read(const std::string& file) {
    const auto descriptor = open_plain(file, O_RDONLY);
    if (!descriptor) return std::unexpected(descriptor.error());
    return LocalFile(file, *descriptor);
}

Result<LocalFile> LocalFile::open_to_write(const std::string& file) {
    const auto descriptor = open_plain(file, O_RDWR | O_CREAT);
    if (!descriptor) return std::unexpected(descriptor.error());
    return LocalFile(file, *descriptor);
}

LocalFile::~LocalFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::uint64_t> LocalFile::size() const {
    struct stat about{};
    if (::fstat(descriptor_, &about) != 0) return fail_errno(errno, "looking at", name_);
    return static_cast<std::uint64_t>(about.st_size);
}

Result<std::size_t> LocalFile::read_at(std::uint64_t offset, std::span<std::byte> into) const {
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t got =
            ::pread(descriptor_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(errno, "reading", name_);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

Result<void> LocalFile::write_at(std::uint64_t offset, std::span<const std::byte> from) const {
    while (!from.empty()) {
        const ssize_t put = ::pwrite(descriptor_, from.data(), from.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return fail_errno(put < 0 ? errno : EIO, "writing", name_);
        from = from.subspan(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
    return {};
}

Result<void> LocalFile::truncate(std::uint64_t size) const {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return fail_errno(errno, "cutting", name_);
    return {};
}

Result<void> rename_local(const std::string& from, const std::string& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0) return fail_errno(errno, "renaming to", to);
    return {};
}

}  // namespace wherry::i2ftp
