#pragma once
// A client of RFC 1350 on a real socket, packet by packet.
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/network.h"

namespace wherry {

class LockStepClient {
public:
    // `from`: an address of this machine; each has its own limits.
    explicit LockStepClient(std::uint16_t port, std::string_view request = {"\0\1name\0octet\0", 13},
                            const std::string& from = "127.0.0.1")
        : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        constexpr timeval patience{.tv_sec = 30, .tv_usec = 0};
        setsockopt(socket_.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        length_ = net::Address::parse_ip(from, 0).value().to_system(server_);
        bind(socket_.descriptor(), reinterpret_cast<const sockaddr*>(&server_), length_);
        length_ = net::Address::loopback(port).to_system(server_);
        send(std::string(request));
    }
    void send(const std::string& packet) {
        sendto(socket_.descriptor(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&server_),
               length_);
    }
    // Empty: none has come.
    std::string receive(int flags = 0) {
        std::array<char, 600> buffer;
        length_ = sizeof server_;
        const ssize_t got = recvfrom(socket_.descriptor(), buffer.data(), buffer.size(), flags,
                                     reinterpret_cast<sockaddr*>(&server_), &length_);
        return got < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(got));
    }
    // What comes after the repeats of DATA.
    std::string receive_no_data() {
        for (;;) {
            std::string packet = receive();
            if (packet.size() < 2 || packet[1] != 3) return packet;
        }
    }
    int descriptor() const { return socket_.descriptor(); }

private:
    net::Socket socket_;
    sockaddr_storage server_{};
    socklen_t length_ = 0;
};

}  // namespace wherry
