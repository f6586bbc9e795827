#include "access/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>

namespace wherry {

namespace {

uInt room_of(std::size_t size) {
    return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

void offer(z_stream& stream, std::span<const std::byte> in, std::span<std::byte> out) {
    // zlib's interface is older than const; it reads only.
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
    stream.avail_in = room_of(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = room_of(out.size());
}

Converted moved(const z_stream& stream, std::span<const std::byte> in, std::span<std::byte> out) {
    return {room_of(in.size()) - stream.avail_in, room_of(out.size()) - stream.avail_out};
}

}  // namespace

struct Deflater::State {
    z_stream stream{};
    bool ended = false;
    explicit State(int level) {
        if (level < 0 || level > 9) level = Z_DEFAULT_COMPRESSION;
        if (deflateInit(&stream, level) != Z_OK) throw std::bad_alloc();
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { deflateEnd(&stream); }
};

Deflater::Deflater(int level) : state_(std::make_unique<State>(level)) {}
Deflater::~Deflater() = default;
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;

Converted Deflater::convert(std::span<const std::byte> in, std::span<std::byte> out) {
    Converted all;
    while (all.consumed < in.size() && all.produced < out.size()) {
        const auto rest = in.subspan(all.consumed);
        const auto room = out.subspan(all.produced);
        offer(state_->stream, rest, room);
        if (deflate(&state_->stream, Z_NO_FLUSH) == Z_STREAM_ERROR) throw std::logic_error("deflate after its end");
        const Converted step = moved(state_->stream, rest, room);
        all.consumed += step.consumed;
        all.produced += step.produced;
    }
    return all;
}

std::size_t Deflater::finish(std::span<std::byte> out) {
    if (state_->ended) return 0;
    offer(state_->stream, {}, out);
    const int answer = deflate(&state_->stream, Z_FINISH);
    if (answer == Z_STREAM_ERROR) throw std::logic_error("deflate after its end");
    state_->ended = answer == Z_STREAM_END;
    return moved(state_->stream, {}, out).produced;
}

struct Inflater::State {
    z_stream stream{};
    bool ended = false;
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    State() {
        if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { inflateEnd(&stream); }
};

Inflater::Inflater(std::uint64_t most_ratio, std::uint64_t free_bytes)
    : state_(std::make_unique<State>()), most_ratio_(most_ratio), free_bytes_(free_bytes) {}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

bool Inflater::ended() const noexcept { return state_->ended; }

Result<Converted> Inflater::convert(std::span<const std::byte> in, std::span<std::byte> out) {
    if (state_->ended) {
        if (in.empty()) return Converted{};
        return fail(Code::invalid, "compressed data: something follows the end of the stream");
    }
    offer(state_->stream, in, out);
    const int answer = inflate(&state_->stream, Z_NO_FLUSH);
    const Converted step = moved(state_->stream, in, out);
    state_->in += step.consumed;
    state_->out += step.produced;
    state_->ended = answer == Z_STREAM_END;
    if (answer == Z_MEM_ERROR) throw std::bad_alloc();
    // Z_BUF_ERROR only says that there was nothing to do.
    if (answer != Z_OK && answer != Z_STREAM_END && answer != Z_BUF_ERROR) {
        return fail(Code::invalid, "compressed data: damaged");
    }
    if (most_ratio_ != 0 && state_->out > free_bytes_ && (state_->out - free_bytes_) / most_ratio_ > state_->in) {
        return fail(Code::quota, "compressed data: it expands too much");
    }
    return step;
}

}  // namespace wherry
