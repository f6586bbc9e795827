// Several filesystems as one tree.
//
// A path is "fixed" if it is the root, a mount point or a directory above one: it is there and a directory whatever the
// filesystems say, and can be neither removed nor renamed.
#include <algorithm>
#include <map>
#include <stdexcept>

#include "vfs/checks.h"
#include "wherry/filesystem.h"

namespace wherry {

namespace {

using vfs::refuse;

// What a filesystem says where it has no directory of a name; the mounts below then make one up.
bool is_missing(Code code) { return code == Code::not_found || code == Code::not_directory; }

// The entries of the filesystem below, but for those that a mount hides, and then the mounts.
class MountListing final : public Listing {
public:
    MountListing(ListingPtr inner, std::map<std::string, Stat> mounted)
        : inner_(std::move(inner)), mounted_(std::move(mounted)), next_(mounted_.begin()) {}

    Result<void> next(std::vector<Entry>& out, std::size_t most) override {
        while (inner_) {
            if (auto got = inner_->next(out, most); !got) return got;
            if (out.empty()) {
                inner_.reset();
                break;
            }
            std::erase_if(out, [this](const Entry& entry) { return mounted_.contains(entry.name); });
            if (!out.empty()) return {};
        }
        out.clear();
        for (; out.size() < most && next_ != mounted_.end(); ++next_) out.push_back({next_->first, next_->second, {}});
        return {};
    }

private:
    ListingPtr inner_;
    std::map<std::string, Stat> mounted_;
    std::map<std::string, Stat>::const_iterator next_;
};

class MountFilesystem final : public Filesystem {
public:
    explicit MountFilesystem(std::vector<Mount> mounts) : mounts_(std::move(mounts)) {
        for (const Mount& mount : mounts_) {
            if (!mount.filesystem)
                throw std::invalid_argument("mount_filesystem: nothing to mount at " + mount.at.string());
        }
        // The longest prefix comes first, so that the first one that fits serves a path.
        std::ranges::sort(mounts_, std::ranges::greater(), [](const Mount& mount) { return mount.at.text().size(); });
        std::map<Path, int> seen;
        for (const Mount& mount : mounts_) {
            if (++seen[mount.at] > 1)
                throw std::invalid_argument("mount_filesystem: two mounts at " + mount.at.string());
        }
        at_once_ =
            std::ranges::any_of(mounts_, [](const Mount& mount) { return mount.filesystem->can_answer_at_once(); });
    }

    Result<Stat> stat(const Path& path) override {
        return look(path, [](Filesystem& inner, const Path& at) { return inner.stat(at); });
    }
    Result<Stat> lstat(const Path& path) override {
        if (is_fixed(path)) return stat(path);
        return forward(path, "stat", [](Filesystem& inner, const Path& at) { return inner.lstat(at); });
    }
    bool can_answer_at_once() const noexcept override { return at_once_; }
    Result<Stat> stat_at_once(const Path& path) override {
        return look(path, [](Filesystem& inner, const Path& at) -> Result<Stat> {
            if (!inner.can_answer_at_once()) return fail(Code::would_block);
            return inner.stat_at_once(at);
        });
    }

    Result<ListingPtr> list(const Path& path, Detail detail) override {
        auto listing = forward(path, "list", [&](Filesystem& inner, const Path& at) { return inner.list(at, detail); });
        if (!is_fixed(path)) return listing;
        if (!listing && !is_missing(listing.error().code)) return listing;
        return std::make_unique<MountListing>(listing ? std::move(*listing) : nullptr, mounted_in(path));
    }

    Result<FilePtr> open(const Path& path, const OpenMode& mode) override {
        if (is_fixed(path)) return refuse(Code::is_directory, "open", path);
        if (mode.write && made_up_parent(path)) return refuse(Code::read_only, "open", path);
        return forward(path, "open", [&](Filesystem& inner, const Path& at) -> Result<FilePtr> {
            if (!mode.wait && !inner.can_answer_at_once()) return fail(Code::would_block);
            return inner.open(at, mode);
        });
    }

    Result<void> make_directory(const Path& path, std::uint32_t mode) override {
        if (is_fixed(path)) return refuse(Code::exists, "make directory", path);
        if (made_up_parent(path)) return refuse(Code::read_only, "make directory", path);
        return forward(path, "make directory",
                       [&](Filesystem& inner, const Path& at) { return inner.make_directory(at, mode); });
    }
    Result<void> remove_directory(const Path& path) override {
        if (is_fixed(path)) return refuse(Code::denied, "remove directory", path);
        return forward(path, "remove directory",
                       [](Filesystem& inner, const Path& at) { return inner.remove_directory(at); });
    }
    Result<void> remove_file(const Path& path) override {
        if (is_fixed(path)) return refuse(Code::is_directory, "remove", path);
        return forward(path, "remove", [](Filesystem& inner, const Path& at) { return inner.remove_file(at); });
    }

