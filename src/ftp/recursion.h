#pragma once
// Recursion: where LIST -R goes on. It is asked for by few and costs much, so it is off until an operator gives it a
// number of entries; then it ends there, and so many levels down, and follows no symlink.
//
// Used by one listing, on the disk lane.
#include <cstdint>
#include <string>
#include <vector>

#include "access/workspace.h"

namespace wherry::ftp {

class Recursion {
public:
    static constexpr std::size_t most_levels = 16;

    // `workspace` must outlive this.
    Recursion(Workspace& workspace, Path start, std::uint64_t most_entries)
        : workspace_(workspace), here_{std::move(start), ".", 0}, left_(most_entries) {}

    // An entry of the directory that is being listed now.
    void note(const Entry& entry);
    // The next directory, its heading ("./a/b:") appended to `out`; null at the end. What cannot be listed is passed
    // over.
    ListingPtr next(std::string& out);

private:
    struct Place {
        Path path;
        std::string label;
        std::size_t level;
    };
    Workspace& workspace_;
    Place here_;
    std::vector<Place> found_;    // in the directory that is being listed
    std::vector<Place> pending_;  // the next one is the last
    std::uint64_t left_;
};

}  // namespace wherry::ftp
