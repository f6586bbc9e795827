#pragma once
// A filesystem in which every object has the same time, and every directory the same size, as in the recordings of
// tests/vectors/i2ftp; all else is a memory filesystem.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "wherry/filesystem.h"

namespace wherry::testing {

class FrozenFs final : public Filesystem {
public:
    FrozenFs(std::int64_t seconds, std::uint32_t nanoseconds, std::vector<std::string> order)
        : seconds_(seconds), nanoseconds_(nanoseconds), order_(std::move(order)) {}

    Result<Stat> stat(const Path& path) override { return frozen(inner_->stat(path)); }
    Result<Stat> lstat(const Path& path) override { return frozen(inner_->lstat(path)); }
    Result<ListingPtr> list(const Path& path, Detail detail) override {
        auto listing = inner_->list(path, detail);
        if (!listing) return listing;
        return std::make_unique<Frozen>(*this, std::move(*listing));
    }
    Result<FilePtr> open(const Path& path, const OpenMode& mode) override { return inner_->open(path, mode); }
    Result<void> make_directory(const Path& path, std::uint32_t mode) override {
        return inner_->make_directory(path, mode);
    }
    Result<void> remove_directory(const Path& path) override { return inner_->remove_directory(path); }
    Result<void> remove_file(const Path& path) override { return inner_->remove_file(path); }
    Result<void> rename(const Path& from, const Path& to) override { return inner_->rename(from, to); }

private:
    // All entries at once, in the order of the recording.
    class Frozen final : public Listing {
    public:
        Frozen(FrozenFs& fs, ListingPtr inner) : fs_(fs), inner_(std::move(inner)) {}
        Result<void> next(std::vector<Entry>& out, std::size_t) override {
            out.clear();
            for (std::vector<Entry> some;;) {
                if (auto read = inner_->next(some, 100); !read) return read;
                if (some.empty()) break;
                for (Entry& entry : some) out.push_back(std::move(entry));
            }
            for (Entry& entry : out) entry.stat = *fs_.frozen(entry.stat);
            std::sort(out.begin(), out.end(),
                      [&](const Entry& a, const Entry& b) { return fs_.rank(a.name) < fs_.rank(b.name); });
            return {};
        }

    private:
        FrozenFs& fs_;
        ListingPtr inner_;
    };

    Result<Stat> frozen(Result<Stat> stat) const {
        if (!stat) return stat;
        stat->modified = seconds_;
        stat->modified_nsec = nanoseconds_;
        if (stat->is_directory()) stat->size = 4096;
        return stat;
    }
    std::size_t rank(const std::string& name) const {
        return static_cast<std::size_t>(std::find(order_.begin(), order_.end(), name) - order_.begin());
    }

    FilesystemPtr inner_ = memory_filesystem();
    const std::int64_t seconds_;
    const std::uint32_t nanoseconds_;
    const std::vector<std::string> order_;
};

}  // namespace wherry::testing
