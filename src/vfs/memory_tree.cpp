#include "vfs/memory_tree.h"

#include <chrono>

#include "vfs/checks.h"

namespace wherry::vfs {

namespace {

constexpr std::uint64_t device_number = 1;  // of all trees in memory; nothing but an inode is told apart by it

}  // namespace

MemoryTree::MemoryTree() : root_(make(Kind::directory, 0777)) {}

MemoryNodePtr MemoryTree::make(Kind kind, std::uint32_t mode) {
    auto node = std::make_shared<MemoryNode>(used_);
    node->stat = kind == Kind::directory ? Stat::directory() : Stat::file(0);
    node->stat.mode = new_mode(mode, umask);
    node->stat.inode = next_inode_++;
    node->stat.device = device_number;
    touch(*node);
    return node;
}

void MemoryTree::touch(MemoryNode& node) {
    const std::chrono::nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
    const auto whole = std::chrono::floor<std::chrono::seconds>(now);
    node.stat.changed = now.count();
    node.stat.modified = whole.count();
    node.stat.modified_nsec = static_cast<std::uint32_t>((now - whole).count());
}

std::expected<MemoryNodePtr, Code> MemoryTree::find(const Path& path) const {
    MemoryNodePtr node = root_;
    for (const std::string_view name : path.components()) {
        if (!node->is_directory()) return std::unexpected(Code::not_directory);
        const auto child = node->children.find(name);
        if (child == node->children.end()) return std::unexpected(Code::not_found);
        node = child->second;
    }
    return node;
}

std::expected<MemoryTree::Place, Code> MemoryTree::place_of(const Path& path) const {
    auto directory = find(path.parent());
    if (!directory) return std::unexpected(directory.error());
    if (!(*directory)->is_directory()) return std::unexpected(Code::not_directory);
    const auto child = (*directory)->children.find(path.name());
    MemoryNodePtr node = child == (*directory)->children.end() ? nullptr : child->second;
    return Place{std::move(*directory), std::move(node)};
}

void MemoryTree::put(MemoryNode& directory, std::string_view name, MemoryNodePtr node) {
    take(directory, name);
    if (node->is_directory()) ++directory.stat.links;
    directory.children.emplace(name, std::move(node));
    touch(directory);
}

void MemoryTree::take(MemoryNode& directory, std::string_view name) {
    const auto child = directory.children.find(name);
    if (child == directory.children.end()) return;
    if (child->second->is_directory()) --directory.stat.links;
    directory.children.erase(child);
    touch(directory);
}

bool MemoryTree::resize(MemoryNode& file, std::uint64_t size) {
    const std::uint64_t before = file.content.size();
    if (size > before && size - before > most_bytes - *used_) return false;
    file.content.resize(static_cast<std::size_t>(size));
    *used_ += size - before;  // modulo 2^64, so that it shrinks as well
    file.stat.size = size;
    touch(file);
    return true;
}

}  // namespace wherry::vfs
