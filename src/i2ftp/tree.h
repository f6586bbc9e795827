#pragma once
// Whole trees through a Workspace: copying and removing what FIOP names in one word.
#include <functional>

#include "access/workspace.h"
#include "net/task.h"

namespace wherry::i2ftp {

// Each goes through the workspace step by step, so that every permission and guard is asked. `stop` is asked between
// steps: true ends it with Code::aborted, as it stands.
struct TreeWork {
    Workspace& workspace;
    net::Loop& loop;
    std::function<bool()> stop;
};

// A file's content, or a directory with all below it; special files are left out. `to` must not exist.
net::Task<Result<void>> copy_tree(TreeWork work, Path from, Path to);
net::Task<Result<void>> remove_tree(TreeWork work, Path path);

}  // namespace wherry::i2ftp
