#pragma once
// What the kernel says beside a datagram (the ancillary data of RFC 3542 section 4.1): where it was sent to, how many
// came as one, and which host has refused an earlier one. Pure: bytes in, values out. A part that is cut short, as the
// kernel does where its room ends, is as if it were not there.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/address.h"

namespace wherry::net {

struct Ancillary {
    std::optional<Address> local;  // this host's own address that it was sent to, or by which it came; port 0
    std::uint32_t interface = 0;   // 0: not said
    bool to_many = false;          // sent to a broadcast or multicast address
    std::uint32_t segment = 0;     // UDP_GRO: bytes of each of the datagrams that came as one; 0: not said
};

Ancillary read_ancillary(std::span<const std::byte> control) noexcept;

// Of a message from the queue of errors: that the host of its name says that nobody listens at that port.
bool says_unreachable(std::span<const std::byte> control) noexcept;

}  // namespace wherry::net
