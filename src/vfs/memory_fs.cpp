// The filesystem over a MemoryTree: what memory_filesystem() gives out.
#include <optional>

#include "vfs/checks.h"
#include "vfs/memory_tree.h"

namespace wherry {

namespace {

using vfs::changed_mode;
using vfs::MemoryNode;
using vfs::MemoryNodePtr;
using vfs::MemoryTree;
using vfs::refuse;
using Lock = std::unique_lock<std::mutex>;

// Goes through a directory by the order of its names, so that it needs no copy and does not mind changes.
class MemoryListing final : public Listing {
public:
    MemoryListing(std::shared_ptr<MemoryTree> tree, MemoryNodePtr directory)
        : tree_(std::move(tree)), directory_(std::move(directory)) {}

    Result<void> next(std::vector<Entry>& out, std::size_t most) override {
        const std::scoped_lock lock(tree_->mutex);
        const auto& children = directory_->children;
        auto child = last_ ? children.upper_bound(*last_) : children.begin();
        std::size_t count = 0;
        for (; count < most && child != children.end(); ++child, ++count) {
            if (count == out.size()) out.emplace_back();
            out[count].name = child->first;
            out[count].stat = child->second->stat;
            out[count].target.clear();
        }
        out.resize(count);
        if (count != 0) last_ = out.back().name;
        return {};
    }

private:
    std::shared_ptr<MemoryTree> tree_;
    MemoryNodePtr directory_;
    std::optional<std::string> last_;
};

class MemoryFilesystem final : public Filesystem {
public:
    Result<Stat> stat(const Path& path) override { return stat_with(Lock(tree_->mutex), path); }

    Result<Stat> stat_at_once(const Path& path) override {
        Lock lock(tree_->mutex, std::try_to_lock);
        if (!lock) return fail(Code::would_block);
        return stat_with(std::move(lock), path);
    }

    bool can_answer_at_once() const noexcept override { return true; }

    Result<ListingPtr> list(const Path& path, Detail /*detail*/) override {
        const Lock lock(tree_->mutex);
        auto node = tree_->find(path);
        if (!node) return refuse(node.error(), "list", path);
        if (!(*node)->is_directory()) return refuse(Code::not_directory, "list", path);
        return std::make_unique<MemoryListing>(tree_, std::move(*node));
    }

    Result<FilePtr> open(const Path& path, const OpenMode& mode) override {
        if (!mode.wait && vfs::changes(mode)) return fail(Code::would_block);
        if (!vfs::makes_sense(mode)) return refuse(Code::invalid, "open", path);
        if (path.is_root()) return refuse(Code::is_directory, "open", path);
        Lock lock(tree_->mutex, std::defer_lock);
        if (mode.wait) {
            lock.lock();
        } else if (!lock.try_lock()) {
            return fail(Code::would_block);
        }
        auto place = tree_->place_of(path);
        if (!place) return refuse(place.error(), "open", path);
        return vfs::open_memory_file(tree_, std::move(*place), path, mode);
    }

    Result<void> make_directory(const Path& path, std::uint32_t mode) override {
        if (path.is_root()) return refuse(Code::exists, "make directory", path);
        const Lock lock(tree_->mutex);
        const auto place = tree_->place_of(path);
        if (!place) return refuse(place.error(), "make directory", path);
        if (place->node) return refuse(Code::exists, "make directory", path);
        MemoryTree::put(*place->directory, path.name(), tree_->make(Kind::directory, mode));
        return {};
    }

    Result<void> remove_directory(const Path& path) override {
        if (path.is_root()) return refuse(Code::denied, "remove directory", path);
        const Lock lock(tree_->mutex);
        const auto place = found(path);
        if (!place) return refuse(place.error(), "remove directory", path);
        if (!place->node->is_directory()) return refuse(Code::not_directory, "remove directory", path);
        if (is_full(*place->node)) return refuse(Code::not_empty, "remove directory", path);
        MemoryTree::take(*place->directory, path.name());
        return {};
    }

