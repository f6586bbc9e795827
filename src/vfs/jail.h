#pragma once
// Jail: the only way from a virtual path to an object of this machine. It holds the served folder as a descriptor and
// opens everything beneath it, so that neither "..", nor a symlink, nor somebody who exchanges directories and symlinks
// while we look leads out of the folder.
//
// Two ways, with the same answers. openat2(2) with RESOLVE_BENEATH, where the kernel has it (5.6) and no sandbox
// forbids it: one system call. Else the walk of jail_walk.cpp: component by component. In both
//   - a symlink with an absolute target, or one that climbs above the root, is EXDEV;
//   - with Symlinks::never any symlink on the way is ELOOP; the last one too, unless O_PATH|O_NOFOLLOW asks for it;
//   - a magic link (/proc/<pid>/root and its like) is never followed;
//   - more than 40 symlinks are ELOOP.
// With Symlinks::anywhere, by explicit choice of the operator, the folder is "/" and there is nothing to keep in.
// The code that passes names to the kernel stands in jail.cpp, jail_walk.cpp, posix_fs.cpp, posix_open.cpp,
// posix_listing.cpp, posix_change.cpp and atomic_file.cpp; outside of the first two only single names are passed,
// relative to a directory that was opened here, and never followed if they are symlinks. These files are the audit
// point.
//
// Immutable after enter(); any thread.
#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>

#include "vfs/descriptor.h"
#include "wherry/filesystem.h"

namespace wherry::vfs {

template <class T>
using Got = std::expected<T, int>;  // or an errno

// A name in an open directory (O_PATH). The name is one component, and nobody has followed it.
struct Place {
    Descriptor directory;
    std::string name;
};

class Jail {
public:
    static Result<Jail> enter(const std::string& root, Symlinks symlinks, bool use_openat2);

    // As openat(2) with `flags`, beneath the root; `relative` as Path::relative() gives it. O_CLOEXEC is added.
    Got<Descriptor> open(const char* relative, int flags, mode_t mode = 0) const;

    // open() from what the kernel has in its caches, without ever waiting: EAGAIN if that is not enough. Only for flags
    // that create and change nothing, and only if answers_at_once().
    Got<Descriptor> open_at_once(const char* relative, int flags) const;
    bool answers_at_once() const noexcept { return at_once_; }

    // Where the name of `path` stands; for what happens to the name itself. `path` must not be the root.
    Got<Place> place_of(const Path& path) const;

    // Where the object of that name is, or would be made: as place_of, with the symlinks of the last component
    // followed. EISDIR if they lead to something that cannot be a file's name.
    Got<Place> target_of(const Path& path) const;

    // For fstatvfs and the like.
    int root() const noexcept { return root_.get(); }

private:
    Jail(Descriptor root, Symlinks symlinks)
        : root_(std::move(root)), follow_(symlinks != Symlinks::never), anywhere_(symlinks == Symlinks::anywhere) {}
    std::uint64_t resolve() const noexcept;

    Descriptor root_;
    bool follow_;
    bool anywhere_;  // the root is that of the machine: the kernel resolves as it does for anybody
    bool openat2_ = false;
    bool at_once_ = false;
};

}  // namespace wherry::vfs
