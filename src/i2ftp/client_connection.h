#pragma once
// ClientConnection: one connection to an I2FTP server, from the client's side: requests out, replies in. Sends a
// heartbeat when it has been silent for a while, without which the server would end it.
//
// Belongs to one loop. One coroutine at a time asks or receives; another may send meanwhile.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "i2ftp/bell.h"
#include "i2ftp/channel.h"
#include "i2ftp/handshake.h"
#include "net/network.h"
#include "net/scope.h"
#include "net/tls_trust.h"
#include "wherry/i2ftp.h"

namespace wherry::i2ftp {

struct ConnectOptions {
    std::chrono::milliseconds timeout{15000};  // to connect; later, without a byte from the server that owes an answer
    bool preauth = true;                       // false: for a server from before July 2024
    Random& random = system_random();
    net::TlsTrustPtr tls{};  // the whole inside TLS 1.3; null: it is not
    std::string host{};      // with TLS: the name or address that the server's certificate must be for
};

struct Reply {
    bool done = false;  // else refused, and the payload is a text that says why
    Bytes message;
    View payload() const noexcept { return View(message).subspan(std::min<std::size_t>(2, message.size())); }
};

class ClientConnection {
public:
    static constexpr std::chrono::seconds heartbeat_after{8};

    // Connects, shakes hands and waits for the greeting. The error's message is for the user's eyes.
    static net::Task<Result<std::unique_ptr<ClientConnection>>> open(net::Network& network, net::Loop& loop,
                                                                     net::Address server, SharedKey key,
                                                                     ConnectOptions options);
    ~ClientConnection();
    ClientConnection(const ClientConnection&) = delete;
    ClientConnection& operator=(const ClientConnection&) = delete;

    // `request` is a whole message, "LIST,."; it is coded in place.
    net::Task<Result<void>> send(std::span<Byte> request);
    net::Task<Result<Reply>> receive();
    // Both; a refusal becomes an error with the server's text.
    net::Task<Result<Reply>> ask(std::string_view request);
    bool secured() const noexcept { return channel_->coded(); }
    // Ends it; must be awaited before it goes.
    net::Task<void> close();

private:
    ClientConnection(net::Loop& loop, net::StreamPtr stream, ConnectOptions options);
    net::Task<Result<void>> begin_tls();
    net::Task<Result<void>> begin(SharedKey key);
    net::Task<Result<void>> shake_hands(const SharedKey& key);
    net::Task<net::Io> read_more();
    net::Task<Result<void>> write(View bytes);
    net::Task<void> send_heartbeat();
    void on_timer();
    std::unexpected<Error> broken(std::string_view doing, const net::Io& io) const;

    net::Loop& loop_;
    net::StreamPtr stream_;
    const ConnectOptions options_;
    std::optional<Channel> channel_;
    std::unique_ptr<std::byte[]> buffer_;
    View rest_;     // of the buffer, not yet looked at
    Bytes framed_;  // what was sent last, for its memory
    Bell free_;     // nobody writes any more
    net::Scope heartbeats_;
    net::Timer timer_;
    net::TimePoint sent_;
    bool writing_ = false;
};

}  // namespace wherry::i2ftp
