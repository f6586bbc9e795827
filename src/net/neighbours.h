#pragma once
// Hardware addresses of machines on the same link, and names of interfaces: what the kernel knows.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/address.h"

namespace wherry::net {

// An Ethernet address.
struct Mac {
    std::array<std::uint8_t, 6> bytes{};
    static std::optional<Mac> parse(std::string_view text);  // as MacPrefix::parse, all of it
    std::string text() const;                                // "00-1b-21-0a-0b-0c"
    friend bool operator==(const Mac&, const Mac&) noexcept = default;
};

// The first bytes of one or all of them, two hexadecimal digits each: "00:1b:21", "00-1B-21-0a-0b-0c", "001b21".
class MacPrefix {
public:
    static std::optional<MacPrefix> parse(std::string_view text);
    bool contains(const Mac& mac) const noexcept;
    std::optional<Mac> whole() const noexcept;  // nullopt: it is no more than the first bytes
    std::string text() const;                   // "00:1b:21"
    friend bool operator==(const MacPrefix&, const MacPrefix&) noexcept = default;

private:
    Mac first_;
    std::size_t size_ = 0;
};

// Asks the neighbour table for one entry (rtnetlink(7), RTM_GETNEIGH); a few microseconds, never waits for the network.
// nullopt: it is not on the link, or has not been spoken to, or is not Ethernet.
std::optional<Mac> ask_neighbour(const Address& address, std::uint32_t interface);

// "eth0"; empty: there is none of that number.
std::string interface_name(std::uint32_t interface);

}  // namespace wherry::net
