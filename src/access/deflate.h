#pragma once
// MODE Z's compression (draft-preston-ftpext-deflate): a stream in the format of zlib, RFC 1950, and not bare deflate.
//
// Both directions go from one span into another, as the newline codecs do. They compute and never wait; a transfer
// calls them on a worker. Used by one thread at a time.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/newline.h"
#include "wherry/result.h"

namespace wherry {

class Deflater {
public:
    // 0 (not at all) to 9 (best); out of that range it is zlib's own default. Takes some 256 KiB.
    explicit Deflater(int level);
    ~Deflater();
    Deflater(Deflater&&) noexcept;
    Deflater& operator=(Deflater&&) noexcept;

    // Ends when `in` is used up or `out` is full.
    Converted convert(std::span<const std::byte> in, std::span<std::byte> out);
    // After the last byte: writes the end of the stream. Call it until it returns 0.
    std::size_t finish(std::span<std::byte> out);

private:
    struct State;
    std::unique_ptr<State> state_;
};

class Inflater {
public:
    // What comes out may be `most_ratio` times what went in, and `free_bytes` besides: some megabytes of zeros are no
    // attack, ten gigabytes out of ten megabytes are. 0: no limit.
    Inflater(std::uint64_t most_ratio, std::uint64_t free_bytes);
    ~Inflater();
    Inflater(Inflater&&) noexcept;
    Inflater& operator=(Inflater&&) noexcept;

    // Ends when `in` is used up or `out` is full; then there may be more to come without further input. Code::invalid
    // for damaged data and for bytes behind the end of the stream, Code::quota for what expands too much.
    Result<Converted> convert(std::span<const std::byte> in, std::span<std::byte> out);
    // The stream has come to its end, checksum included. An upload that ends before that was cut off.
    bool ended() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
    std::uint64_t most_ratio_;
    std::uint64_t free_bytes_;
};

}  // namespace wherry
