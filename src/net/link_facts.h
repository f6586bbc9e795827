#pragma once
// LinkFacts: what the system knows of the networks that packets come by, asked once in a while and not for each packet.
// One thread at a time; the time is an argument.
#include <cstdint>
#include <optional>
#include <string>

#include "net/address.h"
#include "net/neighbours.h"
#include "net/remembered.h"

namespace wherry::net {

class LinkFacts {
public:
    // Bytes of a packet on the way out of that interface; 0: not known.
    std::uint32_t mtu(std::uint32_t interface, TimePoint now);
    std::string name_of(std::uint32_t interface, TimePoint now);  // empty: not known
    // That peers like this one must have sent to: the one address of the host that is of the same kind (family,
    // loopback, link-local); nullopt: there are several, or none.
    std::optional<Address> only_address(const Address& peer, TimePoint now);
    // Of a peer on the same link; nullopt: not known, which may change with our answer to it.
    std::optional<Mac> neighbour(const Address& peer, std::uint32_t interface, TimePoint now);
    // A peer whose way takes shorter packets than its interface, so that the kernel cannot cut datagrams for it. No
    // call says so; what was sent and refused is remembered for a while, as routes change.
    void is_narrow(const Address& peer, TimePoint now);
    bool narrow(const Address& peer, TimePoint now) const;

private:
    static constexpr std::size_t most_narrow = 4096;
    static constexpr std::size_t most_interfaces = 1024;
    static constexpr std::size_t most_neighbours = 4096;
    Remembered<std::uint32_t, std::uint32_t> mtus_{most_interfaces};
    Remembered<std::uint32_t, std::string> names_{most_interfaces};
    Remembered<unsigned, std::optional<Address>> only_{8};  // by the kind
    // By the peer's address, without its port, and the interface.
    Remembered<std::string, std::optional<Mac>> neighbours_{most_neighbours};
    Remembered<std::string, bool> narrow_{most_narrow};  // by the address without the port
};

}  // namespace wherry::net
