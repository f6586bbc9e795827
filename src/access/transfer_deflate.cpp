// Transfer in MODE Z. Files are read and written on the disk lane, compressed and expanded on the hash lane: neither
// may hold up the loop, and a disk that hangs must not take the threads that compute.
#include <algorithm>
#include <utility>
#include <vector>

#include "access/deflate.h"
#include "access/transfer.h"

namespace wherry {
namespace {

constexpr std::size_t content_size = 128 * 1024;
constexpr std::size_t packed_size = content_size + 4096;  // what does not shrink grows by little
constexpr std::uint64_t free_expansion = 32ULL * 1024 * 1024;

// One step of what a worker does for a download: from file bytes to wire bytes.
class Packer {
public:
    explicit Packer(Wire wire) : wire_(wire), deflater_(wire.level), packed_(packed_size) {
        if (wire.encoding == Encoding::ascii) text_.resize(2 * content_size + NewlineEncoder::max_owed);
    }
    void begin(std::span<const std::byte> content, bool last) {
        last_ = last;
        rest_ = content;
        if (text_.empty()) return;
        std::size_t produced = encoder_.convert(content, text_).produced;
        if (last) produced += encoder_.finish(std::span(text_).subspan(produced));
        rest_ = std::span(text_).first(produced);
    }
    // Empty: that was all of this content.
    std::span<const std::byte> next() {
        const Converted step = deflater_.convert(rest_, packed_);
        rest_ = rest_.subspan(step.consumed);
        std::size_t filled = step.produced;
        if (last_ && rest_.empty() && filled < packed_.size()) {
            filled += deflater_.finish(std::span(packed_).subspan(filled));
        }
        return std::span(packed_).first(filled);
    }

private:
    const Wire wire_;
    Deflater deflater_;
    NewlineEncoder encoder_;
    std::vector<std::byte> text_;
    std::vector<std::byte> packed_;
    std::span<const std::byte> rest_;
    bool last_ = false;
};

// And for an upload: from wire bytes to file bytes.
class Unpacker {
public:
    explicit Unpacker(Wire wire) : inflater_(wire.most_ratio, free_expansion), content_(content_size) {
        if (wire.encoding == Encoding::ascii) text_.resize(content_size + 2 * NewlineDecoder::max_owed);
    }
    void begin(std::span<const std::byte> packed, bool last) {
        rest_ = packed;
        last_ = last;
        full_ = true;
    }
    // Empty: that was all of these bytes.
    Result<std::span<const std::byte>> next() {
        while (full_ || !rest_.empty()) {
            const auto step = inflater_.convert(rest_, content_);
            if (!step) return std::unexpected(step.error());
            rest_ = rest_.subspan(step->consumed);
            full_ = step->produced == content_.size();
            std::span<const std::byte> content = std::span(content_).first(step->produced);
            if (!text_.empty()) content = std::span(text_).first(decoder_.convert(content, text_).produced);
            if (!content.empty()) return content;
        }
        return finish();
    }

private:
    Result<std::span<const std::byte>> finish() {
        if (!std::exchange(last_, false)) return std::span<const std::byte>();
        if (!inflater_.ended()) return fail(Code::invalid, "compressed data: cut off before its end");
        return text_.empty() ? std::span<const std::byte>() : std::span(text_).first(decoder_.finish(text_));
    }

    Inflater inflater_;
    NewlineDecoder decoder_;
    std::vector<std::byte> content_;
    std::vector<std::byte> text_;
    std::span<const std::byte> rest_;
    bool full_ = false;  // there may be more in the inflater
    bool last_ = false;
};

Outcome unpack_failure(const Error& error) {
    Outcome outcome = Outcome::network(error.code == Code::quota ? Code::quota : Code::reset);
    outcome.words = error.code == Code::quota ? "The compressed data expands too much"
                                              : "The compressed data is damaged or cut off; transfer aborted";
    return outcome;
}

}  // namespace

net::Task<Outcome> Transfer::send_deflated(net::Stream& stream, Wire wire, net::Duration stall) {
    net::Lane& computing = parts_.commons.runtime.hash();
    std::vector<std::byte> buffer(content_size);
    Packer packer(wire);
    for (bool last = false; !last;) {
        const std::uint64_t left = parts_.end - std::min(at_, parts_.end);
        const auto room =
            std::span(buffer).first(static_cast<std::size_t>(std::min(left, parts_.throttle.slice(buffer.size()))));
        const auto got = room.empty() ? Result<std::size_t>(0) : co_await read_at(at_, room);
        if (!got) co_return Outcome::file(got.error().code, got.error().system);
        at_ += *got;
        last = *got == 0;
        packer.begin(room.first(*got), last);
        for (;;) {
            const auto packed = co_await computing.run(parts_.loop, [&] { return packer.next(); });
            if (packed.empty()) break;
            const Outcome written = co_await write_out(stream, packed, stall);
            if (!written.complete()) co_return written;
            if (!parts_.throttle.unlimited() && !co_await pay(stream, packed.size(), stall)) {
                co_return ended(stream, {});
            }
        }
        // Much may go in before anything comes out: the peer is not what stalls then.
        stream.set_deadline(parts_.loop.now() + stall);
        if (stream.cause() != Code::ok) co_return Outcome::network(stream.cause());
        co_await parts_.loop.bulk_turn();
    }
    co_return Outcome();
}

// As much as is there, up to the size of `room`.
net::Task<Outcome> Transfer::read_some(net::Stream& stream, std::span<std::byte> room, std::size_t& filled, bool& end) {
    for (filled = 0; filled < room.size() && !end;) {
        const net::Io io = stream.try_read(room.subspan(filled));
        if (io.would_block()) {
            if (filled > 0) break;
            co_await stream.wait(io.needs);
            continue;
        }
        if (!io.ok()) co_return ended(stream, io);
        end = io.bytes == 0;
        filled += io.bytes;
    }
    moved_ += filled;
    co_return Outcome();
}

net::Task<Outcome> Transfer::receive_inflated(net::Stream& stream, Wire wire, net::Duration stall) {
    net::Lane& computing = parts_.commons.runtime.hash();
    std::vector<std::byte> buffer(content_size);
    Unpacker unpacker(wire);
    for (bool end = false; !end;) {
        std::size_t filled = 0;
        const auto room = std::span(buffer).first(static_cast<std::size_t>(parts_.throttle.slice(buffer.size())));
        const Outcome read = co_await read_some(stream, room, filled, end);
        if (!read.complete()) co_return read;
        unpacker.begin(room.first(filled), end);
        for (;;) {
            const auto content = co_await computing.run(parts_.loop, [&] { return unpacker.next(); });
            if (stream.cause() != Code::ok) co_return Outcome::network(stream.cause());
            if (!content) co_return unpack_failure(content.error());
            if (content->empty()) break;
            const auto stored =
                co_await parts_.commons.runtime.disk().run(parts_.loop, [&] { return store(at_, *content); });
            if (!stored) co_return Outcome::file(stored.error().code, stored.error().system);
            at_ += content->size();
            co_await parts_.loop.bulk_turn();
        }
        stream.set_deadline(parts_.loop.now() + stall);
        if (!parts_.throttle.unlimited() && !co_await pay(stream, filled, stall)) co_return ended(stream, {});
        co_await parts_.loop.bulk_turn();
    }
    co_return co_await whole(stream);
}

}  // namespace wherry