    Result<void> rename(const Path& from, const Path& to) override {
        if (is_fixed(from) || is_fixed(to)) return refuse(Code::denied, "rename", from);
        const Mount* mount = serving(from);
        if (mount == nullptr) return refuse(Code::not_found, "rename", from);
        if (made_up_parent(to)) return refuse(Code::read_only, "rename to", to);
        if (serving(to) != mount) return refuse(Code::unsupported, "rename", from);
        return mount->filesystem->rename(from.below(mount->at), to.below(mount->at));
    }

    Result<void> set_mode(const Path& path, std::uint32_t mode) override {
        return forward(path, "change mode of",
                       [&](Filesystem& inner, const Path& at) { return inner.set_mode(at, mode); });
    }
    Result<void> set_modified(const Path& path, std::int64_t seconds) override {
        return forward(path, "change time of",
                       [&](Filesystem& inner, const Path& at) { return inner.set_modified(at, seconds); });
    }
    Result<void> set_created(const Path& path, std::int64_t seconds) override {
        return forward(path, "change time of",
                       [&](Filesystem& inner, const Path& at) { return inner.set_created(at, seconds); });
    }
    Result<std::string> read_link(const Path& path) override {
        if (is_fixed(path)) return refuse(Code::invalid, "read link", path);
        return forward(path, "read link", [](Filesystem& inner, const Path& at) { return inner.read_link(at); });
    }
    Result<Space> space(const Path& path) override {
        return forward(path, "ask space of", [](Filesystem& inner, const Path& at) { return inner.space(at); });
    }

    Result<void> set_owner(const Path& path, std::uint32_t uid, std::optional<std::uint32_t> gid) override {
        return forward(path, "change owner of",
                       [&](Filesystem& inner, const Path& at) { return inner.set_owner(at, uid, gid); });
    }
    Result<void> make_symlink(const Path& path, const Path& target) override {
        if (is_fixed(path)) return refuse(Code::exists, "make symlink", path);
        const Mount* mount = serving(path);
        if (mount == nullptr) return refuse(Code::not_found, "make symlink", path);
        if (serving(target) != mount) return refuse(Code::unsupported, "make symlink to", target);
        return mount->filesystem->make_symlink(path.below(mount->at), target.below(mount->at));
    }
    Result<std::string> hash(const Path& path, Hash algorithm, std::uint64_t from, std::uint64_t to) override {
        return forward(path, "hash",
                       [&](Filesystem& inner, const Path& at) { return inner.hash(at, algorithm, from, to); });
    }

private:
    const Mount* serving(const Path& path) const {
        const auto found = std::ranges::find_if(mounts_, [&](const Mount& mount) { return path.is_inside(mount.at); });
        return found == mounts_.end() ? nullptr : &*found;
    }

    bool is_fixed(const Path& path) const {
        return path.is_root() || std::ranges::any_of(mounts_, [&](const Mount& m) { return m.at.is_inside(path); });
    }

    // True if `path` would be made in a directory that no filesystem has.
    bool made_up_parent(const Path& path) const { return serving(path) == nullptr && is_fixed(path.parent()); }

    // `ask` of the filesystem that serves `path`.
    template <class Ask>
    auto forward(const Path& path, std::string_view doing, Ask ask) const
        -> decltype(ask(std::declval<Filesystem&>(), path)) {
        const Mount* mount = serving(path);
        if (mount == nullptr) return refuse(Code::not_found, doing, path);
        if (mount->at.is_root()) return ask(*mount->filesystem, path);
        return ask(*mount->filesystem, path.below(mount->at));
    }

    template <class Ask>
    Result<Stat> look(const Path& path, Ask ask) const {
        auto stat = forward(path, "stat", ask);
        const bool made_up = stat ? !stat->is_directory() : is_missing(stat.error().code);
        if (made_up && is_fixed(path)) return Stat::directory();
        return stat;
    }

    // The names in directory `path` that are mount points or lead to one.
    std::map<std::string, Stat> mounted_in(const Path& path) {
        std::map<std::string, Stat> names;
        for (const Mount& mount : mounts_) {
            if (mount.at == path || !mount.at.is_inside(path)) continue;
            const Path below = mount.at.below(path);
            const std::string name(below.components().front());
            // A mount that does not answer is still a name of the listing.
            names.emplace(name, stat(path.child(name)).value_or(Stat::directory()));
        }
        return names;
    }

    std::vector<Mount> mounts_;
    bool at_once_ = false;
};

}  // namespace

FilesystemPtr mount_filesystem(std::vector<Mount> mounts) {
    return std::make_shared<MountFilesystem>(std::move(mounts));
}

}  // namespace wherry
