#pragma once
// TreeWalk: all objects of a tree, one after the other; a directory comes after everything in it. Blocks, so it is used
// on a lane, by one thread at a time, some objects a turn.
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "wherry/filesystem.h"

namespace wherry {

class TreeWalk {
public:
    // A cap on what a stranger can build: each level holds a directory open.
    static constexpr std::size_t most_levels = 64;

    struct Found {
        Path path;
        Stat stat;  // of the object itself: symlinks are never followed
    };
    // Directories that `enter` refuses come without what is in them. `files` must outlive the walk.
    using Enter = std::function<bool(const Path& directory)>;
    TreeWalk(Filesystem& files, Path root, Enter enter = {});

    // The next object; nullopt at the end. What vanishes meanwhile is passed over; a directory that cannot be opened is
    // an error with its path. Code::unsupported for a tree of more levels than said above.
    Result<std::optional<Found>> next();
    // The directory that came last is to be read once more before it comes again: it was not empty after all.
    void again(Found directory);

private:
    struct Level {
        Found directory;
        ListingPtr listing;
        std::vector<Entry> entries;
        std::size_t at = 0;
    };
    Result<bool> enter(Found directory);
    static constexpr std::size_t batch = 256;

    Filesystem& files_;
    Enter may_enter_;
    std::optional<Path> root_;  // until the walk has begun
    std::optional<Found> again_;
    std::vector<Level> levels_;
};

}  // namespace wherry
