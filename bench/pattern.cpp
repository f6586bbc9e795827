#include "pattern.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace wherry::bench {

Pattern::Pattern() : fd_(::memfd_create("pattern", MFD_CLOEXEC)) {
    void* memory = MAP_FAILED;
    if (fd_ >= 0 && ::ftruncate(fd_, block) == 0) {
        memory = ::mmap(nullptr, block, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    }
    if (memory == MAP_FAILED) {
        std::perror("memfd_create");
        std::exit(1);
    }
    bytes_ = {static_cast<char*>(memory), block};
    std::uint64_t state = 88172645463325252U;  // xorshift: cheap, and no two stretches alike
    for (std::size_t at = 0; at < block; at += sizeof state) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        std::memcpy(bytes_.data() + at, &state, sizeof state);
    }
}

Pattern::~Pattern() {
    ::munmap(bytes_.data(), bytes_.size());
    ::close(fd_);
}

Result<> Pattern::matches(const std::string& path, std::uint64_t size) const {
    const MappedFile file(path);
    if (!file.is_open()) return fail_errno(path);
    if (file.bytes().size() != size) {
        return fail(path + " holds " + std::to_string(file.bytes().size()) + " of " + std::to_string(size) + " bytes");
    }
    for (std::uint64_t at = 0; at < size; at += block) {
        const auto part = file.bytes().subspan(at, std::min(block, size - at));
        if (!std::ranges::equal(part, bytes_.first(part.size()))) return fail(path + " does not hold what was sent");
    }
    return {};
}

MappedFile::MappedFile(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status{};
    if (fd < 0) return;
    open_ = ::fstat(fd, &status) == 0;
    if (open_ && status.st_size > 0) {
        const auto size = static_cast<std::size_t>(status.st_size);
        void* memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
        open_ = memory != MAP_FAILED;
        if (open_) bytes_ = {static_cast<char*>(memory), size};
    }
    const int error = errno;
    ::close(fd);
    errno = error;
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace wherry::bench
