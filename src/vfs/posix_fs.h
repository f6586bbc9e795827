#pragma once
// PosixFilesystem: a folder of this machine, seen through its Jail. What posix_filesystem() gives out.
//
// Operations on a name open its parent directory beneath the root (O_PATH) and then name one component in it, which no
// system call used here follows. Operations on an object open it (O_PATH, beneath the root, symlinks inside followed)
// and work on the descriptor, never on a name a second time:
//   mode   fchmodat2(fd, "", AT_EMPTY_PATH), Linux 6.6. Before that, the object is opened once more, for reading or
//          else for writing, and if it is still the same one, fchmod'ed: there, what its owner can neither read nor
//          write cannot be changed.
//   time   utimensat(fd, "", AT_EMPTY_PATH), Linux 5.8; where that is refused as the mode before 6.6.
//
// Names of uploads that are under way (atomic_file.h) are Code::name_not_allowed for every operation. The root itself
// cannot be removed or renamed.
#include <string_view>

#include "vfs/jail.h"
#include "vfs/posix_file.h"

namespace wherry::vfs {

class PosixFilesystem final : public Filesystem {
public:
    PosixFilesystem(Jail jail, const PosixOptions& options) : jail_(std::move(jail)), options_(options) {}

    Result<Stat> stat(const Path& path) override;
    Result<Stat> lstat(const Path& path) override;
    Result<ListingPtr> list(const Path& path, Detail detail) override;
    Result<FilePtr> open(const Path& path, const OpenMode& mode) override;
    Result<void> make_directory(const Path& path, std::uint32_t mode) override;
    Result<void> remove_directory(const Path& path) override;
    Result<void> remove_file(const Path& path) override;
    Result<void> rename(const Path& from, const Path& to) override;
    Result<void> set_mode(const Path& path, std::uint32_t mode) override;
    Result<void> set_modified(const Path& path, std::int64_t seconds) override;
    Result<std::string> read_link(const Path& path) override;
    Result<Space> space(const Path& path) override;
    Result<void> set_owner(const Path& path, std::uint32_t uid, std::optional<std::uint32_t> gid) override;
    Result<void> make_symlink(const Path& path, const Path& target) override;
    bool can_answer_at_once() const noexcept override { return jail_.answers_at_once(); }
    Result<Stat> stat_at_once(const Path& path) override;

private:
    // posix_open.cpp
    Result<FilePtr> open_for_reading(const Path& path, bool wait) const;
    Result<FilePtr> open_for_writing(const Path& path, const OpenMode& mode) const;
    Got<Descriptor> open_or_make(const Path& path, const OpenMode& mode, mode_t wanted, bool& made) const;
    Got<Descriptor> make_file(const Path& path, int access, mode_t mode) const;

    Result<Descriptor> open_object(const Path& path, std::string_view doing, struct stat& about) const;
    Got<Descriptor> reopen(const Path& path, const struct stat& about) const;

    Jail jail_;
    PosixOptions options_;
};

}  // namespace wherry::vfs
