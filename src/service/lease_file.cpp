#include "service/lease_file.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

namespace wherry {
namespace {

constexpr std::string_view doing = "reading the leases of dnsmasq from";

struct Closer {
    void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};

bool is_as_before(const struct stat& then, const struct stat& now) {
    return then.st_dev == now.st_dev && then.st_ino == now.st_ino && then.st_size == now.st_size &&
           then.st_mtim.tv_sec == now.st_mtim.tv_sec && then.st_mtim.tv_nsec == now.st_mtim.tv_nsec;
}

}  // namespace

Result<std::optional<net::Mac>> LeaseFile::mac_of(const net::Address& address, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    auto fresh = refresh(now);
    const bool was_readable = std::exchange(readable_, fresh.has_value());
    if (!fresh) {
        leases_ = {};
        as_read_.reset();
        if (was_readable) return std::unexpected(std::move(fresh.error()));
    }
    return leases_.mac_of(address, now);
}

Result<void> LeaseFile::refresh(std::int64_t now) {
    struct stat about{};
    if (::stat(path_.c_str(), &about) != 0) return fail_errno(errno, doing, path_);
    if (as_read_ && is_as_before(*as_read_, about)) return {};
    return read(now);
}

Result<void> LeaseFile::read(std::int64_t now) {
    // Not blocking, so that a FIFO of that name does not hold us up.
    const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return fail_errno(errno, doing, path_);
    const std::unique_ptr<std::FILE, Closer> file(::fdopen(descriptor, "r"));
    struct stat about{};
    if (file == nullptr || ::fstat(descriptor, &about) != 0) return fail_errno(errno, doing, path_);
    if (!S_ISREG(about.st_mode)) return fail(Code::not_regular, fmt::format("{} {}: not a regular file", doing, path_));
    ++times_read_;
    std::string content;
    std::string part(65536, '\0');
    while (const std::size_t got = std::fread(part.data(), 1, part.size(), file.get())) {
        content.append(part, 0, got);
        if (content.size() > most_bytes) {
            return fail(Code::invalid, fmt::format("{} {}: larger than {} bytes", doing, path_, most_bytes));
        }
    }
    if (std::ferror(file.get()) != 0) return fail_errno(errno, doing, path_);
    leases_ = tftp::Leases::parse(content);
    // What changes once more within the same tick of the filesystem's clock has the same time.
    constexpr std::int64_t settled = 2;
    as_read_.reset();
    if (now - about.st_mtim.tv_sec >= settled) as_read_ = about;
    return {};
}

}  // namespace wherry
