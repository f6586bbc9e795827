#pragma once
// OpenFiles: files that several downloads read at the same time, each opened once. A rack of machines that boot the
// same image would else hold a descriptor for each of them.
//
// Thread-safe. What it gives out may outlive it.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "wherry/filesystem.h"

namespace wherry {

class OpenFiles {
public:
    // The same key: the same bytes. Whoever shares a file has opened it himself, and so may read it.
    struct Key {
        const void* filesystem = nullptr;
        std::uint64_t device = 0;
        std::uint64_t inode = 0;  // never 0
        std::uint64_t size = 0;
        std::int64_t modified = 0;
        std::uint32_t modified_nsec = 0;
        std::uint32_t changed = 0;  // as Transfer::Opened has it
        friend bool operator==(const Key&, const Key&) = default;
    };

    OpenFiles();
    ~OpenFiles();
    OpenFiles(const OpenFiles&) = delete;
    OpenFiles& operator=(const OpenFiles&) = delete;

    // `file`, which is open for reading, becomes one that shares its descriptor with the others of that key; closing it
    // closes the descriptor with the last of them. What was opened in vain comes back, to be closed where that may
    // wait; null: `file` was the first. One without a descriptor stays as it is.
    FilePtr share(const Key& key, FilePtr& file);

    std::size_t count() const;  // of files

private:
    struct Table;
    const std::shared_ptr<Table> table_;
};

}  // namespace wherry
