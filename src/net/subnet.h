#pragma once
// Subnet: a network of addresses, as in "10.0.0.0/8", "2001:db8::/32" or "192.0.2.7" (just that one).
#include <span>
#include <string>
#include <string_view>

#include "net/address.h"

namespace wherry::net {

class Subnet {
public:
    Subnet() = default;  // 0.0.0.0/0: all of IPv4
    // Code::invalid with what is wrong; bits of the address beyond the prefix are a mistake and said to be one.
    static Result<Subnet> parse(std::string_view text);

    // The two families never contain one another; an IPv4 client of an IPv6 socket is IPv4 (see Address).
    bool contains(const Address& address) const noexcept;
    std::string text() const;
    friend bool operator==(const Subnet&, const Subnet&) noexcept = default;

private:
    Address base_;
    unsigned bits_ = 0;
};

// True if `allow` is empty or has the address, and `deny` has not.
bool permits(std::span<const Subnet> allow, std::span<const Subnet> deny, const Address& address) noexcept;

bool any_contains(std::span<const Subnet> subnets, const Address& address) noexcept;

}  // namespace wherry::net
