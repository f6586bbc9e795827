#include "net/tcp.h"

#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <mutex>

#include "net/door.h"
#include "net/port_pool.h"

namespace wherry::net {

Socket::~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
}

namespace {

Io failed_io(int number, Io::Needs needs) {
    if (number == EAGAIN || number == EWOULDBLOCK) return Io::wait_for(needs);
    return Io::failed(code_of_errno(number), number);
}

class TcpStream final : public Stream {
public:
    TcpStream(Loop& loop, Socket socket, const Address& peer, Watch::Class kind)
        : Stream(loop, socket.descriptor(), kind), descriptor_(socket.release()) {
        peer_ = peer;
    }
    ~TcpStream() override {
        watch_.forget(true);
        close(descriptor_);
    }

    Io try_read(std::span<std::byte> into) override {
        if (cause() != Code::ok) return Io::failed(cause());
        for (;;) {
            const ssize_t got = recv(descriptor_, into.data(), into.size(), 0);
            if (got >= 0) return Io::moved(static_cast<std::size_t>(got));
            if (errno != EINTR) return failed_io(errno, Io::Needs::read);
        }
    }

    Io try_write(std::span<const std::byte> from) override { return send_bytes(from, MSG_NOSIGNAL); }
    Io try_write_more(std::span<const std::byte> from) override { return send_bytes(from, MSG_NOSIGNAL | MSG_MORE); }

    // Both figures count the kernel's own structures, too: half of what they leave holds that much data.
    std::size_t room() const noexcept override {
        std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
        socklen_t length = sizeof memory;
        if (getsockopt(descriptor_, SOL_SOCKET, SO_MEMINFO, memory.data(), &length) != 0) return 0;
        const std::uint32_t most = memory[SK_MEMINFO_SNDBUF];
        const std::uint32_t queued = memory[SK_MEMINFO_WMEM_QUEUED];
        return most > queued ? (most - queued) / 2 : 0;
    }

    Io try_send_file(int file, std::uint64_t offset, std::size_t bytes) override {
        if (cause() != Code::ok) return Io::failed(cause());
        auto at = static_cast<off_t>(offset);
        for (;;) {
            const ssize_t put = sendfile(descriptor_, file, &at, bytes);
            if (put >= 0) return Io::moved(static_cast<std::size_t>(put));
            if (errno == EINVAL || errno == ENOSYS) return Io::failed(Code::unsupported, errno);
            if (errno != EINTR) return failed_io(errno, Io::Needs::write);
        }
    }

    int raw_descriptor() const noexcept override { return descriptor_; }
    Address local() const override {
        if (!knows_local_) known_local_ = local_address(descriptor_);
        knows_local_ = true;
        return known_local_;
    }

    void shutdown_write() override { shutdown(descriptor_, SHUT_WR); }

    bool has_unread() override {
        char byte = 0;
        return recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    }
    // poll(2) first: recv(2) would take the error of a broken connection from whoever reads it.
    bool has_ended() const noexcept override {
        pollfd look{.fd = descriptor_, .events = POLLIN | POLLRDHUP, .revents = 0};
        if (poll(&look, 1, 0) <= 0 || (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0) return false;
        if ((look.revents & (POLLHUP | POLLERR)) != 0) return true;
        char byte = 0;
        return recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    }

private:
    Io send_bytes(std::span<const std::byte> from, int flags) {
        if (cause() != Code::ok) return Io::failed(cause());
        for (;;) {
            const ssize_t put = send(descriptor_, from.data(), from.size(), flags);
            if (put >= 0) return Io::moved(static_cast<std::size_t>(put));
            if (errno != EINTR) return failed_io(errno, Io::Needs::write);
        }
    }

    // A worker may be reading from the descriptor: this makes it stop without closing what it uses.
    void on_abort() override { shutdown(descriptor_, SHUT_RDWR); }

    int descriptor_;
    mutable Address known_local_;
    mutable bool knows_local_ = false;
};

class TcpListener final : public Listener {
public:
    TcpListener(Loop& loop, Socket socket, const Address& local)
        : socket_(std::move(socket)), watch_(loop, socket_.descriptor()), local_(local) {}
    ~TcpListener() override { watch_.forget(true); }

