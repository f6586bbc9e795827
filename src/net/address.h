#pragma once
// Address: an IP address with a port. IPv4 addresses that came in through an IPv6 socket (::ffff:a.b.c.d) are unwrapped
// once, where an Address is made from the system's, so that nobody above can compare the two forms wrongly.
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "wherry/result.h"

namespace wherry::net {

// Which clients a socket on all addresses of IPv6 serves.
enum class Families : std::uint8_t { both, ipv6 };

class Address {
public:
    Address() = default;  // 0.0.0.0:0
    // "127.0.0.1", "::1" or a name of this host's resolver is not asked for: numbers only. Code::invalid otherwise.
    static Result<Address> parse_ip(std::string_view ip, std::uint16_t port);
    // "host:port", "[v6]:port", ":port" and "*:port" (all addresses, both families). Code::invalid with what is wrong.
    static Result<Address> parse(std::string_view text);
    static Address from_system(const sockaddr_storage& system);
    static Address loopback(std::uint16_t port);
    static Address any(std::uint16_t port);       // ::, which serves both families where the system can
    static Address any_ipv4(std::uint16_t port);  // 0.0.0.0

    // The system's form; returns its length. `mapped`: IPv4 as ::ffff:, for an IPv6 socket.
    socklen_t to_system(sockaddr_storage& system) const;

    bool is_ipv6() const noexcept { return ipv6_; }
    bool is_unspecified() const noexcept;
    bool is_loopback() const noexcept;
    bool is_link_local() const noexcept;  // fe80::/10, RFC 4291 2.5.6
    // RFC 1918, 4193, 3927 and loopback: not to be announced to the outside.
    bool is_private() const noexcept;
    std::uint16_t port() const noexcept { return port_; }
    Address with_port(std::uint16_t port) const noexcept;
    bool same_host(const Address& other) const noexcept;
    const std::uint8_t* bytes() const noexcept { return ip_; }  // 4 or 16, network order

    std::string ip() const;    // "127.0.0.1", "::1"
    std::string text() const;  // "127.0.0.1:2121", "[::1]:2121"

    friend bool operator==(const Address& a, const Address& b) noexcept { return a.port_ == b.port_ && a.same_host(b); }

private:
    std::uint8_t ip_[16] = {};
    std::uint32_t scope_ = 0;  // of link-local IPv6
    std::uint16_t port_ = 0;
    bool ipv6_ = false;
};

}  // namespace wherry::net
