#pragma once
// An FTP client on real sockets of the loopback, for tests in which threads meet. Every wait of it ends after its
// patience, which only ends what hangs.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace wherry::testing {

// A TCP socket that is closed with its owner.
class ClientSocket {
public:
    ClientSocket() = default;
    ~ClientSocket() { close(); }
    ClientSocket(ClientSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    ClientSocket& operator=(ClientSocket&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }

    // With a small `window` (of bytes that may wait to be read) the server has to wait for the client soon.
    static ClientSocket connected(std::uint16_t port, int window = 0) {
        ClientSocket made = fresh(window);
        const sockaddr_in to = loopback(port);
        if (::connect(made.descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) made.close();
        return made;
    }
    static ClientSocket listening(int window = 0) {
        ClientSocket made = fresh(window);
        const sockaddr_in here = loopback(0);
        ::bind(made.descriptor_, reinterpret_cast<const sockaddr*>(&here), sizeof here);
        if (::listen(made.descriptor_, 4) != 0) made.close();
        return made;
    }
    ClientSocket accepted() const {
        ClientSocket made(::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC));
        return made;
    }

    bool is_open() const { return descriptor_ >= 0; }
    std::uint16_t port() const {  // its own
        sockaddr_in here{};
        socklen_t length = sizeof here;
        getsockname(descriptor_, reinterpret_cast<sockaddr*>(&here), &length);
        return ntohs(here.sin_port);
    }
    bool send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    // How many bytes came; 0: the end, or it broke.
    std::size_t receive(std::span<char> room) const {
        const ssize_t got = ::recv(descriptor_, room.data(), room.size(), 0);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    void end_sending() const { ::shutdown(descriptor_, SHUT_WR); }
    void reset() {
        const linger at_once{1, 0};
        setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }
    void close() {
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }

private:
    explicit ClientSocket(int descriptor) : descriptor_(descriptor) {}
    static ClientSocket fresh(int window) {
        ClientSocket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const timeval patience{60, 0};
        setsockopt(made.descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(made.descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (window != 0) setsockopt(made.descriptor_, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
        return made;
    }
    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }
    int descriptor_ = -1;
};

// A control connection whose owner knows what it says and waits for whole lines.
class SocketClient {
public:
    explicit SocketClient(std::uint16_t port) : control(ClientSocket::connected(port)) {}

    bool connected() const { return control.is_open(); }
    bool say(std::string_view text) { return control.send(std::string(text) + "\r\n"); }
    std::string line() {  // empty: the server has closed
        for (;;) {
            const std::size_t end = pending_.find('\n');
            if (end != std::string::npos) {
                std::string out = pending_.substr(0, end);
                pending_.erase(0, end + 1);
                if (out.ends_with('\r')) out.pop_back();
                return out;
            }
            char room[4096];
            const std::size_t got = control.receive(room);
            if (got == 0) return {};
            pending_.append(room, got);
        }
    }
    std::string ask(std::string_view text) { return say(text) ? line() : std::string(); }
    // The code of the next final reply, past all others; 0: the server has closed.
    int final_code() {
        for (;;) {
            const std::string text = line();
            if (text.empty()) return 0;
            if (text.size() > 3 && text[3] == ' ' && text[0] > '1') return std::atoi(text.c_str());
        }
    }
    int final_code_of(std::string_view text) { return say(text) ? final_code() : 0; }
    bool log_in(const std::string& user, const std::string& password) {
        return line().starts_with("220") && ask("USER " + user).starts_with("331") &&
               ask("PASS " + password).starts_with("230");
    }

    ClientSocket control;

private:
    std::string pending_;
};

}  // namespace wherry::testing