    Result<void> remove_file(const Path& path) override {
        if (path.is_root()) return refuse(Code::is_directory, "remove", path);
        const Lock lock(tree_->mutex);
        const auto place = found(path);
        if (!place) return refuse(place.error(), "remove", path);
        if (place->node->is_directory()) return refuse(Code::is_directory, "remove", path);
        MemoryTree::take(*place->directory, path.name());
        return {};
    }

    Result<void> rename(const Path& from, const Path& to) override {
        if (from.is_root() || to.is_root()) return refuse(Code::denied, "rename", from);
        const Lock lock(tree_->mutex);
        const auto source = found(from);
        if (!source) return refuse(source.error(), "rename", from);
        const auto target = tree_->place_of(to);
        if (!target) return refuse(target.error(), "rename to", to);
        if (from != to && to.is_inside(from)) return refuse(Code::invalid, "rename", from);
        if (source->node == target->node) return {};
        if (const Code code = cannot_replace(*source->node, target->node.get()); code != Code::ok) {
            return refuse(code, "rename to", to);
        }
        const MemoryNodePtr node = source->node;
        MemoryTree::take(*source->directory, from.name());
        MemoryTree::put(*target->directory, to.name(), node);
        return {};
    }

    Result<void> set_mode(const Path& path, std::uint32_t mode) override {
        const Lock lock(tree_->mutex);
        const auto node = tree_->find(path);
        if (!node) return refuse(node.error(), "change mode of", path);
        Stat& stat = (*node)->stat;
        stat.mode = changed_mode(stat.kind, stat.mode, mode);
        return {};
    }

    Result<void> set_modified(const Path& path, std::int64_t seconds) override {
        const Lock lock(tree_->mutex);
        const auto node = tree_->find(path);
        if (!node) return refuse(node.error(), "change time of", path);
        (*node)->stat.modified = seconds;
        (*node)->stat.modified_nsec = 0;
        return {};
    }

    Result<void> set_owner(const Path& path, std::uint32_t uid, std::optional<std::uint32_t> gid) override {
        const Lock lock(tree_->mutex);
        const auto node = tree_->find(path);
        if (!node) return refuse(node.error(), "change owner of", path);
        (*node)->stat.uid = uid;
        if (gid) (*node)->stat.gid = *gid;
        return {};
    }

    Result<std::string> read_link(const Path& path) override {
        const Lock lock(tree_->mutex);
        const auto node = tree_->find(path);
        return refuse(node ? Code::invalid : node.error(), "read link", path);
    }

    Result<Space> space(const Path& path) override {
        const Lock lock(tree_->mutex);
        const auto node = tree_->find(path);
        if (!node) return refuse(node.error(), "ask space of", path);
        return Space{.free = MemoryTree::most_bytes - tree_->used(), .total = MemoryTree::most_bytes};
    }

private:
    static bool is_full(const MemoryNode& directory) { return !directory.children.empty() || directory.uploads != 0; }

    static Code cannot_replace(const MemoryNode& source, const MemoryNode* target) {
        if (target == nullptr) return Code::ok;
        if (!source.is_directory()) return target->is_directory() ? Code::is_directory : Code::ok;
        if (!target->is_directory()) return Code::not_directory;
        return is_full(*target) ? Code::not_empty : Code::ok;
    }

    // The place of a path that must be there; with the mutex held.
    std::expected<MemoryTree::Place, Code> found(const Path& path) const {
        auto place = tree_->place_of(path);
        if (place && !place->node) return std::unexpected(Code::not_found);
        return place;
    }

    Result<Stat> stat_with(Lock /*held*/, const Path& path) const {
        const auto node = tree_->find(path);
        if (!node) return refuse(node.error(), "stat", path);
        return (*node)->stat;
    }

    std::shared_ptr<MemoryTree> tree_ = std::make_shared<MemoryTree>();
};

}  // namespace

FilesystemPtr memory_filesystem() { return std::make_shared<MemoryFilesystem>(); }

}  // namespace wherry
