#pragma once
// MemoryTree: the tree behind memory_filesystem(), and the file open in it. One mutex guards all of it; an open file
// holds the tree and its node, so that both outlive the filesystem and the name.
#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "wherry/filesystem.h"

namespace wherry::vfs {

// Bytes of all files of a tree, also of those that have lost their name and are still open.
using MemoryUse = std::shared_ptr<std::atomic<std::uint64_t>>;

struct MemoryNode {
    explicit MemoryNode(MemoryUse counter) : used(std::move(counter)) {}
    MemoryNode(const MemoryNode&) = delete;
    MemoryNode& operator=(const MemoryNode&) = delete;
    ~MemoryNode() { *used -= content.size(); }

    MemoryUse used;
    Stat stat;
    std::string content;
    std::map<std::string, std::shared_ptr<MemoryNode>, std::less<>> children;
    std::size_t uploads = 0;  // atomic ones under way into this directory, which keep it from being removed
    bool is_directory() const noexcept { return stat.is_directory(); }
};
using MemoryNodePtr = std::shared_ptr<MemoryNode>;

// All functions but the constructor want `mutex` to be held.
class MemoryTree {
public:
    static constexpr std::uint64_t most_bytes = 1ULL << 30U;  // of all files together; more is Code::no_space
    static constexpr std::uint32_t umask = 022;

    // A directory, and the node of a name in it, null if there is none.
    struct Place {
        MemoryNodePtr directory;
        MemoryNodePtr node;
    };

    MemoryTree();
    std::expected<MemoryNodePtr, Code> find(const Path& path) const;
    std::expected<Place, Code> place_of(const Path& path) const;  // not of the root

    MemoryNodePtr make(Kind kind, std::uint32_t mode);  // without a name yet; `mode` before the umask
    static void put(MemoryNode& directory, std::string_view name, MemoryNodePtr node);  // replaces what is there
    static void take(MemoryNode& directory, std::string_view name);
    // Any change of a file's size goes through here; false if there is no room for it.
    bool resize(MemoryNode& file, std::uint64_t size);
    std::uint64_t used() const noexcept { return *used_; }
    static void touch(MemoryNode& node);

    std::mutex mutex;

private:
    MemoryUse used_ = std::make_shared<std::atomic<std::uint64_t>>(0);
    std::uint64_t next_inode_ = 1;
    MemoryNodePtr root_;
};

// Opens the file of `place`, which is the place of `path`, or makes it; with the mutex held.
Result<FilePtr> open_memory_file(const std::shared_ptr<MemoryTree>& tree, MemoryTree::Place place, const Path& path,
                                 const OpenMode& mode);

}  // namespace wherry::vfs
