#pragma once
// MemoryDatagrams: datagrams in memory, for a server on a simulated loop. The test is the network: what the server
// sends is kept until it is taken, what the test sends is there at once.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/datagram.h"

namespace wherry::testing {

struct Datagram {
    net::Address from;
    net::Address to;
    std::string bytes;
};

class MemoryDatagrams final : public net::Datagrams {
public:
    Result<net::DatagramSocketPtr> open(net::Loop& loop, const net::Address& local,
                                        const net::DatagramOptions& options) override;
    // There is nobody who could have opened one.
    Result<net::DatagramSocketPtr> adopt(net::Loop&, net::Socket, const net::DatagramOptions&) override {
        return fail(Code::unsupported);
    }

    // --- the network's part
    // False: nobody has that address and port, or hears that sender. `to_many`: it was sent to a broadcast address; the
    // server is told `to`.
    bool send(const net::Address& from, const net::Address& to, std::string_view bytes, std::uint32_t interface = 1,
              bool to_many = false);
    // Tells the server's socket at `to` that nobody listens at `peer`.
    void unreachable(const net::Address& peer, const net::Address& to);
    // What the server has sent, in order, one by one.
    std::vector<Datagram> take();
    std::size_t sockets() const noexcept { return sockets_.size(); }

    std::uint32_t mtu = 1500;          // of every interface
    std::size_t most_segments = 64;    // in one departure
    std::size_t room = 1'000'000;      // departures before the socket is full; they count down
    std::size_t receive_queue = 4096;  // datagrams that wait in a socket; more are lost
    std::size_t cut_by_kernel = 0;     // departures of several datagrams, so far
    std::size_t receive_room = std::size_t{1} << 22U;
    std::map<std::uint32_t, std::string> interfaces;  // their names
    std::map<std::string, net::Mac> neighbours;       // by their addresses
    std::size_t neighbours_asked = 0;                 // for one of these, how often
    std::set<std::string> missing;                    // addresses that the server's machine does not have yet

private:
    class Port;
    std::vector<Port*> sockets_;
    std::vector<Datagram> sent_;
    std::uint16_t next_port_ = 49152;
};

}  // namespace wherry::testing
