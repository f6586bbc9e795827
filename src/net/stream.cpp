#include "net/stream.h"

#include <array>

namespace wherry::net {
namespace {

constexpr std::chrono::seconds linger_for{2};             // how long close_gently waits for the peer
constexpr std::uint64_t linger_bytes = 16 * 1024 * 1024;  // and how much it drops

}  // namespace

Stream::Stream(Loop& loop, int descriptor, Watch::Class kind)
    : own_watch_(loop, descriptor, kind),
      watch_(own_watch_),
      pause_(loop, -1, kind),
      deadline_(loop.timers(), [](void* self) { static_cast<Stream*>(self)->abort(Code::timeout); }, this) {}

Stream::Stream(Stream& under)
    : own_watch_(under.loop(), -1),
      watch_(under.watch_),
      peer_(under.peer_),
      pause_(under.loop(), -1, under.watch_.kind()),
      deadline_(under.loop().timers(), [](void* self) { static_cast<Stream*>(self)->abort(Code::timeout); }, this) {}

Io Stream::try_send_file(int, std::uint64_t, std::size_t) { return Io::failed(Code::unsupported); }

Task<Io> Stream::read(std::span<std::byte> into) {
    for (;;) {
        const Io io = try_read(into);
        if (!io.would_block()) co_return io;
        co_await wait(io.needs);
    }
}

Task<Io> Stream::write_all(std::span<const std::byte> from) {
    std::size_t done = 0;
    while (done < from.size()) {
        const Io io = try_write(from.subspan(done));
        if (io.would_block()) {
            co_await wait(io.needs);
            continue;
        }
        if (!io.ok()) co_return io;
        done += io.bytes;
    }
    co_return Io::moved(done);
}

Task<Io> Stream::say_end() {
    for (;;) {
        const Io io = try_say_end();
        if (!io.would_block()) co_return io;
        co_await wait(io.needs);
    }
}

Task<void> Stream::pause_until(TimePoint due) {
    Timer alarm(loop().timers(), [](void* pause) { static_cast<Watch*>(pause)->signal_all(); }, &pause_);
    alarm.set(due);
    // What an earlier pause has left behind may wake this one; only the time or an abort ends it.
    while (cause() == Code::ok && alarm.is_set()) co_await pause_.readable();
}

Task<void> Stream::close_gently() {
    shutdown_write();
    set_deadline(loop().now() + linger_for);
    std::array<std::byte, 4096> dropped;
    for (std::uint64_t total = 0; total < linger_bytes;) {
        const Io io = co_await read(dropped);
        if (!io.ok() || io.bytes == 0) break;
        total += io.bytes;
    }
    clear_deadline();
}

void Stream::abort(Code cause) {
    if (cause_.load(std::memory_order_relaxed) != Code::ok) return;
    cause_.store(cause, std::memory_order_release);  // before on_abort: see cause()
    on_abort();
    watch_.signal_all();
    pause_.signal_all();
}

}  // namespace wherry::net