    Address local() const override { return local_; }
    Watch& watch() override { return watch_; }

    Result<StreamPtr> try_accept(Watch::Class kind) override {
        for (;;) {
            sockaddr_storage system{};
            socklen_t length = sizeof system;
            const int descriptor = accept4(socket_.descriptor(), reinterpret_cast<sockaddr*>(&system), &length,
                                           SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (descriptor >= 0) {
                return tcp_stream(watch_.loop(), Socket(descriptor), Address::from_system(system), kind);
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK) return fail(Code::would_block);
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                return fail_errno(errno, "accepting on", local_.text());
            }
            if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK) {
                return fail_errno(errno, "accepting on", local_.text());
            }
        }
    }

private:
    Socket socket_;
    Watch watch_;
    Address local_;
};

int family_of(const Address& address) { return address.is_ipv6() ? AF_INET6 : AF_INET; }

void set_option(int descriptor, int level, int name, int value) {
    setsockopt(descriptor, level, name, &value, sizeof value);
}

enum class Purpose : std::uint8_t { listening, listening_again, connecting };

Result<Socket> bound_socket(const Address& local, Purpose purpose, Families families = Families::both) {
    Socket socket(::socket(family_of(local), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return fail_errno(errno, "opening a socket for", local.text());
    if (purpose == Purpose::listening_again || (purpose == Purpose::connecting && local.port() != 0)) {
        set_option(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, 1);
    } else if (purpose == Purpose::connecting) {
        // One that is free for that peer is enough, and the system knows the peer when it connects.
        set_option(socket.descriptor(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    }
    const bool both = local.is_unspecified() && families == Families::both;
    if (local.is_ipv6()) set_option(socket.descriptor(), IPPROTO_IPV6, IPV6_V6ONLY, both ? 0 : 1);
    sockaddr_storage system{};
    const socklen_t length = local.to_system(system);
    if (bind(socket.descriptor(), reinterpret_cast<const sockaddr*>(&system), length) != 0) {
        return fail_errno(errno, "binding", local.text());
    }
    return socket;
}

Result<Socket> listening_socket(const Address& local, const ListenOptions& options) {
    auto socket = bound_socket(local, options.reuse_address ? Purpose::listening_again : Purpose::listening);
    if (socket && ::listen(socket->descriptor(), options.backlog) != 0) {
        return fail_errno(errno, "listening on", local.text());
    }
    return socket;
}

class TcpNetwork final : public Network {
public:
    Result<ListenerPtr> listen(Loop& loop, const Address& local, const ListenOptions& options) override {
        if (options.client) return listen_shared(loop, local, options);
        auto socket = local.port() == 0 && options.reuse_address ? listening_anywhere(local, options)
                                                                 : listening_socket(local, options);
        if (!socket) return std::unexpected(std::move(socket.error()));
        const Address bound = local.port() != 0 ? local : local_address(socket->descriptor());
        return std::make_unique<TcpListener>(loop, std::move(*socket), bound);
    }

    Task<Result<StreamPtr>> connect(Loop& loop, const Address& local, const Address& remote, TimePoint deadline,
                                    ConnectStop& stop) override {
        auto socket = bound_socket(local, Purpose::connecting);
        if (!socket) co_return std::unexpected(std::move(socket.error()));
        const int descriptor = socket->descriptor();
        sockaddr_storage system{};
        const socklen_t length = remote.to_system(system);
        const bool done = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&system), length) == 0;
        if (!done && errno != EINPROGRESS) co_return fail_errno(errno, "connecting to", remote.text());
        auto stream = tcp_stream(loop, std::move(*socket), remote, Watch::Class::bulk);
        if (done) co_return stream;

        stop.attach(stream.get());
        stream->set_deadline(deadline);
        int error = EINPROGRESS;
        while (stream->cause() == Code::ok && stop.cause() == Code::ok) {
            co_await stream->wait(Io::Needs::write);
            socklen_t size = sizeof error;
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
            sockaddr_storage who{};
            socklen_t who_length = sizeof who;
            if (error != 0 || getpeername(descriptor, reinterpret_cast<sockaddr*>(&who), &who_length) == 0) break;
        }
        stop.attach(nullptr);
        stream->clear_deadline();
        if (stream->cause() != Code::ok) co_return fail(stream->cause(), "connecting to " + remote.text());
        if (stop.cause() != Code::ok) co_return fail(stop.cause(), "connecting to " + remote.text());
        if (error != 0) co_return fail_errno(error, "connecting to", remote.text());
        co_return stream;
    }

private:
    // The system's own search passes over every port at which a connection has ended within the last minute, one after
    // the other. A server of many small files would soon find it slow, and in the end without a result.
    Result<Socket> listening_anywhere(const Address& local, const ListenOptions& options) {
        for (int i = 0; i < guesses; ++i) {
            const std::uint16_t port = system_ports_.any();
            if (port == 0) break;
            auto socket = listening_socket(local.with_port(port), options);
            if (socket || socket.error().system != EADDRINUSE) return socket;
        }
        return listening_socket(local, options);
    }

    Result<ListenerPtr> listen_shared(Loop& loop, const Address& local, const ListenOptions& options) {
        const std::lock_guard lock(mutex_);
        std::erase_if(doors_, [](const auto& door) { return door.second.expired(); });
        const auto found = doors_.find(local.text());
        if (found != doors_.end()) {
            if (const auto door = found->second.lock()) return door->wait_for(loop, *options.client);
        }
        auto socket = listening_socket(local, options);
        if (!socket) return std::unexpected(std::move(socket.error()));
        const auto door = std::make_shared<Door>(std::move(*socket), local);
        doors_.insert_or_assign(local.text(), door);
        return door->wait_for(loop, *options.client);
    }

    static constexpr int guesses = 8;  // nearly all ports are free at nearly all times
    const SystemPorts system_ports_ = SystemPorts::read();
    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<Door>> doors_;  // by where they are; at most one per port and local address
};

}  // namespace

std::unique_ptr<Network> tcp_network() { return std::make_unique<TcpNetwork>(); }

StreamPtr tcp_stream(Loop& loop, Socket socket, const Address& peer, Watch::Class kind) {
    return std::make_unique<TcpStream>(loop, std::move(socket), peer, kind);
}

Address local_address(int descriptor) {
    sockaddr_storage system{};
    socklen_t length = sizeof system;
    if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&system), &length) != 0) return {};
    return Address::from_system(system);
}

