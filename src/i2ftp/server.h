#pragma once
// i2ftp::Server: the I2FTP service of one server: its listeners, its keys, its sessions and the files they have open.
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "access/commons.h"
#include "auth/shared_keys.h"
#include "core/live.h"
#include "i2ftp/digest.h"
#include "i2ftp/digest_cache.h"
#include "i2ftp/handles.h"
#include "i2ftp/key_ring.h"
#include "i2ftp/random.h"
#include "i2ftp/replay_guard.h"
#include "i2ftp/rsa.h"
#include "i2ftp/settings.h"
#include "net/acceptor.h"
#include "net/tls_context.h"

namespace wherry::i2ftp {

class Session;

// How a connection begins.
struct Door {
    bool tls = false;  // with TLS 1.3, and I2TCP inside it
};

// A key, and who comes with it.
using Identity = KeyOfUser;

// The keys of a moment. Sessions keep the one they came in with.
struct Ring {
    explicit Ring(const std::vector<Identity>& identities);
    KeyRing keys;
    std::vector<UserPtr> users;  // of each key
};

// What a test puts in the place of the real world.
struct Surroundings {
    Random& random = system_random();
    std::uint32_t process = 0;    // what PCTL answers; 0: this process
    std::optional<RsaKey> rsa{};  // of secured sessions; none: a new one is made
};

class Server {
public:
    // `commons` must outlive the server.
    Server(Commons& commons, Settings settings, Surroundings surroundings = {});
    ~Server();  // after stop(), or never started
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Whose keys are taken from now on; from any thread. Code::denied for the key that everybody knows, unless the
    // settings allow it; Code::exists for one key of two users; Code::invalid for an empty one. All stays then.
    Result<void> set_identities(const std::vector<Identity>& identities);

    // The certificates of doors with TLS; from any thread. Connections keep those they began with.
    void set_tls(net::TlsContextPtr context) { tls_.set(std::move(context)); }
    net::TlsContextPtr tls() const { return *tls_.get(); }

    // --- before start() ----------------------------------------------------------------------------------------------
    // Makes the RSA key of secured sessions; takes a good part of a second.
    Result<void> prepare();
    Result<net::Address> listen(const net::Address& address, Door door = {},
                                net::Families families = net::Families::both);
    Result<net::Address> listen(net::Socket socket, Door door = {});

    // --- from any thread ---------------------------------------------------------------------------------------------
    void start();
    // No new connections and no new files; a session ends when it has no file open any more.
    void drain();
    // Ends everything. Returns at once; Commons::outstanding tells when all have ended.
    void stop();

    // One session on a connection that somebody else accepted, on that loop's thread.
    void serve(net::Post& place, net::StreamPtr stream, Door door = {});

    // --- for sessions ------------------------------------------------------------------------------------------------
    const Settings& settings() const noexcept { return settings_; }
    Commons& commons() noexcept { return commons_; }
    Random& random() noexcept { return surroundings_.random; }
    std::shared_ptr<const Ring> ring() const;
    const RsaKey* rsa() const noexcept { return surroundings_.rsa ? &*surroundings_.rsa : nullptr; }
    Handles& handles() noexcept { return handles_; }
    ReplayGuard& guard() noexcept { return guard_; }
    std::uint32_t process() const noexcept { return surroundings_.process; }
    bool draining() const noexcept { return draining_.load(std::memory_order_acquire); }
    Sessions::Kill killer(net::Post& place, std::uint64_t serial);
    // A handle was added: it must be looked after. From any loop.
    void watch_handles();
    // Computes the digest of what is in the file, beside everything else.
    void start_digest(net::Post& place, HandlePtr handle, Digest::Kind kind);

private:
    struct Place;  // the sessions of one loop
    Place& at(const net::Post& post);
    template <class Function>
    void on_all_places(Function function);
    net::Task<void> run_session(Place& place, net::StreamPtr stream, Door door);
    net::Task<void> run_digest(net::Loop& loop, HandlePtr handle, Digest::Kind kind);
    net::Task<void> end_handles(net::Loop& loop, std::vector<HandlePtr> handles, Code cause);
    void sweep();
    void close_down();
    void end_if_last();

    Commons& commons_;
    const Settings settings_;
    Surroundings surroundings_;
    mutable std::mutex ring_mutex_;
    std::shared_ptr<const Ring> ring_;
    Live<net::TlsContextPtr> tls_ = net::TlsContextPtr();
    Handles handles_;
    ReplayGuard guard_;
    DigestCache digests_;
    std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
    std::vector<std::unique_ptr<Place>> places_;  // one per loop
    std::unique_ptr<net::Timer> sweeper_;         // of the first loop
    std::atomic<bool> sweeping_{false};
    std::atomic<bool> draining_{false};
    std::atomic<bool> ending_handles_{false};
    std::atomic<std::size_t> live_{0};  // sessions
    std::atomic<std::uint64_t> next_serial_{1};
};

}  // namespace wherry::i2ftp
