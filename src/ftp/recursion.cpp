#include "ftp/recursion.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/text.h"

namespace wherry::ftp {

void Recursion::note(const Entry& entry) {
    if (left_ > 0) --left_;
    if (!entry.stat.is_directory() || here_.level == most_levels || left_ == 0) return;
    found_.push_back({here_.path.child(entry.name), here_.label + "/" + entry.name, here_.level + 1});
}

ListingPtr Recursion::next(std::string& out) {
    // As ls has it: what is in a directory comes before its neighbours.
    std::ranges::move(found_.rbegin(), found_.rend(), std::back_inserter(pending_));
    found_.clear();
    while (!pending_.empty() && left_ > 0) {
        here_ = std::move(pending_.back());
        pending_.pop_back();
        auto listing = workspace_.list_now(here_.path, Detail::full);
        if (!listing) continue;
        out += "\r\n";
        append_printable(out, here_.label);
        out += ":\r\n";
        return std::move(*listing);
    }
    return nullptr;
}

}  // namespace wherry::ftp
