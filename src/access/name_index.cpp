#include "access/name_index.h"

#include <algorithm>
#include <vector>

#include "core/text.h"

namespace wherry {
namespace {

constexpr std::size_t entries_a_call = 256;

}  // namespace

Result<Path> NameIndex::find(const FilesystemPtr& filesystem, const Path& path) {
    Path found;
    for (const std::string_view component : path.components()) {
        const Path exact = found.child(component);
        if (filesystem->stat(exact)) {
            found = exact;
            continue;
        }
        const auto names = names_in(filesystem, found);
        if (!names) return std::unexpected(names.error());
        const auto other = (*names)->find(lower(component));
        if (other == (*names)->end()) return fail(Code::not_found, "nothing has that name in any letters");
        found = found.child(other->second);
    }
    return found;
}

Result<std::shared_ptr<const NameIndex::Names>> NameIndex::names_in(const FilesystemPtr& filesystem, const Path& path) {
    const auto now = clock_.now();
    const std::pair key(filesystem, path);
    {
        const std::lock_guard lock(mutex_);
        const auto known = directories_.find(key);
        if (known != directories_.end() && now - known->second.read < options_.kept) return known->second.names;
    }
    auto fresh = read(*filesystem, path);
    if (!fresh) return std::unexpected(std::move(fresh.error()));
    auto names = std::make_shared<const Names>(std::move(*fresh));
    const std::lock_guard lock(mutex_);
    std::erase_if(directories_, [&](const auto& one) { return now - one.second.read >= options_.kept; });
    if (directories_.size() >= options_.most_directories) directories_.clear();
    directories_[key] = {names, now};
    return names;
}

Result<NameIndex::Names> NameIndex::read(Filesystem& filesystem, const Path& path) const {
    auto listing = filesystem.list(path, Detail::names);
    if (!listing) return std::unexpected(std::move(listing.error()));
    Names names;
    std::vector<Entry> entries;
    for (std::size_t count = 0; count < options_.most_entries; count += entries.size()) {
        const auto read = (*listing)->next(entries, std::min(entries_a_call, options_.most_entries - count));
        if (!read) return std::unexpected(read.error());
        if (entries.empty()) break;
        for (Entry& entry : entries) {
            auto [place, is_new] = names.try_emplace(lower(entry.name), entry.name);
            if (!is_new) place->second = std::min(place->second, entry.name);
        }
    }
    return names;
}

}  // namespace wherry
