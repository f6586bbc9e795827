#pragma once
// LeaseFile: the leases of dnsmasq, read again when their file has changed.
#include <sys/stat.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "net/address.h"
#include "net/neighbours.h"
#include "tftp/leases.h"
#include "wherry/result.h"

namespace wherry {

// From any thread; blocks.
class LeaseFile {
public:
    static constexpr std::size_t most_bytes = std::size_t{16} << 20U;

    explicit LeaseFile(std::string path) : path_(std::move(path)) {}

    // Who has that address at `now`, in seconds since 1970. A file that cannot be read has no leases, and is an error
    // the first time; then again when it could be read meanwhile.
    Result<std::optional<net::Mac>> mac_of(const net::Address& address, std::int64_t now);
    std::uint64_t times_read() const noexcept { return times_read_; }

private:
    Result<void> refresh(std::int64_t now);
    Result<void> read(std::int64_t now);

    const std::string path_;
    std::mutex mutex_;
    tftp::Leases leases_;
    std::optional<struct stat> as_read_;  // nullopt: it may change without a sign of it
    bool readable_ = true;
    std::uint64_t times_read_ = 0;
};

}  // namespace wherry
