#pragma once
// NameIndex: finds files whose names were written in other letters, capital or small, as clients ask for that come from
// systems which make no difference. ASCII letters only.
//
// Of each component of a path the exact name counts first, then the first name in byte order that differs in letters
// alone. Directories are read once in a while and kept: what is new is found a few seconds later.
//
// Thread-safe. Blocks on the filesystem: for a lane. Asks for no permission: a caller says by it no more than that a
// file of another name is there, and opens that with all that belongs to it.
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.h"
#include "wherry/filesystem.h"
#include "wherry/path.h"

namespace wherry {

class NameIndex {
public:
    struct Options {
        std::chrono::seconds kept{5};
        std::size_t most_entries = 10'000;  // of a directory; what comes after them is not found
        std::size_t most_directories = 64;  // that are kept
    };
    explicit NameIndex(const Clock& clock) : NameIndex(clock, Options()) {}
    NameIndex(const Clock& clock, const Options& options) : clock_(clock), options_(options) {}

    // The name of what is there. Code::not_found if nothing is; else what the filesystem says.
    Result<Path> find(const FilesystemPtr& filesystem, const Path& path);

private:
    // The names of a directory by their small letters, of names with the same ones the first in byte order.
    using Names = std::map<std::string, std::string, std::less<>>;
    struct Directory {
        std::shared_ptr<const Names> names;
        std::chrono::steady_clock::time_point read;
    };
    Result<std::shared_ptr<const Names>> names_in(const FilesystemPtr& filesystem, const Path& path);
    Result<Names> read(Filesystem& filesystem, const Path& path) const;

    const Clock& clock_;
    const Options options_;
    std::mutex mutex_;
    std::map<std::pair<FilesystemPtr, Path>, Directory> directories_;
};

}  // namespace wherry
