#pragma once
// DataChannel: the second connection of a session, from PASV, EPSV, PORT or EPRT to a stream (RFC 959 section 3.2,
// RFC 2428). One per session, on its loop.
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "ftp/settings.h"
#include "net/network.h"
#include "net/port_pool.h"
#include "observe/log.h"

namespace wherry::ftp {

class DataChannel {
public:
    DataChannel(const Settings& settings, net::Network& network, net::PortPool& ports, Log& log,
                const net::Stream& control);

    // Opens a port for the client to connect to, on the address the client has reached us by; what was prepared before
    // is dropped. The address it listens on. Code::busy when the passive range is used up.
    Result<net::Address> listen();
    // The next open() connects there. Code::denied for a foreign or privileged address that the settings do not allow
    // (RFC 2577).
    Result<void> connect_to(const net::Address& remote);
    bool prepared() const noexcept { return listener_ != nullptr || remote_.has_value(); }
    // What is to be announced for a port of the passive range.
    std::uint16_t announced(std::uint16_t port) const noexcept;
    // Whether this user may have data connections with other addresses although that is off for all.
    void allow_foreign(bool allowed) noexcept { user_may_be_foreign_ = allowed; }
    // True if a client has connected already: then "125 already open" is said and not "150 about to open".
    bool connected();

    // A transfer command begins: from here to its end an abort() holds, even one that comes before open().
    void begin() noexcept { aborted_ = Code::ok; }
    // The stream, once; until the deadline of the settings. A connection from a host that is not the client's is closed
    // and waited on (RFC 2577; a stranger must not be able to use up the port). Afterwards nothing is prepared any
    // more.
    net::Task<Result<net::StreamPtr>> open();

    // Ends what is under way: a wait for the connection, or the stream that open() gave and that is still in use. A
    // command that has not come to open() yet (its file is on a slow disk) finds out there.
    void abort(Code cause);
    // What abort() said since begin().
    Code aborted() const noexcept { return aborted_; }
    // Forgets what was prepared.
    void reset();
    // Tells which stream abort() is to reach; its user takes it away again before it goes.
    void attach(net::Stream* stream) noexcept { running_ = stream; }

private:
    bool is_client(const net::Stream& stream) const;
    bool allows(const net::Address& remote) const;
    Result<net::Address> listen_shared();

    const Settings& settings_;
    net::Network& network_;
    net::PortPool& ports_;
    Log& log_;
    const net::Stream& control_;
    net::PortPool::Lease lease_;
    net::ListenerPtr listener_;
    net::StreamPtr early_;  // accepted before the transfer command came
    std::optional<net::Address> remote_;
    net::ConnectStop* connecting_ = nullptr;
    net::Stream* running_ = nullptr;
    bool opening_ = false;
    bool user_may_be_foreign_ = false;
    Code aborted_ = Code::ok;
};

}  // namespace wherry::ftp
