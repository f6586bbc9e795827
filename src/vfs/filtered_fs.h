#pragma once
// FilteredFilesystem: what filtered_filesystem() gives out.
#include <utility>

#include "vfs/name_filter.h"
#include "wherry/filesystem.h"

namespace wherry::vfs {

class FilteredFilesystem final : public Filesystem {
public:
    FilteredFilesystem(FilesystemPtr inner, NameRules rules) : inner_(std::move(inner)), filter_(std::move(rules)) {}

    // With all its names: what is hidden takes up space as well.
    Filesystem& whole() noexcept { return *inner_; }

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
    Result<void> set_created(const Path& path, std::int64_t seconds) override;
    Result<std::string> read_link(const Path& path) override;
    Result<Space> space(const Path& path) override;
    Result<void> set_owner(const Path& path, std::uint32_t uid, std::optional<std::uint32_t> gid) override;
    Result<void> make_symlink(const Path& path, const Path& target) override;
    Result<std::string> hash(const Path& path, Hash algorithm, std::uint64_t from, std::uint64_t to) override;
    bool can_answer_at_once() const noexcept override { return inner_->can_answer_at_once(); }
    Result<Stat> stat_at_once(const Path& path) override;

private:
    // `call(inner)` unless the path is denied.
    template <class Call>
    auto unless_denied(const Path& path, std::string_view doing, Call call)
        -> decltype(call(std::declval<Filesystem&>()));

    FilesystemPtr inner_;
    NameFilter filter_;
};

// The filesystem behind such rules, if it is one that has them.
Filesystem& without_filter(Filesystem& filesystem) noexcept;

}  // namespace wherry::vfs
