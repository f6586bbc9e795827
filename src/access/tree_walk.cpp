#include "access/tree_walk.h"

#include <utility>

namespace wherry {

TreeWalk::TreeWalk(Filesystem& files, Path root, Enter enter)
    : files_(files), may_enter_(std::move(enter)), root_(std::move(root)) {}

// False: it has gone meanwhile.
Result<bool> TreeWalk::enter(Found directory) {
    if (levels_.size() == most_levels) {
        return fail(Code::unsupported, "walking " + directory.path.string() + ": too many levels");
    }
    if (may_enter_ && !may_enter_(directory.path)) {
        levels_.push_back({.directory = std::move(directory)});
        return true;
    }
    auto listing = files_.list(directory.path, Detail::full);
    if (!listing && listing.error().code == Code::not_found && !levels_.empty()) return false;
    if (!listing) return std::unexpected(std::move(listing.error()));
    levels_.push_back({.directory = std::move(directory), .listing = std::move(*listing)});
    return true;
}

Result<std::optional<TreeWalk::Found>> TreeWalk::next() {
    if (const auto root = std::exchange(root_, std::nullopt)) {
        auto stat = files_.lstat(*root);
        if (!stat) return std::unexpected(std::move(stat.error()));
        if (!stat->is_directory()) return Found{*root, *stat};
        if (auto entered = enter({*root, *stat}); !entered) return std::unexpected(std::move(entered.error()));
    }
    if (auto directory = std::exchange(again_, std::nullopt)) {
        if (auto entered = enter(std::move(*directory)); !entered) return std::unexpected(std::move(entered.error()));
    }
    while (!levels_.empty()) {
        Level& level = levels_.back();
        if (level.listing && level.at == level.entries.size()) {
            if (auto read = level.listing->next(level.entries, batch); !read) {
                return std::unexpected(std::move(read.error()));
            }
            level.at = 0;
        }
        if (level.at == level.entries.size()) {
            Found left = std::move(level.directory);
            levels_.pop_back();
            return left;
        }
        const Entry& entry = level.entries[level.at++];
        Found found{level.directory.path.child(entry.name), entry.stat};
        if (!found.stat.is_directory()) return found;
        if (auto entered = enter(std::move(found)); !entered) return std::unexpected(std::move(entered.error()));
    }
    return std::nullopt;
}

void TreeWalk::again(Found directory) { again_ = std::move(directory); }

}  // namespace wherry
