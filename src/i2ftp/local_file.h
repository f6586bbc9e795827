#pragma once
// LocalFile: a file of this machine as the client reads and writes it. Blocking, for workers; several may read and
// write it at once.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "wherry/result.h"

namespace wherry::i2ftp {

class LocalFile {
public:
    static Result<LocalFile> open_to_read(const std::string& file);
    // Made if it is not there; what is in it stays.
    static Result<LocalFile> open_to_write(const std::string& file);
    LocalFile(LocalFile&& other) noexcept
        : name_(std::move(other.name_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
    LocalFile& operator=(LocalFile&&) = delete;
    ~LocalFile();

    Result<std::uint64_t> size() const;
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const;
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> from) const;
    Result<void> truncate(std::uint64_t size) const;
    const std::string& name() const noexcept { return name_; }

private:
    LocalFile(std::string name, int descriptor) : name_(std::move(name)), descriptor_(descriptor) {}
    std::string name_;
    int descriptor_;
};

// Replaces `to`.
Result<void> rename_local(const std::string& from, const std::string& to);

}  // namespace wherry::i2ftp
