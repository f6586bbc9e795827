// The upload half of Transfer. From a socket into a file the bytes are moved by a worker of the disk lane, as many as
// are there: straight from the one to the other, or decrypted on the way; everything else comes through a buffer of the
// loop.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "access/transfer.h"

namespace wherry {

struct Transfer::Slice {
    std::uint64_t bytes = 0;
    bool end = false;     // the peer has sent everything
    bool closed = false;  // the end, and the file is closed
    Outcome outcome;      // not complete: that was the end of it

    bool fail(Outcome why) {
        outcome = why;
        return false;
    }
};

namespace {

constexpr std::uint64_t worker_slice = 4 * 1024 * 1024;  // before others get their turn on the lane
constexpr std::uint64_t splice_from = 1024 * 1024;       // a smaller upload is not worth a pipe
constexpr std::size_t pipe_size = 1024 * 1024;
constexpr std::size_t copy_size = 128 * 1024;
constexpr std::uint64_t linger_from = 64 * 1024;  // received in this turn: more is on its way
constexpr int linger_ms = 1;
constexpr int turns_to_hear = 16;
constexpr std::uint64_t space_step = 64 * 1024 * 1024;  // between looks at the free space

}  // namespace

net::Task<Outcome> Transfer::receive_from(net::Stream& stream, Wire wire, net::Duration stall,
                                          const net::Stream* control) {
    upload().control = control;
    stream.set_deadline(parts_.loop.now() + stall);
    if (wire.deflate) return receive_inflated(stream, wire, stall);
    // With a raw descriptor the worker may splice; that needs one on the other side, too.
    const bool fits = stream.raw_descriptor() < 0 || parts_.file->descriptor() >= 0;
    if (wire.encoding == Encoding::image && stream.works_on_lanes() && fits) {
        return receive_by_worker(stream, stall);
    }
    return receive_by_copy(stream, wire.encoding, stall);
}

// A client that dies ends both its connections, and so does one that is done and has said QUIT. Which of the two it was
// its session knows, once it has read what is there; the order in which the ends are noticed must not decide (RFC 959
// 4.1.1: an unexpected end of the control connection is an ABOR).
net::Task<Outcome> Transfer::whole(net::Stream& stream) {
    for (int turns = 0; turns < turns_to_hear && stream.cause() == Code::ok && is_left(); ++turns) {
        co_await parts_.loop.yield();
    }
    co_return stream.cause() == Code::ok ? Outcome() : Outcome::network(stream.cause());
}

net::Task<Outcome> Transfer::receive_by_worker(net::Stream& stream, net::Duration stall) {
    net::Loop& loop = parts_.loop;
    // All of a small upload may have come with the end of a TLS handshake.
    if (!stream.holds_input()) co_await stream.wait(net::Io::Needs::read);
    std::uint64_t before = 0;  // bytes of the last slice
    for (;;) {
        if (stream.cause() != Code::ok) co_return Outcome::network(stream.cause());
        // Each segment that comes while the worker is at it would wake the loop for nothing.
        if (before >= linger_from) stream.unwatch();
        // A small upload is over before a worker would have been woken.
        const bool is_short = upload().short_jobs && moved_ < short_piece;
        const std::uint64_t most = parts_.throttle.slice(is_short ? short_piece : worker_slice);
        const auto receive = [&](net::Worker& worker) {
            return receive_slice(stream, worker.scratch(), most, is_short);
        };
        net::Lane& disk = parts_.commons.runtime.disk();
        const Slice slice = co_await (is_short ? disk.run_short(loop, receive) : disk.run(loop, receive));
        if (!slice.outcome.complete()) co_return slice.outcome;
        if (slice.closed) co_return Outcome();
        if (slice.end) co_return co_await whole(stream);
        before = slice.bytes;
        if (slice.bytes > 0) stream.set_deadline(loop.now() + stall);
        if (!parts_.throttle.unlimited() && !co_await pay(stream, slice.bytes, stall)) continue;
        if (slice.bytes < most) co_await stream.wait(net::Io::Needs::read);
    }
}

Transfer::Slice Transfer::receive_slice(net::Stream& stream, std::span<std::byte> scratch, std::uint64_t most,
                                        bool is_short) {
    Slice slice;
    while (drain(stream, scratch, most, slice) && !is_short && linger(stream.poll_descriptor(), slice)) continue;
    // An abort ends the socket too; only an end that nobody made from our side is the end of the file.
    if (stream.cause() != Code::ok) slice.outcome = Outcome::network(stream.cause());
    if (slice.end && slice.outcome.complete() && !is_left()) {
        slice.closed = true;
        close_pipe();
        // Here and not in finish(): a small upload needs one worker's turn less.
        upload().closed = close_file(Code::ok);
    }
    return slice;
}

// Takes what is there. True if more may come in this turn.
bool Transfer::drain(net::Stream& stream, std::span<std::byte> scratch, std::uint64_t most, Slice& slice) {
    const int socket = stream.raw_descriptor();
    while (slice.bytes < most) {
        const std::uint64_t left = most - slice.bytes;
        const bool splicing = socket >= 0 && upload().may_splice && moved_ >= splice_from && open_pipe();
        if (splicing      ? splice_once(socket, scratch, left, slice)
            : socket >= 0 ? receive_once(socket, scratch, left, slice)
                          : decrypt_once(stream, scratch, left, slice)) {
            continue;
        }
        return !slice.end && slice.outcome.complete();
    }
    return false;
}

// A worker is faster than the client: it would go back to the loop, and be asked again, for each few segments. While
// the stream flows, and nobody else wants the worker, it waits for the next ones itself; an abort ends that wait, too.
bool Transfer::linger(int socket, const Slice& slice) const {
    if (slice.bytes < linger_from || parts_.commons.runtime.disk().has_queue()) return false;
    pollfd more{.fd = socket, .events = POLLIN, .revents = 0};
    return poll(&more, 1, linger_ms) > 0;
}

// The three below return false when there is no more to move in this turn.

bool Transfer::decrypt_once(net::Stream& stream, std::span<std::byte> scratch, std::uint64_t most, Slice& slice) {
    const std::size_t room = static_cast<std::size_t>(std::min<std::uint64_t>(scratch.size(), most));
    const net::Io io = stream.try_read(scratch.first(room));
    if (io.would_block()) return false;
    if (!io.ok()) return slice.fail(Outcome::network(io.code, io.system));
    if (io.bytes == 0) {
        slice.end = true;
        return false;
    }
    return keep(scratch.first(io.bytes), slice);
}

bool Transfer::receive_once(int socket, std::span<std::byte> scratch, std::uint64_t most, Slice& slice) {
    const std::size_t room = static_cast<std::size_t>(std::min<std::uint64_t>(scratch.size(), most));
    const ssize_t got = recv(socket, scratch.data(), room, MSG_DONTWAIT);
    if (got < 0) {
        if (errno == EINTR) return true;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
        return slice.fail(Outcome::network(code_of_errno(errno), errno));
    }
    if (got == 0) {
        slice.end = true;
        return false;
    }
    return keep(scratch.first(static_cast<std::size_t>(got)), slice);
}

bool Transfer::splice_once(int socket, std::span<std::byte> scratch, std::uint64_t most, Slice& slice) {
    const std::size_t room = static_cast<std::size_t>(std::min<std::uint64_t>(pipe_size, most));
    const ssize_t got = splice(socket, nullptr, upload().pipe[1], nullptr, room, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (got < 0) {
        if (errno == EINTR) return true;
        if (errno == EAGAIN) return false;
        if (errno == EINVAL) {
            upload().may_splice = false;
            return true;
        }
        return slice.fail(Outcome::network(code_of_errno(errno), errno));
    }
    if (got == 0) {
        slice.end = true;
        return false;
    }
    return empty_pipe(static_cast<std::size_t>(got), scratch, slice);
}

bool Transfer::empty_pipe(std::size_t bytes, std::span<std::byte> scratch, Slice& slice) {
    if (const auto reserved = reserve(at_ + bytes); !reserved) {
        return slice.fail(Outcome::file(reserved.error().code, reserved.error().system));
    }
    while (bytes > 0) {
        auto offset = static_cast<loff_t>(at_);
        const ssize_t put = upload().may_splice ? splice(upload().pipe[0], nullptr, parts_.file->descriptor(), &offset,
                                                         bytes, SPLICE_F_MOVE)
                                                : 0;
        if (put > 0) {
            const auto moved = static_cast<std::uint64_t>(put);
            at_ += moved;
            moved_ += moved;
            slice.bytes += moved;
            bytes -= static_cast<std::size_t>(put);
            continue;
        }
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && errno != EINVAL) return slice.fail(Outcome::file(code_of_errno(errno), errno));
        // This filesystem cannot: what is in the pipe goes through the buffer, and so does the rest of the file.
        upload().may_splice = false;
        const ssize_t got = read(upload().pipe[0], scratch.data(), std::min(bytes, scratch.size()));
        if (got <= 0) return slice.fail(Outcome::file(Code::io, errno));
        if (!keep(scratch.first(static_cast<std::size_t>(got)), slice)) return false;
        bytes -= static_cast<std::size_t>(got);
    }
    return true;
}

bool Transfer::keep(std::span<const std::byte> bytes, Slice& slice) {
    const auto stored = store(at_, bytes);
    if (!stored) return slice.fail(Outcome::file(stored.error().code, stored.error().system));
    at_ += bytes.size();
    moved_ += bytes.size();
    slice.bytes += bytes.size();
    return true;
}

bool Transfer::open_pipe() {
    if (upload().pipe[0] >= 0) return true;
    if (pipe2(upload().pipe, O_CLOEXEC) != 0) {
        upload().may_splice = false;
        return false;
    }
    fcntl(upload().pipe[1], F_SETPIPE_SZ, static_cast<int>(pipe_size));  // the usual 64 KiB work as well, only slower
    return true;
}

void Transfer::close_pipe() {
    for (int& end : upload().pipe) {
        if (end >= 0) close(end);
        end = -1;
    }
}

Result<void> Transfer::reserve(std::uint64_t end) {
    if (!parts_.upload) return {};  // the file will say that it is not open for writing
    if (upload().reservation && end > upload().old_size) {
        if (auto covered = upload().reservation.cover(end - upload().old_size); !covered) return covered;
    }
    const std::uint64_t floor = upload().policy.free_space_floor;
    if (floor == 0 || !upload().filesystem || end < upload().space_checked) return {};
    upload().space_checked = end + space_step;
    const auto space = upload().filesystem->space(parts_.path.parent());
    if (space && space->free < floor)
        return fail(Code::no_space, "the disk is filled up to the floor that uploads keep");
    return {};
}

Result<void> Transfer::truncate_late() {
    if (!parts_.upload || !upload().to_truncate) return {};
    if (auto cut = parts_.file->truncate(0); !cut) return cut;
    upload().to_truncate = false;
    upload().truncated = true;
    return {};
}

Result<void> Transfer::store(std::uint64_t offset, std::span<const std::byte> bytes) {
    if (auto cut = truncate_late(); !cut) return cut;
    if (auto reserved = reserve(offset + bytes.size()); !reserved) return reserved;
    return parts_.file->write_at(offset, bytes);
}

net::Task<Outcome> Transfer::receive_by_copy(net::Stream& stream, Encoding encoding, net::Duration stall) {
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(copy_size);
    const auto text = encoding == Encoding::ascii
                          ? std::make_unique_for_overwrite<std::byte[]>(copy_size + NewlineDecoder::max_owed + 1)
                          : nullptr;
    NewlineDecoder decoder;
    for (bool end = false; !end;) {
        // As much as is there, so that a worker is asked once for many small segments.
        const std::size_t most = static_cast<std::size_t>(parts_.throttle.slice(copy_size));
        std::size_t filled = 0;
        while (filled < most) {
            const net::Io io = stream.try_read({buffer.get() + filled, most - filled});
            if (io.would_block()) {
                if (filled > 0) break;
                co_await stream.wait(io.needs);
                continue;
            }
            if (!io.ok()) co_return ended(stream, io);
            end = io.bytes == 0;
            if (end) break;
            filled += io.bytes;
        }
        moved_ += filled;
        std::span<const std::byte> content(buffer.get(), filled);
        if (encoding == Encoding::ascii) {
            const std::span<std::byte> room(text.get(), copy_size + NewlineDecoder::max_owed + 1);
            std::size_t produced = decoder.convert(content, room).produced;
            if (end) produced += decoder.finish(room.subspan(produced));
            content = room.first(produced);
        }
        if (!content.empty()) {
            const auto stored =
                co_await parts_.commons.runtime.disk().run(parts_.loop, [&] { return store(at_, content); });
            if (!stored) co_return Outcome::file(stored.error().code, stored.error().system);
            at_ += content.size();
        }
        if (stream.cause() != Code::ok) co_return Outcome::network(stream.cause());
        stream.set_deadline(parts_.loop.now() + stall);
        if (!parts_.throttle.unlimited() && !co_await pay(stream, filled, stall)) co_return ended(stream, {});
        co_await parts_.loop.bulk_turn();
    }
    co_return co_await whole(stream);
}

}  // namespace wherry
