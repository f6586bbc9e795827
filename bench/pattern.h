#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "result.h"

namespace wherry::bench {

/// The bytes that uploads consist of: a block that looks random, repeated. It lives in a memory file, so that sendfile
/// can send it without a copy in this process.
class Pattern {
public:
    static constexpr std::uint64_t block = 16U << 20U;

    Pattern();
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;
    ~Pattern();

    int fd() const { return fd_; }
    std::span<const char> bytes() const { return bytes_; }

    /// Whether the file `path` is exactly the first `size` bytes of the repeated block.
    Result<> matches(const std::string& path, std::uint64_t size) const;

private:
    int fd_;
    std::span<char> bytes_;
};

/// A local file, mapped for reading.
class MappedFile {
public:
    explicit MappedFile(const std::string& path);
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    bool is_open() const { return open_; }
    std::span<const char> bytes() const { return bytes_; }

private:
    bool open_ = false;
    std::span<char> bytes_;
};

}  // namespace wherry::bench
