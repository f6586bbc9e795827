#include "tftp/content.h"

#include <algorithm>
#include <cstring>

#include "core/newline.h"
#include "tftp/packet.h"

namespace wherry::tftp {
namespace {

// Files have a filesystem; what has none is the program's, and then these stand where files have their device.
constexpr std::uint64_t as_a_whole = 1;
constexpr std::uint64_t in_pieces = 2;
constexpr std::uint64_t of_one_transfer = 3;

}  // namespace

ContentKey Content::key(bool text) const {
    ContentKey key{.file = {}, .path = source_.cache_key, .text = text};
    key.file.device = is_private() ? of_one_transfer : in_pieces;
    if (is_private()) key.file.inode = serial_;
    key.file.size = source_.size.value_or(~std::uint64_t{0});
    return key;
}

Result<std::size_t> Content::read(std::uint64_t offset, std::span<std::byte> into) const {
    if (!source_.read) return fail(Code::internal, "a source without a function to read it");
    if (source_.size) {
        const std::uint64_t left = *source_.size - std::min(*source_.size, offset);
        into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left)));
    }
    if (into.empty()) return 0;
    const auto got = source_.read(offset, into);
    if (!got) return got;
    if (*got > into.size()) return fail(Code::internal, "a source has given more than was asked for");
    if (source_.size && *got < into.size()) return fail(Code::internal, "a source has ended before its size");
    return got;
}

ContentKey key_of_whole(const std::string& cache_key, bool text) {
    return {.file = {.device = as_a_whole}, .path = cache_key, .text = text};
}

Chunk chunk_of(const std::string& content, bool text) {
    Chunk chunk;
    chunk.last = true;
    chunk.bytes = ChunkMemory::alone(content.size() * (text ? 2 : 1) + 1);
    chunk.size = content.size();
    if (!text) {
        std::memcpy(chunk.bytes.get(), content.data(), content.size());
        return chunk;
    }
    NewlineEncoder encoder(Newlines::netascii);
    const std::span<std::byte> room(chunk.bytes.get(), content.size() * 2 + 1);
    chunk.size = encoder.convert(bytes_of(content), room).produced;
    chunk.size += encoder.finish(room.subspan(chunk.size));
    return chunk;
}

}  // namespace wherry::tftp
