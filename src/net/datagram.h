#pragma once
// DatagramSocket: datagrams in batches, each with the address that it was sent to, so that an answer comes from there.
// The real one is UDP (udp.h); tests have one in memory.
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "net/address.h"
#include "net/loop.h"
#include "net/neighbours.h"
#include "net/network.h"
#include "wherry/result.h"

namespace wherry::net {

// What has come. With `segment` several datagrams of one peer that came together, each of that size but the last.
struct Arrival {
    Address peer;
    Address local;                // the address that the peer has sent to, with the socket's port
    std::uint32_t interface = 0;  // 0: not known, or not asked for
    std::span<const std::byte> bytes;
    std::uint16_t segment = 0;
    bool cut = false;      // longer than the buffer
    bool to_many = false;  // sent to a broadcast or multicast address; `local` is then one of this host's own
};

// Each datagram of what has come, in order. They are all as long as `segment` but the last.
template <class Function>
void each_datagram(const Arrival& arrival, Function function) {
    auto rest = arrival.bytes;
    for (; arrival.segment != 0 && rest.size() > arrival.segment; rest = rest.subspan(arrival.segment)) {
        function(rest.first(arrival.segment));
    }
    function(rest);
}

// What is to go. With `segment` several datagrams of that size (the last may be shorter), one behind the other in
// `pieces`.
struct Departure {
    Address peer;
    Address local;                // the address to send from; unspecified: the system chooses
    std::uint32_t interface = 0;  // needed for link-local peers alone
    std::span<const iovec> pieces;
    std::uint16_t segment = 0;
};

struct DatagramOptions {
    std::size_t receive_size = 1536;  // longer datagrams are cut
    bool many_at_once = false;        // may receive several datagrams of a peer as one Arrival: for bulk data
    bool reuse_port = false;          // several sockets share the address, each peer stays with one of them
    Families families = Families::both;
    bool says_interface = true;   // arrivals say by which interface they came
    std::uint32_t interface = 0;  // that a link-local address is of, if it does not say so itself
    bool may_wait = false;        // an address that this machine does not have yet: as soon as it has it
    std::optional<Address> peer;  // the only one it speaks with, from the one address it has
    int receive_buffer = 0;       // bytes in the kernel; 0: the system's choice
    int ttl = 0;                  // 0: the system's choice
    int dscp = 0;
};

// Belongs to one loop. Nothing here waits.
class DatagramSocket {
public:
    virtual ~DatagramSocket() = default;
    // How many have come, at most as many as there is room for; 0: none. The bytes are valid until the next call and
    // no longer than until the next co_await.
    virtual std::size_t try_receive(std::span<Arrival> into) = 0;
    // How many have gone, from the first on; fewer: the socket is full, try again a little later. One that cannot be
    // sent at all (no route, too long) counts as gone: the network may lose any datagram.
    virtual std::size_t try_send(std::span<const Departure> from) = 0;
    // Whether there may be something to get by try_unreachable().
    virtual bool may_be_unreachable() const noexcept = 0;
    // A peer whose host said that nobody listens there; nullopt: no more of them.
    virtual std::optional<Address> try_unreachable() = 0;
    // How many datagrams a Departure to that peer may have at most; 1: `segment` is of no use.
    virtual std::size_t most_segments(const Address& peer) = 0;
    // Bytes of a packet on the way out of that interface; 0: not known.
    virtual std::uint32_t mtu(std::uint32_t interface) = 0;
    virtual std::string name_of(std::uint32_t interface) = 0;  // "eth0"; empty: not known
    // The hardware address of a peer on the same link; nullopt: not known.
    virtual std::optional<Mac> neighbour(const Address& peer, std::uint32_t interface) = 0;
    // Bytes that may wait to be received, about.
    virtual std::size_t receive_room() const noexcept = 0;
    // A socket for that peer alone, with the options of this one and its port at one of this machine's addresses. What
    // the peer sends there comes to it from then on, and to this one again once it is gone; while it is made, what
    // others send may come to it as well. An error where there is nothing of the kind.
    virtual Result<std::unique_ptr<DatagramSocket>> connected([[maybe_unused]] const Address& peer,
                                                              [[maybe_unused]] const Address& from,
                                                              [[maybe_unused]] std::uint32_t interface) {
        return fail(Code::unsupported);
    }
    virtual Address local() const = 0;
    // Whether this machine did not have that address when the socket was opened (DatagramOptions::may_wait).
    virtual bool waits_for_address() const noexcept { return false; }
    virtual Watch& watch() = 0;
};
using DatagramSocketPtr = std::unique_ptr<DatagramSocket>;

class Datagrams {
public:
    virtual ~Datagrams() = default;
    // Port 0 lets the system choose.
    virtual Result<DatagramSocketPtr> open(Loop& loop, const Address& local, const DatagramOptions& options) = 0;
    // A socket that is bound already (see handed_over.h). What can only be said before that is as its opener chose.
    virtual Result<DatagramSocketPtr> adopt(Loop& loop, Socket bound, const DatagramOptions& options) = 0;
};

}  // namespace wherry::net
