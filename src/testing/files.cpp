#include "testing/files.h"

#include <array>
#include <stdexcept>

namespace wherry::testing {

Path path_of(std::string_view text) {
    auto path = Path::resolve(text);
    if (!path) throw std::invalid_argument("not a path: " + std::string(text));
    return *path;
}

Path operator""_p(const char* text, std::size_t size) { return path_of({text, size}); }

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

Result<void> put(Filesystem& filesystem, const Path& path, std::string_view content, const OpenMode& mode) {
    auto file = filesystem.open(path, mode);
    if (!file) return fail(file.error());
    if (auto written = (*file)->write_at(0, bytes_of(content)); !written) return written;
    return (*file)->close();
}

Result<std::string> get(File& file) {
    std::string content;
    std::array<char, 4096> buffer;
    while (true) {
        const auto got = file.read_at(content.size(), std::as_writable_bytes(std::span(buffer)));
        if (!got) return fail(got.error());
        if (*got == 0) return content;
        content.append(buffer.data(), *got);
    }
}

Result<std::string> get(Filesystem& filesystem, const Path& path) {
    const auto file = filesystem.open(path, OpenMode::for_reading());
    if (!file) return fail(file.error());
    return get(**file);
}

Result<std::set<std::string>> names(Filesystem& filesystem, const Path& path, std::size_t most) {
    const auto listing = filesystem.list(path, Detail::names);
    if (!listing) return fail(listing.error());
    std::set<std::string> all;
    std::vector<Entry> batch;
    do {
        if (auto got = (*listing)->next(batch, most); !got) return fail(got.error());
        if (batch.size() > most) return fail(Code::internal, "a batch larger than asked for");
        for (const Entry& entry : batch) {
            if (!all.insert(entry.name).second) return fail(Code::internal, "listed twice: " + entry.name);
        }
    } while (!batch.empty());
    return all;
}

}  // namespace wherry::testing
