#pragma once
// Leases: which hardware address has which IPv4 address, as the lease file of dnsmasq says. Pure.
//
//   1767326645 00:1b:21:0a:0b:0c 10.0.0.5 pc5 01:00:1b:21:0a:0b:0c      until when (0: for ever), and for whom
//   duid 00:01:00:01:2c:3f:aa:bb:00:1b:21:0a:0b:01                      of here on leases of IPv6, which name no card
//
// Whatever is no such line is passed over: dnsmasq may be writing while it is read.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "net/address.h"
#include "net/neighbours.h"

namespace wherry::tftp {

class Leases {
public:
    static constexpr std::size_t most = 100'000;  // what is behind them is passed over

    static Leases parse(std::string_view text);

    // `now`: seconds since 1970. nullopt: nobody has that address, or not any more.
    std::optional<net::Mac> mac_of(const net::Address& address, std::int64_t now) const;
    std::size_t size() const noexcept { return leases_.size(); }

private:
    struct Lease {
        net::Mac mac;
        std::int64_t ends = 0;  // 0: never
    };
    std::unordered_map<std::uint32_t, Lease> leases_;
};

}  // namespace wherry::tftp
