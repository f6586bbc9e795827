#include "vfs/identity_fs.h"

#include <utility>

namespace wherry::vfs {
namespace {

using Who = IdentityFilesystem::Who;
using WhoPtr = std::shared_ptr<const Who>;

class IdentityListing final : public Listing {
public:
    IdentityListing(ListingPtr inner, WhoPtr who) : inner_(std::move(inner)), who_(std::move(who)) {}
    Result<void> next(std::vector<Entry>& out, std::size_t most) override {
        return who_->as([&] { return inner_->next(out, most); });
    }

private:
    ListingPtr inner_;
    WhoPtr who_;
};

class IdentityFile final : public File {
public:
    IdentityFile(FilePtr inner, WhoPtr who, bool writes)
        : inner_(std::move(inner)), who_(std::move(who)), writes_(writes) {}
    // Without close() it is dropped, and what was written aside is removed: as the one who made it.
    ~IdentityFile() override {
        [[maybe_unused]] const auto now = who_->act(who_->identity);
        inner_.reset();
    }

    Result<Stat> stat() override {
        return who_->as([&] { return inner_->stat(); });
    }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
        return inner_->read_at(offset, into);  // reading an open file asks for no right
    }
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> from) override {
        return who_->as([&] { return inner_->write_at(offset, from); });
    }
    Result<void> truncate(std::uint64_t size) override {
        return who_->as([&] { return inner_->truncate(size); });
    }
    void failed(Code cause) override { inner_->failed(cause); }
    Result<void> close() override {
        return who_->as([&] { return inner_->close(); });
    }
    int descriptor() const noexcept override { return writes_ ? -1 : inner_->descriptor(); }

private:
    FilePtr inner_;
    WhoPtr who_;
    bool writes_;
};

}  // namespace

std::shared_ptr<void> acting(const SystemIdentity& who) {
    auto now = std::make_shared<Acting>(who);
    return now->begun() ? now : nullptr;
}

IdentityFilesystem::IdentityFilesystem(FilesystemPtr inner, SystemIdentity who, Act act)
    : inner_(std::move(inner)), who_(std::make_shared<const Who>(std::move(who), std::move(act))) {}

IdentityFilesystem::~IdentityFilesystem() = default;

Result<Stat> IdentityFilesystem::stat(const Path& path) {
    return who_->as([&] { return inner_->stat(path); });
}
Result<Stat> IdentityFilesystem::lstat(const Path& path) {
    return who_->as([&] { return inner_->lstat(path); });
}
Result<void> IdentityFilesystem::make_directory(const Path& path, std::uint32_t mode) {
    return who_->as([&] { return inner_->make_directory(path, mode); });
}
Result<void> IdentityFilesystem::remove_directory(const Path& path) {
    return who_->as([&] { return inner_->remove_directory(path); });
}
Result<void> IdentityFilesystem::remove_file(const Path& path) {
    return who_->as([&] { return inner_->remove_file(path); });
}
Result<void> IdentityFilesystem::rename(const Path& from, const Path& to) {
    return who_->as([&] { return inner_->rename(from, to); });
}
Result<void> IdentityFilesystem::set_mode(const Path& path, std::uint32_t mode) {
    return who_->as([&] { return inner_->set_mode(path, mode); });
}
Result<void> IdentityFilesystem::set_modified(const Path& path, std::int64_t seconds) {
    return who_->as([&] { return inner_->set_modified(path, seconds); });
}
Result<void> IdentityFilesystem::set_created(const Path& path, std::int64_t seconds) {
    return who_->as([&] { return inner_->set_created(path, seconds); });
}
Result<std::string> IdentityFilesystem::read_link(const Path& path) {
    return who_->as([&] { return inner_->read_link(path); });
}
Result<Space> IdentityFilesystem::space(const Path& path) {
    return who_->as([&] { return inner_->space(path); });
}
Result<void> IdentityFilesystem::set_owner(const Path& path, std::uint32_t uid, std::optional<std::uint32_t> gid) {
    return who_->as([&] { return inner_->set_owner(path, uid, gid); });
}
Result<void> IdentityFilesystem::make_symlink(const Path& path, const Path& target) {
    return who_->as([&] { return inner_->make_symlink(path, target); });
}
Result<std::string> IdentityFilesystem::hash(const Path& path, Hash algorithm, std::uint64_t from, std::uint64_t to) {
    return who_->as([&] { return inner_->hash(path, algorithm, from, to); });
}

Result<ListingPtr> IdentityFilesystem::list(const Path& path, Detail detail) {
    return who_->as([&]() -> Result<ListingPtr> {
        auto listing = inner_->list(path, detail);
        if (!listing) return listing;
        return std::make_unique<IdentityListing>(std::move(*listing), who_);
    });
}

Result<FilePtr> IdentityFilesystem::open(const Path& path, const OpenMode& mode) {
    if (!mode.wait) return fail(Code::would_block);
    return who_->as([&]() -> Result<FilePtr> {
        auto file = inner_->open(path, mode);
        if (!file) return file;
        return std::make_unique<IdentityFile>(std::move(*file), who_, mode.write);
    });
}

}  // namespace wherry::vfs