Result<Socket> listen_tcp(const Address& local, int backlog, Families families) {
    auto socket = bound_socket(local, Purpose::listening_again, families);
    if (!socket && families == Families::both && local.is_ipv6() && local.is_unspecified() &&
        (socket.error().system == EAFNOSUPPORT || socket.error().system == EADDRNOTAVAIL)) {
        socket = bound_socket(Address::any_ipv4(local.port()), Purpose::listening_again);
    }
    if (!socket) {
        auto error = std::move(socket.error());
        if (error.system == EADDRINUSE) error.message += "; another program serves that port: choose another one";
        if (error.system == EACCES) error.message += "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
        if (error.system == EADDRNOTAVAIL) error.message += "; this machine has no such address";
        return std::unexpected(std::move(error));
    }
    if (::listen(socket->descriptor(), backlog) != 0) return fail_errno(errno, "listening on", local.text());
    return socket;
}

Task<Result<StreamPtr>> Listener::accept(Watch::Class kind, TimePoint deadline) {
    Timer alarm(watch().loop().timers(), [](void* self) { static_cast<Listener*>(self)->abort(Code::timeout); }, this);
    if (deadline != TimePoint::max()) alarm.set(deadline);
    for (;;) {
        if (cause_ != Code::ok) co_return fail(cause_, "waiting for a connection on " + local().text());
        auto stream = try_accept(kind);
        if (stream || stream.error().code != Code::would_block) co_return stream;
        co_await watch().readable();
    }
}

void Listener::abort(Code cause) {
    if (cause_ != Code::ok) return;
    cause_ = cause;
    watch().signal_all();
}

}  // namespace wherry::net
