#pragma once
// PosixFile: an open regular file of this machine, and what the posix_* files share: errno into Error, stat into Stat.
#include <sys/stat.h>

#include <memory>
#include <string>

#include "vfs/descriptor.h"
#include "wherry/filesystem.h"

namespace wherry::vfs {

Stat stat_of(const struct stat& about) noexcept;
Kind kind_of(mode_t mode) noexcept;

// Code::ok for a regular file; else why it cannot be opened as one.
Code not_servable(mode_t mode) noexcept;

// fail_errno with what the numbers mean here: EXDEV and ELOOP are a path that leads out or a symlink that is not
// followed (denied), ENXIO and ENODEV a FIFO, socket or device (not_regular), EAGAIN somebody else's lock (busy). Only
// virtual paths get into the message.
std::unexpected<Error> refused(int number, std::string_view doing, std::string_view to);

// Bytes read at `offset`, until `into` is full or the file ends.
Result<std::size_t> read_all(int descriptor, std::uint64_t offset, std::span<std::byte> into, std::string_view path);
Result<void> write_all(int descriptor, std::uint64_t offset, std::span<const std::byte> from, std::string_view path);

// fchmod to `wanted` if the process' umask took bits of it away from a file that was just made. The process' umask
// belongs to the embedder and may change at any time, so the bits are looked at, not the umask. A file that got an ACL
// from its directory is left alone: there the kernel ignores the umask, and what is missing the ACL took away. What
// fails leaves the mode narrower than wanted, never wider. `made` has the mode that came out.
void settle_mode(int descriptor, struct stat& made, mode_t wanted) noexcept;

class PosixFile : public File {
public:
    struct Use {
        bool read : 1 = false;
        bool write : 1 = false;
        bool sync : 1 = false;  // fsync before close() of a written file succeeds
    };
    // `path` is for messages; it may be empty, since a copy of it costs the quick way of a download more than it tells.
    PosixFile(Descriptor descriptor, const struct stat& opened, Use use, std::string path);

    // The first answer is what open() saw, as long as nothing was written since; it costs no system call.
    Result<Stat> stat() override;
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override;
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> from) override;
    Result<void> truncate(std::uint64_t size) override;
    // By copy_file_range(2), which shares the blocks where the disk can.
    Result<std::uint64_t> copy_from(File& source, std::uint64_t from, std::uint64_t to, std::uint64_t bytes) override;
    void failed(Code cause) override;
    // After failed() of a written file: closes it and answers with that cause.
    Result<void> close() override;
    int descriptor() const noexcept override { return descriptor_.get(); }

protected:
    const std::string& path() const noexcept { return path_; }
    Code failure() const noexcept { return failure_; }
    bool is_open() const noexcept { return static_cast<bool>(descriptor_); }
    bool written() const noexcept { return written_; }
    void forget_opened() noexcept { opened_.reset(); }  // stat() asks the kernel
    // fsync where asked for, then close(2), each with its error.
    Result<void> close_descriptor();

private:
    Result<void> check(bool allowed, std::string_view doing) const;

    Descriptor descriptor_;
    Use use_;
    bool written_ = false;
    Code failure_ = Code::ok;
    std::string path_;
    std::unique_ptr<const Stat> opened_;  // until it is asked for, or the file is written
};

}  // namespace wherry::vfs
