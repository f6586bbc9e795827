#pragma once
// Stream: a two-way pipe of bytes with a deadline, whatever is under it: a TCP socket, TLS on one, a pipe in memory.
//
// Belongs to one loop. The try_ functions never wait; the coroutines below wait for them. abort() is the one way to end
// a stream from the side (a deadline, ABOR, kill): whoever waits wakes up, and every later call answers with the cause.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "net/address.h"
#include "net/loop.h"
#include "net/task.h"
#include "wherry/result.h"

namespace wherry::net {

// What became of one attempt to move bytes. Code::ok with 0 bytes read: the peer has ended its side in an orderly way.
// Code::would_block: wait for `needs` and try again.
struct Io {
    enum class Needs : std::uint8_t { read, write };
    std::size_t bytes = 0;
    Code code = Code::ok;
    int system = 0;
    Needs needs = Needs::read;

    bool ok() const noexcept { return code == Code::ok; }
    bool would_block() const noexcept { return code == Code::would_block; }
    static Io moved(std::size_t bytes) noexcept { return {bytes}; }
    static Io failed(Code code, int system = 0) noexcept { return {0, code, system}; }
    static Io wait_for(Needs needs) noexcept { return {0, Code::would_block, 0, needs}; }
};

class Stream {
public:
    Stream(Loop& loop, int descriptor, Watch::Class kind);
    // A stream over another one, which it waits with: only one of the two may be waited on.
    explicit Stream(Stream& under);
    virtual ~Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // --- attempts, never wait ----------------------------------------------------------------------------------------
    virtual Io try_read(std::span<std::byte> into) = 0;
    virtual Io try_write(std::span<const std::byte> from) = 0;
    // The same, when more follows at once: the system may hold back what fills no packet.
    virtual Io try_write_more(std::span<const std::byte> from) { return try_write(from); }
    // So many bytes, or more, would be taken by the next write; 0: nobody knows.
    virtual std::size_t room() const noexcept { return 0; }
    // Code::ok if nothing that was accepted still waits in here: a write would find room.
    virtual Io try_flush() { return Io::moved(0); }
    // Bytes of an open file from `offset`, by the kernel, without passing through here. Code::unsupported where the
    // stream cannot (TLS without kernel help, memory). May wait for the disk if the bytes are not in memory.
    virtual Io try_send_file(int file, std::uint64_t offset, std::size_t bytes);
    // The peer's data can be read by a worker straight from this descriptor (recv(2), splice(2)); -1: it cannot.
    virtual int raw_descriptor() const noexcept { return -1; }
    // What a worker may poll(2) for further input; -1: nothing.
    virtual int poll_descriptor() const noexcept { return raw_descriptor(); }
    // A worker may call the attempts above, as long as nobody on the loop calls anything but
    // wait() and abort().
    virtual bool works_on_lanes() const noexcept { return raw_descriptor() >= 0; }

    // --- coroutines --------------------------------------------------------------------------------------------------
    Task<Io> read(std::span<std::byte> into);  // some bytes, at least one unless ended
    Task<Io> write_all(std::span<const std::byte> from);
    Watch::Wait wait(Io::Needs needs) noexcept {
        return needs == Io::Needs::write ? watch_.writable() : watch_.readable();
    }
    // Until the next wait nothing that happens to the socket wakes the loop: for a worker who reads it meanwhile.
    // Not while somebody waits.
    void unwatch() noexcept { watch_.forget(); }
    // Lets a read that waits look again although nothing has come: its owner has something else for it to see.
    void wake_reader() { watch_.signal(true, false); }
    // Waits until `due`, or until the stream is aborted. Others may read and write meanwhile.
    Task<void> pause_until(TimePoint due);

    // True if the stream has taken bytes from the system that nobody has read: try_read() gives them, and the system
    // will not tell of them again.
    virtual bool holds_input() const noexcept { return false; }
    // True if the peer has sent something that nobody has read: closing now would reset the connection.
    virtual bool has_unread() { return false; }

    // True if the peer has ended its side, or the connection is broken, and there is nothing left to read. Takes
    // nothing; from any thread, while the stream is there.
    virtual bool has_ended() const noexcept { return false; }

    // --- ends --------------------------------------------------------------------------------------------------------
    // Tells the peer that all has been written, where the stream has words for that (TLS: close_notify); needs waiting
    // like a write. Not part of an abort: what is broken off must not look complete.
    virtual Io try_say_end() { return Io::moved(0); }
    Task<Io> say_end();
    // No more will be written; what was written is still delivered.
    virtual void shutdown_write() {}
    // An orderly end: shutdown_write(), then whatever the peer still sends is read and dropped for a short time, so
    // that it does not see a reset before it has read everything.
    Task<void> close_gently();
    // From the side, on the loop's thread.
    void abort(Code cause);
    // Code::ok while the stream lives; else why it was aborted. From any thread: a worker that reads from
    // raw_descriptor() tells an end of the data from an abort by this.
    Code cause() const noexcept { return cause_.load(std::memory_order_acquire); }

    // The stream aborts itself with Code::timeout at this time; moving it on is free.
    void set_deadline(TimePoint due) { deadline_.set(due); }
    void clear_deadline() noexcept { deadline_.cancel(); }

    const Address& peer() const noexcept { return peer_; }
    virtual Address local() const = 0;
    Loop& loop() const noexcept { return watch_.loop(); }
    virtual bool is_secure() const noexcept { return false; }

protected:
    virtual void on_abort() {}

private:
    Watch own_watch_;  // not used by a stream over another one

protected:
    Watch& watch_;
    Address peer_;

private:
    Watch pause_;  // whoever pauses waits here, so that the places of reader and writer stay free
    Timer deadline_;
    std::atomic<Code> cause_{Code::ok};
};
using StreamPtr = std::unique_ptr<Stream>;

}  // namespace wherry::net
