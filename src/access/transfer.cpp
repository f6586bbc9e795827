#include "access/transfer.h"

#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "access/page_cache.h"
#include "vfs/posix_file.h"

namespace wherry {
namespace {

// Of one turn. A connection that gets little at a time, after a pause, costs the kernel twice as much (pacing).
constexpr std::uint64_t send_slice_alone = 2 * 1024 * 1024;  // when nobody else waits for the loop's bulk work
constexpr std::uint64_t send_slice_shared = 512 * 1024;
constexpr std::uint64_t copy_slice_size = 512 * 1024;    // the same, of what has to be encrypted here
constexpr std::size_t copy_least = 16 * 1024;            // read at once, even if no more room is known of
constexpr std::uint64_t worth_a_worker = 64 * 1024;      // of that
constexpr std::uint64_t cache_window = 4 * 1024 * 1024;  // asked for, or read ahead, at once
constexpr std::size_t copy_size = 128 * 1024;            // buffer of a transfer that the kernel cannot do alone
constexpr std::size_t text_size = 2 * copy_size + NewlineEncoder::max_owed;  // what that may become as text

}  // namespace

Transfer::Transfer(Parts parts) : parts_(std::move(parts)), at_(parts_.offset), began_(parts_.loop.now()) {
    parts_.commons.metrics.add(Metric::transfers);
}

Transfer::~Transfer() {
    if (parts_.upload) close_pipe();
    if (finished_) return;
    if (parts_.file) {
        std::shared_ptr<File> file = std::move(parts_.file);
        FilesystemPtr filesystem = to_be_dropped(Code::aborted) ? upload().filesystem : nullptr;
        parts_.commons.runtime.disk().run_detached(
            parts_.loop, [file = std::move(file), filesystem = std::move(filesystem), path = parts_.path]() mutable {
                file->failed(Code::aborted);
                [[maybe_unused]] const auto closed = file->close();
                file.reset();
                if (filesystem) static_cast<void>(filesystem->remove_file(path));
            });
    }
    account(Code::aborted, parts_.loop.now());
}

// --- ends

Outcome Transfer::ended(const net::Stream& stream, net::Io io) const {
    if (stream.cause() != Code::ok) return Outcome::network(stream.cause());
    return Outcome::network(io.code, io.system);
}

// What closing says.
Result<void> Transfer::close_file(Code cause) {
    if (!parts_.file) return parts_.upload ? upload().closed : Result<void>();
    Result<void> cut;
    if (cause == Code::ok) cut = truncate_late();  // not a byte came, and that is the file
    if (!cut) cause = cut.error().code;
    if (cause != Code::ok) parts_.file->failed(cause);
    auto closed = parts_.file->close();
    if (!cut) closed = std::move(cut);
    parts_.file.reset();
    // What cannot be removed stays: the upload has failed already, and its client is told so.
    if (to_be_dropped(cause)) static_cast<void>(upload().filesystem->remove_file(parts_.path));
    return closed;
}

bool Transfer::to_be_dropped(Code cause) const noexcept {
    if (cause == Code::ok || !parts_.upload || !upload().filesystem) return false;
    if (upload().unique && moved_ == 0) return true;  // the name was made for it, and nothing came
    return upload().policy.drop_broken && !upload().policy.atomic && upload().truncated;
}

bool Transfer::finish_at_once(Outcome outcome) {
    if (!parts_.quick_close) return false;
    finished_ = true;
    parts_.file.reset();
    account(outcome.cause, parts_.loop.now());
    return true;
}

net::Task<Result<void>> Transfer::finish(Outcome outcome) {
    finished_ = true;
    Result<void> closed;
    if (parts_.file && parts_.quick_close) {
        parts_.file.reset();
    } else if (parts_.file) {
        net::Lane& disk = parts_.commons.runtime.disk();
        const auto close = [&] { closed = close_file(outcome.cause); };
        const bool is_short = parts_.upload && upload().short_jobs;
        co_await (is_short ? disk.run_short(parts_.loop, close) : disk.run(parts_.loop, close));
    } else if (parts_.upload) {
        closed = upload().closed;
    }
    if (outcome.complete() && !closed) outcome = Outcome::file(closed.error().code, closed.error().system);
    account(outcome.cause, parts_.loop.now());
    if (outcome.complete()) co_return Result<void>();
    if (outcome.words != nullptr) co_return refuse(outcome.cause, outcome.words);
    if (!closed) co_return std::unexpected(closed.error());
    co_return fail(outcome.cause, {}, outcome.system);
}

// What the user's tree has grown by. What a failed upload left behind counts as well.
void Transfer::settle(Code cause) {
    Upload& upload = *parts_.upload;
    const auto old_size = static_cast<std::int64_t>(upload.old_size);
    const auto came = static_cast<std::int64_t>(at_);
    if (to_be_dropped(cause)) return upload.reservation.settle(-old_size, upload.existed ? -1 : 0);
    if (cause != Code::ok && upload.policy.atomic) {
        // The old file is as it was; beside it may stand what came.
        const bool kept = upload.policy.keep_partial;
        return upload.reservation.settle(kept ? came : 0, kept ? 1 : 0);
    }
    const bool anew = parts_.offset == 0 && !upload.to_truncate;
    const std::int64_t now_there = anew ? came : std::max(came, old_size);
    upload.reservation.settle(now_there - old_size, upload.existed ? 0 : 1);
}

void Transfer::account(Code cause, net::TimePoint now) {
    Commons& commons = parts_.commons;
    const bool upload = parts_.upload != nullptr;
    if (upload && parts_.upload->reservation) settle(cause);
    parts_.permit.release();
    commons.metrics.add(Metric::transfers, -1);
    if (uncounted_) return;
    commons.metrics.add(upload ? Metric::uploads_total : Metric::downloads_total);
    commons.metrics.add(upload ? Metric::bytes_received_total : Metric::bytes_sent_total,
                        static_cast<std::int64_t>(moved_));
    if (cause != Code::ok) commons.metrics.add(Metric::transfers_failed_total);
    if (!parts_.session) return;
    const auto describe = [&] {
        const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(now - began_);
        return event::Transferred{*parts_.session, parts_.path, parts_.offset, moved_, duration, cause};
    };
    if (upload) {
        commons.events.publish<event::Received>([&] { return event::Received{describe()}; });
    } else {
        commons.events.publish<event::Sent>([&] { return event::Sent{describe()}; });
    }
}

// --- downloads

net::Task<Outcome> Transfer::send_to(net::Stream& stream, Wire wire, net::Duration stall) {
    stream.set_deadline(parts_.loop.now() + stall);
    if (wire.deflate) return send_deflated(stream, wire, stall);
    if (wire.encoding == Encoding::image && parts_.file->descriptor() >= 0) return send_by_descriptor(stream, stall);
    return send_by_copy(stream, wire.encoding, stall);
}

// From the loop as long as the bytes are in the page cache: by the kernel alone, or, where the stream has to see them
// (TLS), through the loop's scratch.
net::Task<Outcome> Transfer::send_by_descriptor(net::Stream& stream, net::Duration stall) {
    net::Loop& loop = parts_.loop;
    const int file = parts_.file->descriptor();
    const std::uint64_t end = size();
    std::uint64_t cached_until = at_;
    bool copying = !parts_.commons.use_sendfile;
    bool on_lane = false;  // the kernel cannot tell what is in memory: a worker sends, in case it has to wait
    while (at_ < end) {
        const std::uint64_t turn = copying ? copy_slice_size : loop.has_bulk() ? send_slice_shared : send_slice_alone;
        const std::uint64_t most = std::min(end - at_, turn);
        const std::uint64_t slice = parts_.throttle.unlimited() ? most : parts_.throttle.slice(most);
        if (!on_lane && at_ + slice > cached_until) {
            const std::uint64_t window =
                std::min(end - at_, std::max(slice, cached_until == parts_.offset ? slice : cache_window));
            const Cached cached = cached_in_memory(file, at_, window);
            if (cached == Cached::no) {
                co_await parts_.commons.runtime.disk().run(loop, [&] { bring_into_memory(file, at_, window); });
            }
            on_lane = cached == Cached::unknown && stream.works_on_lanes();
            cached_until = at_ + window;
        }
        Result<net::Io> io;
        // What has to be encrypted, here or by the kernel, keeps the loop busy: where it has other work, too, a worker
        // does it, unless that is done before one would be awake.
        const bool costly = (copying || stream.is_secure()) && slice >= worth_a_worker;
        if (on_lane || (costly && loop.has_bulk() && stream.works_on_lanes())) {
            io = co_await parts_.commons.runtime.disk().run(loop, [&](net::Lane::Worker& worker) {
                return send_slice(stream, copying, slice, copying ? worker.scratch() : std::span<std::byte>());
            });
        } else {
            io = send_slice(stream, copying, slice, copying ? loop.scratch() : std::span<std::byte>());
        }
        if (!io) co_return Outcome::file(io.error().code, io.error().system);
        if (io->would_block()) {
            co_await stream.wait(io->needs);
            continue;
        }
        if (io->code == Code::unsupported && !copying) {
            copying = true;
            continue;
        }
        if (!io->ok()) co_return ended(stream, *io);
        if (io->bytes == 0) co_return Outcome::file(Code::io);  // the file has become shorter meanwhile
        at_ += io->bytes;
        moved_ += io->bytes;
        stream.set_deadline(loop.now() + stall);
        if (!parts_.throttle.unlimited() && !co_await pay(stream, io->bytes, stall)) co_return ended(stream, *io);
        if (at_ < end) co_await loop.bulk_turn();
    }
    co_return Outcome();
}

// One attempt. What was read and not taken by the stream is read again by the next one.
Result<net::Io> Transfer::send_slice(net::Stream& stream, bool copying, std::uint64_t bytes,
                                     std::span<std::byte> scratch) {
    const auto count = static_cast<std::size_t>(bytes);
    if (!copying) return stream.try_send_file(parts_.file->descriptor(), at_, count);
    const net::Io room = stream.try_flush();
    if (!room.ok()) return room;
    const std::size_t taken = std::max(stream.room(), copy_least);
    const auto got = parts_.file->read_at(at_, scratch.first(std::min({count, scratch.size(), taken})));
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return net::Io::moved(0);
    return stream.try_write(scratch.first(*got));
}

net::Task<Outcome> Transfer::send_by_copy(net::Stream& stream, Encoding encoding, net::Duration stall) {
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(copy_size);
    const auto text = encoding == Encoding::ascii ? std::make_unique_for_overwrite<std::byte[]>(text_size) : nullptr;
    NewlineEncoder encoder;
    for (;;) {
        const std::uint64_t left = parts_.end - std::min(at_, parts_.end);
        const std::uint64_t slice = std::min(left, parts_.throttle.slice(copy_size));
        const std::span<std::byte> room(buffer.get(), static_cast<std::size_t>(slice));
        const auto got = slice == 0 ? Result<std::size_t>(0) : co_await read_at(at_, room);
        if (!got) co_return Outcome::file(got.error().code, got.error().system);
        at_ += *got;
        std::span<const std::byte> out = room.first(*got);
        if (encoding == Encoding::ascii) {
            const std::span<std::byte> place(text.get(), text_size);
            std::size_t produced = encoder.convert(out, place).produced;
            if (*got == 0) produced += encoder.finish(place.subspan(produced));
            out = place.first(produced);
        }
        if (!out.empty()) {
            const Outcome written = co_await write_out(stream, out, stall);
            if (!written.complete()) co_return written;
            if (!parts_.throttle.unlimited() && !co_await pay(stream, out.size(), stall)) co_return ended(stream, {});
        }
        if (*got == 0) co_return Outcome();
    }
}

net::Task<Outcome> Transfer::write_out(net::Stream& stream, std::span<const std::byte> bytes, net::Duration stall) {
    while (!bytes.empty()) {
        const net::Io io = stream.try_write(bytes);
        if (io.would_block()) {
            co_await stream.wait(io.needs);
            continue;
        }
        if (!io.ok()) co_return ended(stream, io);
        moved_ += io.bytes;
        bytes = bytes.subspan(io.bytes);
        stream.set_deadline(parts_.loop.now() + stall);
        co_await parts_.loop.bulk_turn();
    }
    co_return Outcome();
}

// Pays for bytes that have moved; false if the stream was aborted while waiting.
net::Task<bool> Transfer::pay(net::Stream& stream, std::uint64_t bytes, net::Duration stall) {
    const auto delay = parts_.throttle.take(bytes, parts_.loop.now());
    if (delay > std::chrono::nanoseconds::zero()) {
        const auto until = parts_.loop.now() + delay;
        stream.set_deadline(until + stall);
        co_await stream.pause_until(until);
    }
    co_return stream.cause() == Code::ok;
}

net::Task<Result<std::size_t>> Transfer::read_at(std::uint64_t offset, std::span<std::byte> into) {
    co_return co_await parts_.commons.runtime.disk().run(parts_.loop,
                                                         [&] { return parts_.file->read_at(offset, into); });
}

net::Task<Result<void>> Transfer::write_at(std::uint64_t offset, std::span<const std::byte> from) {
    net::Lane& disk = parts_.commons.runtime.disk();
    const auto write = [&] { return store(offset, from); };
    const bool is_short = parts_.upload && upload().short_jobs && from.size() <= short_piece;
    const auto written = co_await (is_short ? disk.run_short(parts_.loop, write) : disk.run(parts_.loop, write));
    if (written) {
        at_ = std::max(at_, offset + from.size());
        moved_ += from.size();
    }
    co_return written;
}

net::Task<Result<std::uint64_t>> Transfer::copy_from(File& source, std::uint64_t from, std::uint64_t bytes) {
    const auto copied = co_await parts_.commons.runtime.disk().run(parts_.loop, [&]() -> Result<std::uint64_t> {
        if (auto reserved = reserve(at_ + bytes); !reserved) return std::unexpected(std::move(reserved.error()));
        return parts_.file->copy_from(source, from, at_, bytes);
    });
    if (copied) {
        at_ += *copied;
        moved_ += *copied;
    }
    co_return copied;
}

namespace {

bool differs(const Stat& now, const Transfer::Opened& then) {
    if (now.size != then.size || now.modified != then.modified || now.modified_nsec != then.modified_nsec) return true;
    // Written with its old time set again. That a name of it has come or gone, as when another file has taken its
    // place, changes none of its bytes.
    const bool touched = then.changed != 0 && Transfer::folded(now.changed) != then.changed;
    return touched && static_cast<std::uint16_t>(now.links) == then.links;
}

// Of a file without a descriptor. May wait.
bool has_changed_elsewhere(File& file, const Transfer::Opened& then) {
    if (file.descriptor() >= 0) return false;
    const auto now = file.stat();
    return now && differs(*now, then);
}

}  // namespace

bool Transfer::has_changed() const {
    struct stat now{};
    const int file = parts_.file->descriptor();
    // What a file without a descriptor is now cannot be asked without waiting for it.
    return file >= 0 && ::fstat(file, &now) == 0 && differs(vfs::stat_of(now), parts_.opened);
}

net::Task<Result<Transfer::Part>> Transfer::read_part(std::uint64_t offset, std::span<std::byte> into) {
    co_return co_await parts_.commons.runtime.disk().run(parts_.loop, [&]() -> Result<Part> {
        const auto got = parts_.file->read_at(offset, into);
        if (!got) return std::unexpected(got.error());
        return Part{*got, has_changed() || has_changed_elsewhere(*parts_.file, parts_.opened)};
    });
}

Result<Transfer::Part> Transfer::read_part_at_once(std::uint64_t offset, std::span<std::byte> into) {
    const int file = parts_.file->descriptor();
    if (file < 0) return fail(Code::would_block);
    Part part;
    int flags = RWF_NOWAIT;
    while (part.bytes < into.size()) {
        const iovec piece{into.data() + part.bytes, into.size() - part.bytes};
        const ssize_t got = preadv2(file, &piece, 1, static_cast<off_t>(offset + part.bytes), flags);
        // Some filesystems, tmpfs among them, cannot be asked so.
        if (got < 0 && errno == EOPNOTSUPP && std::exchange(flags, 0) != 0 &&
            cached_in_memory(file, offset, into.size()) == Cached::yes) {
            continue;
        }
        if (got < 0) return fail(Code::would_block);  // a worker will find out why
        if (got == 0) break;
        part.bytes += static_cast<std::size_t>(got);
    }
    part.changed = has_changed();
    return part;
}

std::chrono::nanoseconds Transfer::count(std::uint64_t bytes) {
    moved_ += bytes;
    if (parts_.throttle.unlimited()) return std::chrono::nanoseconds(0);
    return parts_.throttle.take(bytes, parts_.loop.now());
}

}  // namespace wherry
