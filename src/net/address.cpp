#include "net/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace wherry::net {
namespace {

constexpr std::uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        return fail(Code::invalid, "'" + std::string(text) + "' is not a port (0 to 65535)");
    }
    return port;
}

}  // namespace

Result<Address> Address::parse_ip(std::string_view ip, std::uint16_t port) {
    const std::string text(ip);
    Address address;
    address.port_ = port;
    in6_addr six{};
    // inet_pton(3) would not see what stands behind a NUL.
    const bool whole = !text.contains('\0');
    if (whole && inet_pton(AF_INET, text.c_str(), address.ip_) == 1) return address;
    if (whole && inet_pton(AF_INET6, text.c_str(), &six) == 1) {
        sockaddr_storage system{};
        auto& form = reinterpret_cast<sockaddr_in6&>(system);
        form.sin6_family = AF_INET6;
        form.sin6_addr = six;
        form.sin6_port = htons(port);
        return from_system(system);
    }
    return fail(Code::invalid, "'" + text + "' is not an IPv4 or IPv6 address");
}

Result<Address> Address::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return fail(Code::invalid, "'" + std::string(text) + "' is not ADDRESS:PORT (as in 0.0.0.0:2121 or [::]:2121)");
    }
    const auto port = parse_port(text.substr(colon + 1));
    if (!port) return std::unexpected(port.error());
    auto host = text.substr(0, colon);
    if (host.empty() || host == "*") return any(*port);
    if (host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return fail(Code::invalid, "'" + std::string(text) + "': write IPv6 addresses in brackets, as in [::1]:2121");
    }
    return parse_ip(host, *port);
}

Address Address::from_system(const sockaddr_storage& system) {
    Address address;
    if (system.ss_family == AF_INET) {
        const auto& form = reinterpret_cast<const sockaddr_in&>(system);
        std::memcpy(address.ip_, &form.sin_addr, 4);
        address.port_ = ntohs(form.sin_port);
    } else if (system.ss_family == AF_INET6) {
        const auto& form = reinterpret_cast<const sockaddr_in6&>(system);
        address.port_ = ntohs(form.sin6_port);
        if (std::memcmp(&form.sin6_addr, mapped_prefix, sizeof mapped_prefix) == 0) {
            std::memcpy(address.ip_, form.sin6_addr.s6_addr + 12, 4);
        } else {
            std::memcpy(address.ip_, &form.sin6_addr, 16);
            address.ipv6_ = true;
            address.scope_ = form.sin6_scope_id;
        }
    }
    return address;
}

Address Address::loopback(std::uint16_t port) {
    Address address;
    address.ip_[0] = 127;
    address.ip_[3] = 1;
    address.port_ = port;
    return address;
}

Address Address::any(std::uint16_t port) {
    Address address;
    address.ipv6_ = true;
    address.port_ = port;
    return address;
}

Address Address::any_ipv4(std::uint16_t port) {
    Address address;
    address.port_ = port;
    return address;
}

socklen_t Address::to_system(sockaddr_storage& system) const {
    if (ipv6_) {
        auto& form = reinterpret_cast<sockaddr_in6&>(system);
        form = {};
        form.sin6_family = AF_INET6;
        form.sin6_port = htons(port_);
        form.sin6_scope_id = scope_;
        std::memcpy(&form.sin6_addr, ip_, 16);
        return sizeof form;
    }
    auto& form = reinterpret_cast<sockaddr_in&>(system);
    form = {};
    form.sin_family = AF_INET;
    form.sin_port = htons(port_);
    std::memcpy(&form.sin_addr, ip_, 4);
    return sizeof form;
}

bool Address::is_unspecified() const noexcept {
    return std::all_of(std::begin(ip_), std::end(ip_), [](std::uint8_t byte) { return byte == 0; });
}

bool Address::is_loopback() const noexcept {
    if (!ipv6_) return ip_[0] == 127;
    return std::all_of(ip_, ip_ + 15, [](std::uint8_t byte) { return byte == 0; }) && ip_[15] == 1;
}

bool Address::is_link_local() const noexcept { return ipv6_ && ip_[0] == 0xfe && (ip_[1] & 0xc0) == 0x80; }

bool Address::is_private() const noexcept {
    if (is_loopback()) return true;
    if (ipv6_) return (ip_[0] & 0xfe) == 0xfc || is_link_local();
    return ip_[0] == 10 || (ip_[0] == 172 && (ip_[1] & 0xf0) == 16) || (ip_[0] == 192 && ip_[1] == 168) ||
           (ip_[0] == 169 && ip_[1] == 254);
}

Address Address::with_port(std::uint16_t port) const noexcept {
    Address other = *this;
    other.port_ = port;
    return other;
}

bool Address::same_host(const Address& other) const noexcept {
    return ipv6_ == other.ipv6_ && std::memcmp(ip_, other.ip_, sizeof ip_) == 0;
}

std::string Address::ip() const {
    if (!ipv6_) {
        // Asked for with each request and each connection: inet_ntop(3) goes through all of printf for it.
        std::array<char, INET_ADDRSTRLEN> text;
        char* end = text.data();
        for (std::size_t i = 0; i < 4; ++i) {
            if (i > 0) *end++ = '.';
            end = std::to_chars(end, text.data() + text.size(), ip_[i]).ptr;
        }
        return {text.data(), end};
    }
    char text[INET6_ADDRSTRLEN] = {};
    inet_ntop(AF_INET6, ip_, text, sizeof text);
    return text;
}

std::string Address::text() const {
    const auto port = std::to_string(port_);
    return ipv6_ ? "[" + ip() + "]:" + port : ip() + ":" + port;
}

}  // namespace wherry::net
