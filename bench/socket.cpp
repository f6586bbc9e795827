#include "socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace wherry::bench {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

sockaddr* generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

void set_option(int fd, int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); }

int open_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

}  // namespace

Result<> Socket::adopt(int fd, Loop::Turn turn) {
    close();
    if (fd < 0) return fail_errno("socket");
    fd_ = fd;
    set_option(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
    if (!loop_->watch(fd_, turn)) return fail_errno("epoll_ctl");
    return {};
}

void Socket::close() {
    if (fd_ < 0) return;
    tls_.reset();
    loop_->forget(fd_);
    ::close(std::exchange(fd_, -1));
}

void Socket::interrupt() const {
    if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

Task<Result<>> Socket::connect(std::uint16_t port, Loop::Turn turn) {
    if (auto adopted = adopt(open_socket(), turn); !adopted) co_return adopted;
    auto address = loopback(port);
    if (::connect(fd_, generic(address), sizeof address) == 0) co_return {};
    if (errno != EINPROGRESS) co_return fail_errno("connect");
    co_await loop_->writable(fd_);
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) co_return fail_errno("connect", error);
    co_return {};
}

Task<Result<std::size_t>> Socket::receive(std::span<char> room) {
    for (;;) {
        const auto got = try_receive(room);
        if (got >= 0) co_return static_cast<std::size_t>(got);
        if (errno == EAGAIN) {
            co_await loop_->readable(fd_);
        } else if (errno != EINTR) {
            co_return fail_errno("receive");
        }
    }
}

Task<Result<>> Socket::send_all(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = try_send(bytes);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            co_await loop_->writable(fd_);
        } else if (errno != EINTR) {
            co_return fail_errno("send");
        }
    }
    co_return {};
}

Task<Result<>> Socket::secure(const TlsContext& context, Tls::Use use, ssl_session_st* resume) {
    tls_ = std::make_unique<Tls>(context, fd_, use, resume);
    while (tls_->handshake() != 0) {
        if (errno == EAGAIN) {
            co_await loop_->readable(fd_);
        } else if (errno == EINPROGRESS) {
            co_await loop_->writable(fd_);
        } else {
            co_return fail_errno("handshake: " + tls_complaint());
        }
    }
    co_return {};
}

ssize_t Socket::try_receive(std::span<char> room) const {
    return tls_ ? tls_->receive(room) : ::recv(fd_, room.data(), room.size(), 0);
}

ssize_t Socket::try_send(std::string_view bytes) const {
    return tls_ ? tls_->send(bytes) : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

Result<std::uint16_t> Socket::listen(std::uint16_t port, int backlog) {
    if (auto adopted = adopt(open_socket(), Loop::Turn::prompt); !adopted) return fail(adopted.error());
    set_option(fd_, SOL_SOCKET, SO_REUSEADDR, 1);
    auto address = loopback(port);
    socklen_t length = sizeof address;
    if (::bind(fd_, generic(address), length) != 0) return fail_errno("bind");
    if (::listen(fd_, backlog) != 0) return fail_errno("listen");
    if (::getsockname(fd_, generic(address), &length) != 0) return fail_errno("getsockname");
    return ntohs(address.sin_port);
}

Task<Result<int>> Socket::accept() {
    for (;;) {
        const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) co_return fd;
        if (errno == EAGAIN) {
            co_await loop_->readable(fd_);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            co_return fail_errno("accept");
        }
    }
}

void raise_descriptor_limit(std::uint64_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    limit.rlim_max = std::max<rlim_t>(limit.rlim_max, wanted);
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace wherry::bench
