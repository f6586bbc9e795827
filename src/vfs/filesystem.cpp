#include "wherry/filesystem.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "vfs/checks.h"

namespace wherry {

using vfs::refuse;

Stat Stat::file(std::uint64_t size, std::int64_t modified) {
    Stat stat;
    stat.size = size;
    stat.modified = modified;
    return stat;
}

Stat Stat::directory(std::int64_t modified) {
    Stat stat;
    stat.kind = Kind::directory;
    stat.modified = modified;
    stat.mode = 0755;
    stat.links = 2;
    return stat;
}

Result<std::size_t> File::read_at(std::uint64_t /*offset*/, std::span<std::byte> /*into*/) {
    return fail(Code::unsupported, "this file cannot be read");
}

Result<void> File::write_at(std::uint64_t /*offset*/, std::span<const std::byte> /*from*/) {
    return fail(Code::unsupported, "this file cannot be written");
}

Result<void> File::truncate(std::uint64_t /*size*/) { return fail(Code::unsupported, "this file cannot be cut"); }

Result<void> File::allocate(std::uint64_t /*size*/) { return {}; }

Result<std::uint64_t> File::copy_from(File& source, std::uint64_t from, std::uint64_t to, std::uint64_t bytes) {
    constexpr std::uint64_t most_at_once = 256U << 10U;
    std::vector<std::byte> buffer(static_cast<std::size_t>(std::min(bytes, most_at_once)));
    std::uint64_t done = 0;
    while (done < bytes) {
        const auto room = std::span(buffer).first(static_cast<std::size_t>(std::min(bytes - done, most_at_once)));
        const auto got = source.read_at(from + done, room);
        if (!got) return std::unexpected(got.error());
        if (*got == 0) break;
        if (auto put = write_at(to + done, room.first(*got)); !put) return std::unexpected(std::move(put.error()));
        done += *got;
    }
    return done;
}

void File::failed(Code /*cause*/) {}

Result<void> File::close() { return {}; }

Result<void> Filesystem::make_directory(const Path& path, std::uint32_t /*mode*/) {
    return refuse(Code::unsupported, "make directory", path);
}

Result<void> Filesystem::remove_directory(const Path& path) {
    return refuse(Code::unsupported, "remove directory", path);
}

Result<void> Filesystem::remove_file(const Path& path) { return refuse(Code::unsupported, "remove", path); }

Result<void> Filesystem::rename(const Path& from, const Path& /*to*/) {
    return refuse(Code::unsupported, "rename", from);
}

Result<void> Filesystem::set_mode(const Path& path, std::uint32_t /*mode*/) {
    return refuse(Code::unsupported, "change mode of", path);
}

Result<void> Filesystem::set_modified(const Path& path, std::int64_t /*seconds*/) {
    return refuse(Code::unsupported, "change time of", path);
}

Result<void> Filesystem::set_created(const Path& path, std::int64_t /*seconds*/) {
    return refuse(Code::unsupported, "change time of creation of", path);
}

Result<std::string> Filesystem::read_link(const Path& path) { return refuse(Code::unsupported, "read link", path); }

Result<Space> Filesystem::space(const Path& path) { return refuse(Code::unsupported, "ask space of", path); }

Result<void> Filesystem::set_owner(const Path& path, std::uint32_t /*uid*/, std::optional<std::uint32_t> /*gid*/) {
    return refuse(Code::unsupported, "change owner of", path);
}

Result<void> Filesystem::make_symlink(const Path& path, const Path& /*target*/) {
    return refuse(Code::unsupported, "make symlink", path);
}

Result<std::string> Filesystem::hash(const Path& path, Hash /*algorithm*/, std::uint64_t /*from*/,
                                     std::uint64_t /*to*/) {
    return refuse(Code::unsupported, "hash", path);
}

Result<Stat> Filesystem::stat_at_once(const Path& /*path*/) { return fail(Code::would_block); }

namespace {

class MemoryFile final : public File {
public:
    MemoryFile(std::string content, std::int64_t modified) : content_(std::move(content)), modified_(modified) {}

    Result<Stat> stat() override { return Stat::file(content_.size(), modified_); }

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
        if (offset >= content_.size()) return 0U;
        const std::size_t got = std::min(into.size(), content_.size() - static_cast<std::size_t>(offset));
        if (got != 0) std::memcpy(into.data(), content_.data() + offset, got);
        return got;
    }

private:
    std::string content_;
    std::int64_t modified_;
};

class ListOfEntries final : public Listing {
public:
    explicit ListOfEntries(std::vector<Entry> entries) : entries_(std::move(entries)) {}

    Result<void> next(std::vector<Entry>& out, std::size_t most) override {
        out.clear();
        for (; at_ < entries_.size() && out.size() < most; ++at_) out.push_back(std::move(entries_[at_]));
        return {};
    }

private:
    std::vector<Entry> entries_;
    std::size_t at_ = 0;
};

}  // namespace

ListingPtr memory_listing(std::vector<Entry> entries) { return std::make_unique<ListOfEntries>(std::move(entries)); }

FilePtr memory_file(std::string content, std::int64_t modified) {
    return std::make_unique<MemoryFile>(std::move(content), modified);
}

}  // namespace wherry
