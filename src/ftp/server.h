#pragma once
// ftp::Server: the FTP service of one server: its listeners and its sessions.
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "access/commons.h"
#include "core/live.h"
#include "ftp/commands.h"
#include "ftp/hooks.h"
#include "ftp/nat.h"
#include "ftp/settings.h"
#include "net/acceptor.h"
#include "net/network.h"
#include "net/port_pool.h"
#include "net/tls_context.h"

namespace wherry::ftp {

class Session;

class Server {
public:
    // All references must outlive the server.
    Server(Commons& commons, net::Network& network, Settings settings, Hooks hooks = {});
    ~Server();  // after stop(), or never started
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // --- before start() ----------------------------------------------------------------------------------------------
    // Listens on an address (port 0: the system chooses) or on a socket that listens already. The address it has then.
    Result<net::Address> listen(const net::Address& address, const Door& door,
                                net::Families families = net::Families::both);
    Result<net::Address> listen(net::Socket socket, const Door& door);
    Result<net::Address> listen(const net::Address& address) { return listen(address, door_); }
    Result<net::Address> listen(net::Socket socket) { return listen(std::move(socket), door_); }

    // --- from any thread, also before start() ------------------------------------------------------------------------
    // The certificates for connections that begin from now on; null: no TLS. Sessions that are open keep theirs.
    void set_tls(net::TlsContextPtr context) { tls_.set(std::move(context)); }
    net::TlsContextPtr tls() const { return *tls_.get(); }

    // --- from any thread ---------------------------------------------------------------------------------------------
    void start();
    // No new connections; sessions without a running transfer are told 421 and closed, the others when it has ended.
    void drain();
    // Ends everything: running transfers fail with Code::killed. Returns at once; Commons::outstanding tells when all
    // have ended.
    void stop();

    // One session on a connection that somebody else accepted, on that loop's thread.
    void serve(net::Post& place, net::StreamPtr control, const Door& door);
    void serve(net::Post& place, net::StreamPtr control) { serve(place, std::move(control), door_); }

    Live<Settings>::Snapshot settings() const { return settings_.get(); }
    // For sessions that begin from now on. The passive ports stay those that the server was made with.
    void set(Settings settings) { settings_.set(std::move(settings)); }
    const Hooks& hooks() const noexcept { return hooks_; }
    // What its settings left of the commands when it was made.
    const CommandTable& table() const noexcept { return table_; }
    Commons& commons() noexcept { return commons_; }
    net::Network& network() noexcept { return network_; }
    net::PortPool& ports() noexcept { return ports_; }
    Nat& nat() noexcept { return nat_; }
    // Ends the session with that serial number, from any thread, if it still lives.
    Sessions::Kill killer(net::Post& place, std::uint64_t serial);
    bool draining() const noexcept { return draining_.load(std::memory_order_acquire); }

private:
    struct Place;  // the sessions of one loop
    Place& at(const net::Post& post);
    template <class Function>
    void on_all_places(Function function);
    net::Task<void> run_session(Place& place, net::StreamPtr control, const Door& door);

    Commons& commons_;
    net::Network& network_;
    const Hooks hooks_;
    const CommandTable table_;  // of hooks_, among others
    const Door door_{};         // where nothing else was said
    std::deque<Door> doors_;    // of the listeners; sessions refer to them
    Live<net::TlsContextPtr> tls_ = net::TlsContextPtr();
    net::PortPool ports_;
    Nat nat_;
    Live<Settings> settings_;
    std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
    std::vector<std::unique_ptr<Place>> places_;  // one per loop
    std::atomic<bool> draining_{false};
    std::atomic<std::uint64_t> next_serial_{1};
};

}  // namespace wherry::ftp
