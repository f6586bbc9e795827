// A filesystem without its ways to change it.
#include <stdexcept>

#include "vfs/checks.h"
#include "wherry/filesystem.h"

namespace wherry {

namespace {

using vfs::refuse;

class ReadOnlyFilesystem final : public Filesystem {
public:
    explicit ReadOnlyFilesystem(FilesystemPtr inner) : inner_(std::move(inner)) {}

    Result<Stat> stat(const Path& path) override { return inner_->stat(path); }
    Result<Stat> lstat(const Path& path) override { return inner_->lstat(path); }
    Result<ListingPtr> list(const Path& path, Detail detail) override { return inner_->list(path, detail); }
    Result<FilePtr> open(const Path& path, const OpenMode& mode) override {
        if (vfs::changes(mode)) return refuse(Code::read_only, "open", path);
        return inner_->open(path, mode);
    }
    Result<std::string> read_link(const Path& path) override { return inner_->read_link(path); }
    Result<Space> space(const Path& path) override { return inner_->space(path); }
    bool can_answer_at_once() const noexcept override { return inner_->can_answer_at_once(); }
    Result<Stat> stat_at_once(const Path& path) override { return inner_->stat_at_once(path); }

    Result<void> make_directory(const Path& path, std::uint32_t /*mode*/) override {
        return refuse(Code::read_only, "make directory", path);
    }
    Result<void> remove_directory(const Path& path) override {
        return refuse(Code::read_only, "remove directory", path);
    }
    Result<void> remove_file(const Path& path) override { return refuse(Code::read_only, "remove", path); }
    Result<void> rename(const Path& from, const Path& /*to*/) override {
        return refuse(Code::read_only, "rename", from);
    }
    Result<void> set_mode(const Path& path, std::uint32_t /*mode*/) override {
        return refuse(Code::read_only, "change mode of", path);
    }
    Result<void> set_modified(const Path& path, std::int64_t /*seconds*/) override {
        return refuse(Code::read_only, "change time of", path);
    }
    Result<void> set_created(const Path& path, std::int64_t /*seconds*/) override {
        return refuse(Code::read_only, "change time of", path);
    }
    Result<void> set_owner(const Path& path, std::uint32_t /*uid*/, std::optional<std::uint32_t> /*gid*/) override {
        return refuse(Code::read_only, "change owner of", path);
    }
    Result<void> make_symlink(const Path& path, const Path& /*target*/) override {
        return refuse(Code::read_only, "make symlink", path);
    }
    Result<std::string> hash(const Path& path, Hash algorithm, std::uint64_t from, std::uint64_t to) override {
        return inner_->hash(path, algorithm, from, to);
    }

private:
    FilesystemPtr inner_;
};

}  // namespace

FilesystemPtr read_only_filesystem(FilesystemPtr inner) {
    if (!inner) throw std::invalid_argument("read_only_filesystem: no filesystem");
    return std::make_shared<ReadOnlyFilesystem>(std::move(inner));
}

}  // namespace wherry
