#include "service/control_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "service/control_words.h"

namespace wherry {
namespace {

constexpr int most_waiting = 8;  // clients
constexpr std::chrono::seconds client_time{5};
constexpr std::chrono::milliseconds pause_without_descriptors{200};

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, ControlServer::most_path);
    return address;
}

net::Socket unix_socket() { return net::Socket(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

// A socket that nobody serves any more is removed; anything else stays where it is.
Result<void> make_room(const std::string& path) {
    struct stat there{};
    if (lstat(path.c_str(), &there) != 0) return {};
    if (!S_ISSOCK(there.st_mode)) {
        return fail(Code::exists, fmt::format("{}: is there, and no socket; remove it, or name another one", path));
    }
    const auto probe = unix_socket();
    const sockaddr_un address = address_of(path);
    if (connect(probe.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
        errno != ECONNREFUSED) {
        return fail(Code::busy, fmt::format("{}: another server has it", path));
    }
    if (unlink(path.c_str()) != 0) return fail_errno(errno, "removing", path);
    return {};
}

int milliseconds_until(std::chrono::steady_clock::time_point end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::open(const std::string& path, Log& log) {
    if (path.size() > most_path) {
        return fail(Code::invalid, fmt::format("{}: is longer than {} bytes", path, most_path));
    }
    if (auto room = make_room(path); !room) return std::unexpected(std::move(room.error()));
    auto listening = unix_socket();
    const sockaddr_un address = address_of(path);
    // Before bind(2), which makes the file with this mode: nobody else can connect in between.
    if (!listening || fchmod(listening.descriptor(), 0600) != 0 ||
        bind(listening.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listening.descriptor(), most_waiting) != 0) {
        const int error = errno;
        auto failed = fail_errno(error, "opening", path);
        if (error == ENOENT) failed.error().message += "; make its folder, which only the server may write to";
        return failed;
    }
    // Not make_unique: the constructor is private.
    std::unique_ptr<ControlServer> server(new ControlServer(path, std::move(listening), log));
    if (!server->stopping_) return fail_errno(errno, "making", "an eventfd");
    return server;
}

ControlServer::ControlServer(std::string path, net::Socket listening, Log& log)
    : path_(std::move(path)),
      listening_(std::move(listening)),
      stopping_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      log_(log) {
    struct stat made{};
    if (lstat(path_.c_str(), &made) == 0) {
        device_ = made.st_dev;
        inode_ = made.st_ino;
    }
}

ControlServer::~ControlServer() { stop(); }

void ControlServer::start(Answer answer) {
    answer_ = std::move(answer);
    thread_ = std::thread([this] { run(); });
}

void ControlServer::stop() {
    if (thread_.joinable()) {
        eventfd_write(stopping_.descriptor(), 1);
        thread_.join();
    }
    if (!listening_) return;
    listening_ = net::Socket();
    struct stat there{};
    const bool ours = lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_;
    if (ours) unlink(path_.c_str());
}

void ControlServer::run() {
    pthread_setname_np(pthread_self(), "control");
    while (wait(listening_.descriptor(), POLLIN, -1)) {
        const net::Socket connection(accept4(listening_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (connection) {
            serve(connection.descriptor());
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            // The client stays in the queue, and so the socket is readable all the time.
            wait(stopping_.descriptor(), POLLIN, static_cast<int>(pause_without_descriptors.count()));
        }
    }
}

bool ControlServer::wait(int descriptor, short events, int milliseconds) {
    std::array<pollfd, 2> watched{pollfd{.fd = stopping_.descriptor(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = descriptor, .events = events, .revents = 0}};
    int ready = -1;
    do {
        ready = poll(watched.data(), watched.size(), milliseconds);
    } while (ready < 0 && errno == EINTR);
    return ready > 0 && watched[0].revents == 0;
}

bool ControlServer::may_ask(int connection) {
    ucred who{};
    socklen_t length = sizeof who;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &length) != 0) return false;
    if (who.uid == 0 || who.uid == geteuid()) return true;
    log_.warning("control: the account {} (process {}) may not ask", who.uid, who.pid);
    return false;
}

void ControlServer::serve(int connection) {
    if (!may_ask(connection)) return;
    const std::string line = read_line(connection);
    if (line.empty()) return;
    write_all(connection, answer_(std::string_view(line).substr(0, line.size() - 1)));
}

// With its LF; empty: it has not come in time, or is too long.
std::string ControlServer::read_line(int connection) {
    const auto end = std::chrono::steady_clock::now() + client_time;
    std::array<char, control::most_request> buffer;
    std::size_t size = 0;
    while (size < buffer.size() && wait(connection, POLLIN, milliseconds_until(end))) {
        const ssize_t got = recv(connection, buffer.data() + size, buffer.size() - size, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (got <= 0) break;
        size += static_cast<std::size_t>(got);
        const std::string_view so_far(buffer.data(), size);
        // What stands behind the line is no part of the protocol.
        if (const auto at = so_far.find('\n'); at != std::string_view::npos)
            return std::string(so_far.substr(0, at + 1));
    }
    return {};
}

void ControlServer::write_all(int connection, std::string_view text) {
    const auto end = std::chrono::steady_clock::now() + client_time;
    // First without waiting: ending the last transfer may end a service that drains, and its client is told even so.
    while (!text.empty()) {
        const ssize_t put = send(connection, text.data(), text.size(), MSG_NOSIGNAL);
        if (put > 0) {
            text.remove_prefix(static_cast<std::size_t>(put));
        } else if (errno != EINTR && (errno != EAGAIN || !wait(connection, POLLOUT, milliseconds_until(end)))) {
            return;
        }
    }
}

}  // namespace wherry
