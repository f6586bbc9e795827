// The file open in a MemoryTree.
#include <algorithm>
#include <cstring>

#include "vfs/checks.h"
#include "vfs/memory_tree.h"

namespace wherry::vfs {

namespace {

using TreePtr = std::shared_ptr<MemoryTree>;

class MemoryTreeFile final : public File {
public:
    // With mode.atomic `node` has no name yet: it gets that of `path` in `directory` at close().
    MemoryTreeFile(TreePtr tree, MemoryNodePtr directory, MemoryNodePtr node, const Path& path, const OpenMode& mode)
        : tree_(std::move(tree)), directory_(std::move(directory)), node_(std::move(node)), path_(path), mode_(mode) {
        if (mode_.atomic) ++directory_->uploads;
    }

    ~MemoryTreeFile() override {
        if (!open_) return;
        failed(Code::aborted);
        (void)close();
    }

    Result<Stat> stat() override {
        if (auto good = check(true, "stat"); !good) return fail(std::move(good.error()));
        const std::scoped_lock lock(tree_->mutex);
        return node_->stat;
    }

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
        if (auto good = check(mode_.read, "read"); !good) return fail(std::move(good.error()));
        const std::scoped_lock lock(tree_->mutex);
        const std::string& content = node_->content;
        if (offset >= content.size()) return 0U;
        const std::size_t got = std::min(into.size(), content.size() - static_cast<std::size_t>(offset));
        if (got != 0) std::memcpy(into.data(), content.data() + offset, got);
        return got;
    }

    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> from) override {
        if (auto good = check(mode_.write, "write"); !good) return good;
        const std::scoped_lock lock(tree_->mutex);
        written_ = true;
        if (from.empty()) return {};
        if (offset > MemoryTree::most_bytes) return refuse(Code::no_space, "write", path_);
        const std::uint64_t size = std::max<std::uint64_t>(node_->content.size(), offset + from.size());
        if (!tree_->resize(*node_, size)) return refuse(Code::no_space, "write", path_);
        std::memcpy(node_->content.data() + offset, from.data(), from.size());
        return {};
    }

    Result<void> truncate(std::uint64_t size) override {
        if (auto good = check(mode_.write, "truncate"); !good) return good;
        const std::scoped_lock lock(tree_->mutex);
        written_ = true;
        if (!tree_->resize(*node_, size)) return refuse(Code::no_space, "truncate", path_);
        return {};
    }

    void failed(Code cause) override { failure_ = cause == Code::ok ? Code::aborted : cause; }

    Result<void> close() override {
        if (auto good = check(true, "close"); !good) return good;
        open_ = false;
        const std::scoped_lock lock(tree_->mutex);
        Code code = failure_;
        if (mode_.atomic) {
            --directory_->uploads;
            if (code == Code::ok) code = publish();
            if (code != Code::ok) keep_partial();
        }
        if (!mode_.write || code == Code::ok) return {};
        return refuse(code, "upload", path_);
    }

private:
    Result<void> check(bool allowed, std::string_view doing) const {
        if (!open_) return refuse(Code::closed, doing, path_);
        return allowed ? Result<void>() : refuse(Code::denied, doing, path_);
    }

    Code publish() {
        const auto there = directory_->children.find(path_.name());
        if (there != directory_->children.end()) {
            if (mode_.exclusive) return Code::exists;
            if (there->second->is_directory()) return Code::is_directory;
        }
        MemoryTree::put(*directory_, path_.name(), node_);
        return Code::ok;
    }

    void keep_partial() {
        if (!mode_.keep_partial || !written_) return;
        const std::string name = partial_name(path_.name());
        const auto there = directory_->children.find(name);
        if (there != directory_->children.end() && there->second->is_directory()) return;
        MemoryTree::put(*directory_, name, node_);
    }

    TreePtr tree_;
    MemoryNodePtr directory_;
    MemoryNodePtr node_;
    Path path_;
    OpenMode mode_;
    bool open_ = true;
    bool written_ = false;
    Code failure_ = Code::ok;
};

// The node that an atomic upload writes: new, or a copy of what it will replace. Null if there is no room for that.
MemoryNodePtr make_aside(MemoryTree& tree, const MemoryNode* replaced, const OpenMode& mode) {
    auto node = tree.make(Kind::file, mode.mode);
    if (replaced == nullptr) return node;
    node->stat.mode = replaced->stat.mode;
    if (mode.truncate) return node;
    if (!tree.resize(*node, replaced->content.size())) return nullptr;
    node->content = replaced->content;
    return node;
}

}  // namespace

Result<FilePtr> open_memory_file(const TreePtr& tree, MemoryTree::Place place, const Path& path, const OpenMode& mode) {
    const MemoryNodePtr& there = place.node;
    if (there && there->is_directory()) return refuse(Code::is_directory, "open", path);
    if (there && mode.exclusive) return refuse(Code::exists, "open", path);
    if (!there && !mode.create) return refuse(Code::not_found, "open", path);
    MemoryNodePtr node = there;
    if (mode.atomic) {
        node = make_aside(*tree, there.get(), mode);
        if (!node) return refuse(Code::no_space, "open", path);
    } else if (!there) {
        node = tree->make(Kind::file, mode.mode);
        MemoryTree::put(*place.directory, path.name(), node);
    } else if (mode.truncate) {
        tree->resize(*node, 0);
    }
    return std::make_unique<MemoryTreeFile>(tree, std::move(place.directory), std::move(node), path, mode);
}

}  // namespace wherry::vfs
