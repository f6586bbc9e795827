#pragma once
// MemoryNetwork: connections in memory, for a server on a simulated loop. The test holds the client's end of each and
// moves bytes by plain calls; the server's end is a net::Stream like any other.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "net/network.h"

namespace wherry::testing {

class MemoryStream;

// One connection, seen from the client. Shared with the server's stream; each end outlives the other's closing.
class Connection {
public:
    // --- what the client does
    void send(std::string_view bytes);
    void end_sending();  // FIN: the server reads the rest and then the end
    void reset();        // RST: both directions fail
    // Takes what has come. With a small window the server has to wait for this.
    std::string receive();
    // --- what it sees
    bool ended() const noexcept { return server_done_ && to_client_.empty(); }  // by the server, and all is read
    std::size_t waiting() const noexcept { return to_client_.size(); }

    std::size_t window = 256 * 1024;  // bytes on the way to the client before the server has to wait
    // The server's n-th read or write from now on (0: the next) fails as a broken connection; -1: none.
    long fail_after = -1;
    net::Address client;
    net::Address server;

    std::size_t unread() const noexcept { return to_server_.size(); }  // sent, and not taken by the server yet

private:
    friend class MemoryStream;
    friend class MemoryNetwork;
    void refuse();  // its listener went before it was accepted: RST
    std::string to_server_;
    std::string to_client_;
    bool client_done_ = false;
    bool server_done_ = false;
    bool reset_ = false;
    MemoryStream* stream_ = nullptr;
};
using ConnectionPtr = std::shared_ptr<Connection>;

class MemoryNetwork final : public net::Network {
public:
    Result<net::ListenerPtr> listen(net::Loop& loop, const net::Address& local,
                                    const net::ListenOptions& options) override;
    net::Task<Result<net::StreamPtr>> connect(net::Loop& loop, const net::Address& local, const net::Address& remote,
                                              net::TimePoint deadline, net::ConnectStop& stop) override;

    // A connection to a port that the server listens on; null: nobody listens there.
    ConnectionPtr connect(const net::Address& client, const net::Address& server);
    // The client listens: the server's next connect() to `address` succeeds. Without this it is refused.
    void listen_as_client(const net::Address& address) { client_ports_[address.text()] = nullptr; }
    ConnectionPtr accepted_by_client(const net::Address& address) { return client_ports_[address.text()]; }
    // The server's next connect() to anywhere gets no answer at all.
    bool unreachable = false;
    std::size_t listeners() const noexcept { return listeners_.size(); }
    bool listens_at(std::uint16_t port) const;

    // Both ends of a connection that nobody had to listen for.
    static std::pair<ConnectionPtr, net::StreamPtr> pair(net::Loop& loop, const net::Address& client,
                                                         const net::Address& server, net::Watch::Class kind);

private:
    class PortListener;
    std::map<std::pair<std::uint16_t, std::string>, PortListener*> listeners_;  // by port and, if shared, client
    std::map<std::string, ConnectionPtr> client_ports_;
    std::uint16_t next_port_ = 50000;
};

}  // namespace wherry::testing
