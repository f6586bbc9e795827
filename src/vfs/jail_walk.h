#pragma once
// The walk: what Jail does where the kernel cannot resolve a path beneath a directory by itself.
#include <sys/types.h>

#include <string>

#include "vfs/jail.h"

namespace wherry::vfs {

constexpr int most_links = 40;  // symlinks on the way of one lookup, as the kernel has it (path_resolution(7))

// As openat(2) beneath `root`, one component after the other. No component is ever followed by the kernel: a symlink is
// read and its target is walked the same way, if `follow`. ".." goes back to the directory we came from, which we hold
// open, never to what the kernel thinks is the parent: a directory that somebody moves out of the root while we are in
// it does not take us along. Answers as Jail::open.
Got<Descriptor> walk(int root, bool follow, const char* relative, int flags, mode_t mode);

// The target of symlink `name` in `directory`; with an empty name of the symlink `directory` itself. EINVAL: not a
// symlink.
Got<std::string> read_link_at(int directory, const char* name);

}  // namespace wherry::vfs
