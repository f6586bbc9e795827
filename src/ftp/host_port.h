#pragma once
// Addresses as FTP writes them: PORT and PASV (RFC 959 4.1.2), EPRT and EPSV (RFC 2428). Pure: whether such an address
// may be connected to is asked elsewhere.
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wherry/result.h"

namespace wherry::ftp {

enum class Family : std::uint8_t { v4 = 1, v6 = 2 };  // the numbers of RFC 2428

struct HostPort {
    Family family = Family::v4;
    std::array<std::uint8_t, 16> bytes{};  // network order; the first 4 for v4
    std::uint16_t port = 0;                // 1 to 65535

    std::span<const std::uint8_t> address() const noexcept { return {bytes.data(), family == Family::v4 ? 4U : 16U}; }
    std::string address_text() const;  // "192.0.2.1", "2001:db8::1"
    friend bool operator==(const HostPort&, const HostPort&) = default;
};

// "h1,h2,h3,h4,p1,p2": six numbers of one to three digits, each at most 255, and nothing else. Code::invalid (501) for
// anything else, and for port 0.
Result<HostPort> parse_port(std::string_view argument);

// "|1|192.0.2.1|6275|" with any visible ASCII character in place of the bar. Code::invalid (501) for what is not of
// this form; Code::unsupported for a well-formed protocol number that is neither 1 nor 2: that is Reply(522,
// text_522(...)), not what reply_for says.
Result<HostPort> parse_eprt(std::string_view argument);

// Texts of the replies. Clients read them: 227 with the numbers in parentheses without blanks, 229 with three bars.
std::string text_227(std::span<const std::uint8_t, 4> address, std::uint16_t port);
std::string text_229(std::uint16_t port);
std::string text_522(bool v4, bool v6);  // which families the client may use instead

}  // namespace wherry::ftp
