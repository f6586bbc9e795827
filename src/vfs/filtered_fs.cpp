#include "vfs/filtered_fs.h"

#include <stdexcept>

#include "vfs/checks.h"

namespace wherry::vfs {

namespace {

class FilteredListing final : public Listing {
public:
    FilteredListing(ListingPtr inner, const NameFilter& filter, Path directory)
        : inner_(std::move(inner)), filter_(filter), directory_(std::move(directory)) {}

    // An empty result means the end, so a batch of which nothing is left is no answer.
    Result<void> next(std::vector<Entry>& out, std::size_t most) override {
        do {
            if (auto read = inner_->next(out, most); !read) return read;
            if (out.empty()) return {};
            std::erase_if(out, [&](const Entry& entry) { return filter_.hides(directory_, entry.name); });
        } while (out.empty());
        return {};
    }

private:
    ListingPtr inner_;
    const NameFilter filter_;  // a copy: the filesystem may go first
    Path directory_;
};

}  // namespace

template <class Call>
auto FilteredFilesystem::unless_denied(const Path& path, std::string_view doing, Call call)
    -> decltype(call(std::declval<Filesystem&>())) {
    if (filter_.denies(path)) return refuse(Code::name_not_allowed, doing, path);
    return call(*inner_);
}

Result<Stat> FilteredFilesystem::stat(const Path& path) {
    return unless_denied(path, "stat", [&](Filesystem& files) { return files.stat(path); });
}
Result<Stat> FilteredFilesystem::lstat(const Path& path) {
    return unless_denied(path, "stat", [&](Filesystem& files) { return files.lstat(path); });
}
Result<Stat> FilteredFilesystem::stat_at_once(const Path& path) {
    return unless_denied(path, "stat", [&](Filesystem& files) { return files.stat_at_once(path); });
}
Result<ListingPtr> FilteredFilesystem::list(const Path& path, Detail detail) {
    return unless_denied(path, "list", [&](Filesystem& files) -> Result<ListingPtr> {
        auto listing = files.list(path, detail);
        if (!listing) return listing;
        return std::make_unique<FilteredListing>(std::move(*listing), filter_, path);
    });
}
Result<FilePtr> FilteredFilesystem::open(const Path& path, const OpenMode& mode) {
    return unless_denied(path, "open", [&](Filesystem& files) { return files.open(path, mode); });
}
Result<void> FilteredFilesystem::make_directory(const Path& path, std::uint32_t mode) {
    return unless_denied(path, "make directory", [&](Filesystem& files) { return files.make_directory(path, mode); });
}
Result<void> FilteredFilesystem::remove_directory(const Path& path) {
    return unless_denied(path, "remove directory", [&](Filesystem& files) { return files.remove_directory(path); });
}
Result<void> FilteredFilesystem::remove_file(const Path& path) {
    return unless_denied(path, "remove", [&](Filesystem& files) { return files.remove_file(path); });
}
Result<void> FilteredFilesystem::rename(const Path& from, const Path& to) {
    return unless_denied(from, "rename", [&](Filesystem&) {
        return unless_denied(to, "rename to", [&](Filesystem& files) { return files.rename(from, to); });
    });
}
Result<void> FilteredFilesystem::set_mode(const Path& path, std::uint32_t mode) {
    return unless_denied(path, "change mode of", [&](Filesystem& files) { return files.set_mode(path, mode); });
}
Result<void> FilteredFilesystem::set_modified(const Path& path, std::int64_t seconds) {
    return unless_denied(path, "change time of", [&](Filesystem& files) { return files.set_modified(path, seconds); });
}
Result<void> FilteredFilesystem::set_created(const Path& path, std::int64_t seconds) {
    return unless_denied(path, "change time of", [&](Filesystem& files) { return files.set_created(path, seconds); });
}
Result<std::string> FilteredFilesystem::read_link(const Path& path) {
    return unless_denied(path, "read link", [&](Filesystem& files) { return files.read_link(path); });
}
Result<Space> FilteredFilesystem::space(const Path& path) {
    return unless_denied(path, "ask space of", [&](Filesystem& files) { return files.space(path); });
}
Result<void> FilteredFilesystem::set_owner(const Path& path, std::uint32_t uid, std::optional<std::uint32_t> gid) {
    return unless_denied(path, "change owner of", [&](Filesystem& files) { return files.set_owner(path, uid, gid); });
}
// The target as well: a link of another name would lead around the rule.
Result<void> FilteredFilesystem::make_symlink(const Path& path, const Path& target) {
    return unless_denied(path, "make symlink", [&](Filesystem&) {
        return unless_denied(target, "make symlink to",
                             [&](Filesystem& files) { return files.make_symlink(path, target); });
    });
}
Result<std::string> FilteredFilesystem::hash(const Path& path, Hash algorithm, std::uint64_t from, std::uint64_t to) {
    return unless_denied(path, "hash", [&](Filesystem& files) { return files.hash(path, algorithm, from, to); });
}

Filesystem& without_filter(Filesystem& filesystem) noexcept {
    auto* const filtered = dynamic_cast<FilteredFilesystem*>(&filesystem);
    return filtered == nullptr ? filesystem : filtered->whole();
}

}  // namespace wherry::vfs

namespace wherry {

FilesystemPtr filtered_filesystem(FilesystemPtr inner, NameRules rules) {
    if (!inner) throw std::invalid_argument("filtered_filesystem: no filesystem");
    return std::make_shared<vfs::FilteredFilesystem>(std::move(inner), std::move(rules));
}

}  // namespace wherry
