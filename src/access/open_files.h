#pragma once
// OpenFiles: files that several downloads read at the same time, each opened once. A rack of machines that boot the
// same image would else hold a descriptor for each of them.
//
// None is kept open after its last download: whoever comes next opens the file himself before he shares it, so that his
// rights and the file's version are looked at, and what he shares then saves no opening.
//
// Thread-safe. What it gives out may outlive it.
#include <cstddef>
#include <memory>

#include "access/file_version.h"
#include "wherry/filesystem.h"

namespace wherry {

class OpenFiles {
public:
    OpenFiles();
    ~OpenFiles();
    OpenFiles(const OpenFiles&) = delete;
    OpenFiles& operator=(const OpenFiles&) = delete;

    // `file`, which is open for reading, becomes one that shares its descriptor with the others of that version,
    // whose inode is known; closing it closes the descriptor with the last of them. Whoever shares a file has opened it
    // himself, and so may read it. What was opened in vain comes back, to be closed where that may
    // wait; null: `file` was the first. One without a descriptor stays as it is.
    FilePtr share(const FileVersion& version, FilePtr& file);

    std::size_t count() const;  // of files

private:
    struct Table;
    const std::shared_ptr<Table> table_;
};

}  // namespace wherry
