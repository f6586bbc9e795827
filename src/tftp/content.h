#pragma once
// Content: what a handler gives instead of a file, and under which key of the cache it is shared.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "tftp/chunk_cache.h"
#include "wherry/tftp.h"

namespace wherry::tftp {

// A TftpSource as it is used: by one transfer, and by a load of its that may outlive it. The program's function is
// called by one thread at a time.
class Content {
public:
    // `serial`: of this server, another one for each.
    Content(TftpSource source, std::uint64_t serial) : source_(std::move(source)), serial_(serial) {}

    std::optional<std::uint64_t> size() const noexcept { return source_.size; }
    // Not shared: nobody else asks for its chunks.
    bool is_private() const noexcept { return source_.cache_key.empty(); }
    ContentKey key(bool text) const;
    // On a worker. Fewer bytes than asked for only at the end; Code::internal if the function does not keep its word.
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) const;

    std::uint64_t furthest = 0;  // chunk that was sent from; on the loop of its transfer

private:
    TftpSource source_;
    std::uint64_t serial_;
};
using ContentPtr = std::shared_ptr<Content>;

// The key of content that is made as a whole.
ContentKey key_of_whole(const std::string& cache_key, bool text);

// Content as a chunk of its own, whatever its size.
Chunk chunk_of(const std::string& content, bool text);

}  // namespace wherry::tftp
