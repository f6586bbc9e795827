#pragma once
// PosixListing: a directory of this machine, read with getdents64(2) and, where asked for, one statx(2) per name.
#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "vfs/descriptor.h"
#include "wherry/filesystem.h"

namespace wherry::vfs {

class PosixListing final : public Listing {
public:
    // `directory` is open for reading; `path` is for messages. With Detail::names an entry has its kind and inode only.
    PosixListing(Descriptor directory, Detail detail, std::string path);
    Result<void> next(std::vector<Entry>& out, std::size_t most) override;

private:
    struct Raw;  // one record of getdents64
    Result<bool> fill();
    bool describe(Entry& entry, const Raw& raw) const;
    bool look_up(Entry& entry, const char* name) const;

    Descriptor directory_;
    Detail detail_;
    std::string path_;
    std::unique_ptr<std::byte[]> buffer_;
    std::size_t at_ = 0;
    std::size_t end_ = 0;
};

}  // namespace wherry::vfs
