#pragma once
// Network: makes listeners and connections. The real one is TCP (tcp.h); tests have one in memory.
#include <cstdint>
#include <memory>
#include <optional>

#include "net/address.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/task.h"

namespace wherry::net {

// An open listening socket, not yet tied to a loop: several loops may accept from it. Closed by its destructor.
class Socket {
public:
    Socket() = default;
    explicit Socket(int descriptor) noexcept : descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Socket& operator=(Socket&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~Socket();
    int descriptor() const noexcept { return descriptor_; }
    int release() noexcept { return std::exchange(descriptor_, -1); }
    explicit operator bool() const noexcept { return descriptor_ >= 0; }

private:
    int descriptor_ = -1;
};

// Accepts connections. Belongs to one loop.
class Listener {
public:
    virtual ~Listener() = default;
    virtual Address local() const = 0;
    // One connection that is already there, else Code::would_block; Code::io with errno when the system is out of
    // descriptors or memory. Connections that broke before they were accepted are passed over.
    virtual Result<StreamPtr> try_accept(Watch::Class kind) = 0;
    virtual Watch& watch() = 0;

    // Waits for a connection until abort() or `deadline` (TimePoint::max(): none): then the cause.
    Task<Result<StreamPtr>> accept(Watch::Class kind, TimePoint deadline);
    void abort(Code cause);
    Code cause() const noexcept { return cause_; }

private:
    Code cause_ = Code::ok;
};
using ListenerPtr = std::unique_ptr<Listener>;

struct ListenOptions {
    int backlog = 1;
    // SO_REUSEADDR: for ports that must be had again while connections that have ended there wait out their time, after
    // a restart or because there are so many.
    bool reuse_address = false;
    // Share the port with others who wait for other clients: only connections of this address are accepted. Code::busy
    // if somebody waits for it there already.
    std::optional<Address> client;
};

class Network {
public:
    virtual ~Network() = default;
    // A listener of one loop: for data connections. Port 0 lets the system choose. From any loop's thread.
    virtual Result<ListenerPtr> listen(Loop& loop, const Address& local, const ListenOptions& options) = 0;
    // Connects from `local` (its port 0: any) to `remote`, until `deadline`. `stop`: set by whoever wants to give up,
    // the way an aborted stream does; see ConnectStop.
    virtual Task<Result<StreamPtr>> connect(Loop& loop, const Address& local, const Address& remote, TimePoint deadline,
                                            class ConnectStop& stop) = 0;
};

// Lets another coroutine of the same loop give up a connect() that is under way.
class ConnectStop {
public:
    void abort(Code cause) {
        cause_ = cause;
        if (stream_ != nullptr) stream_->abort(cause);
    }
    Code cause() const noexcept { return cause_; }
    void attach(Stream* stream) noexcept { stream_ = stream; }

private:
    Code cause_ = Code::ok;
    Stream* stream_ = nullptr;
};

}  // namespace wherry::net
