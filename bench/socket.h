#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "loop.h"
#include "result.h"
#include "tls.h"

namespace wherry::bench {

/// A non-blocking TCP socket on 127.0.0.1, in clear or under TLS, watched by a loop and owned by one coroutine.
///
/// Closing is the owner's; anybody else may interrupt() it, which makes the owner's pending call end. TCP_NODELAY is
/// always on: both tools write whole messages.
class Socket {
public:
    explicit Socket(Loop& loop) : loop_(&loop) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { close(); }

    int fd() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    Loop& loop() const { return *loop_; }

    /// Takes over a connected non-blocking descriptor.
    Result<> adopt(int fd, Loop::Turn turn);
    void close();
    /// Shuts both directions down; the descriptor stays open.
    void interrupt() const;

    Task<Result<>> connect(std::uint16_t port, Loop::Turn turn);
    /// 0 bytes means the end of the stream.
    Task<Result<std::size_t>> receive(std::span<char> room);
    Task<Result<>> send_all(std::string_view bytes);

    /// Begins TLS: the handshake.
    Task<Result<>> secure(const TlsContext& context, Tls::Use use, ssl_session_st* resume = nullptr);
    Tls* tls() const { return tls_.get(); }  ///< null: in clear
    /// One try, under TLS or not, as the system's: -1 with errno, EAGAIN: wait until it is readable or writable.
    ssize_t try_receive(std::span<char> room) const;
    ssize_t try_send(std::string_view bytes) const;

    /// Listens on `port`, 0 for any free one; the port it got.
    Result<std::uint16_t> listen(std::uint16_t port, int backlog);
    /// The next connection's descriptor, non-blocking, for adopt().
    Task<Result<int>> accept();

private:
    Loop* loop_;
    int fd_ = -1;
    std::unique_ptr<Tls> tls_;
};

/// Lets the process open `wanted` descriptors, or as many as it may.
void raise_descriptor_limit(std::uint64_t wanted);

}  // namespace wherry::bench
