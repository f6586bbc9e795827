#pragma once
// Service: the composition. A configuration becomes objects, they serve, and they go in the right order. Two services
// in one process share nothing.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "access/commons.h"
#include "ftp/server.h"
#include "i2ftp/server.h"
#include "net/network.h"
#include "service/config.h"
#include "service/control_server.h"
#include "service/tftp_hooks.h"
#include "service/user_sources.h"
#include "tftp/server.h"

namespace wherry {

// What a program brings along that no file can say.
struct ServiceParts {
    struct Sink {
        EventBus::Sink call;
        std::uint32_t mask;
    };
    std::vector<AuthenticatorPtr> authenticators;  // asked before those of the configuration
    std::vector<Sink> sinks;
    std::vector<i2ftp::Identity> i2ftp;  // beside the one of the configuration
    Guards guards;
    CertificateRule certificate_rule;  // empty: as the configuration says
    std::vector<tftp::Handler> tftp_handlers;
    std::vector<tftp::OptionMaker> tftp_options;
    std::map<std::uint16_t, TftpOpcodeHandler> tftp_opcodes;
    std::vector<TftpObserver> tftp_observers;
    ftp::Hooks ftp;
    std::function<std::string(const SessionInfo&)> log_prefix;  // empty: the usual one
    std::function<void(LogLevel, std::string_view)> log;        // empty: as the configuration says
};

// What became of reading the configuration again.
struct Reloaded {
    std::vector<std::string> changed;   // keys that hold now
    std::vector<std::string> restart;   // keys that hold after the next start
    std::vector<std::string> mistakes;  // of refresh()
};

class Service {
public:
    // Opens what the configuration names: log, folders, users. Blocks. The error says what to do.
    static Result<std::unique_ptr<Service>> create(Config config, ServiceParts parts = {});
    ~Service();  // stop()
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    // Opens the listening sockets; clients that connect from now on wait. Once, before start().
    Result<void> listen();
    // Serves. The threads of the service take no signals of the process. Once.
    void start();
    // With RuntimeOptions::attached: the loop that the caller turns from then on, from one thread, until stop().
    net::Loop& loop() noexcept { return *runtime_.first().loop; }

    // --- from any thread, after start() ----------------------------------------------------------
    // No new connections; sessions end when their transfer has, those without one at once. Returns at once.
    void drain();
    // Ends all sessions, running transfers too, and waits for that; then all events have been told. Never from a sink,
    // a guard, an authenticator or a filesystem, which would wait for itself. Of an attached service: from the thread
    // that turns its loop.
    void stop();
    // Readable when everything has ended after drain() or stop(). Belongs to the service.
    int ended_descriptor() const noexcept { return ended_.descriptor(); }
    bool has_ended() const noexcept { return commons_.outstanding.count() == 0; }

    // Reads users and certificates again and opens the log file anew; blocks. What went wrong: users files and
    // certificates that stay as they were, a log file that cannot be opened.
    std::vector<std::string> refresh();
    // Lets the live keys of `fresh` hold, and refreshes.
    Reloaded reload(const Config& fresh);

    // What runs by TFTP, the oldest first, and ending it (false: no such transfer). They wait for the loops, two
    // seconds at most. The embedder asks an attached service from the thread that turns its loop; the control socket
    // has its own.
    enum class Asker : std::uint8_t { embedder, control };
    std::vector<TftpTransfer> tftp_transfers(Asker who = Asker::embedder);
    bool end_tftp_transfer(std::uint64_t id, Asker who = Asker::embedder);

    const std::vector<net::Address>& addresses() const noexcept { return addresses_; }  // of FTP
    const std::vector<net::Address>& i2ftp_addresses() const noexcept { return i2ftp_addresses_; }
    const std::vector<net::Address>& i2ftp_tls_addresses() const noexcept { return i2ftp_tls_addresses_; }
    const std::vector<net::Address>& tftp_addresses() const noexcept { return tftp_addresses_; }
    std::vector<std::string> warnings() const;  // about users and certificates
    net::TlsContextPtr tls() const { return ftp_.tls(); }
    Log& log() noexcept { return *log_; }
    Metrics& metrics() noexcept { return metrics_; }
    std::string exposition();  // of the metrics, with those that are only known when somebody asks
    Sessions& sessions() noexcept { return sessions_; }
    const Clock& clock() const noexcept { return runtime_.clock(); }
    Limits& limits() noexcept { return limits_; }
    Rates& rates() noexcept { return rates_; }
    Bans& bans() noexcept { return bans_; }

private:
    Service(Config config, ServiceParts parts, std::unique_ptr<Log> log, UserSources users, UserPtr anonymous,
            tftp::Policy policy);
    void release();
    void apply();
    bool serves();
    Result<void> open_control();
    std::string answer(std::string_view line);  // to a request by the control socket
    std::chrono::milliseconds let_loops_tell(Asker who);
    std::vector<std::string> refresh_files();
    std::vector<std::string> refresh_tls(const Config& config);
    Result<void> set_tftp(const UserPtr& anonymous);
    void set_tls(const net::TlsContextPtr& context);
    Result<void> listen_ftp(class OpenSockets& open);
    Result<void> listen_tftp(class OpenSockets& open);
    Result<void> listen_i2ftp(class OpenSockets& open);
    Result<void> read_i2ftp_keys();

    // In the order of making; they go in the reverse order.
    Config config_;
    std::mutex mutex_;       // of config_ after start(), and of the states below
    std::mutex stop_mutex_;  // a second one who stops waits until the first is done
    Metrics metrics_;
    std::unique_ptr<Log> log_;
    EventBus events_;  // its thread logs
    Guards guards_;
    Limits limits_;
    Rates rates_;
    Ledger ledger_;
    Bans bans_;
    Sessions sessions_;
    const bool own_certificate_rule_;  // of the embedder: tls.client_user has no say
    const UserSources users_;
    Chain chain_;
    net::Runtime runtime_;  // its threads use all of the above
    const std::unique_ptr<net::Network> network_;
    Commons commons_;
    ftp::Server ftp_;
    i2ftp::Server i2ftp_;
    const std::vector<i2ftp::Identity> i2ftp_parts_;
    const std::unique_ptr<net::Datagrams> datagrams_;
    TftpHooks hooks_;  // its handlers run as long as that server, which goes first
    tftp::Server tftp_;
    std::vector<net::Address> addresses_;
    std::vector<net::Address> i2ftp_addresses_;
    std::vector<net::Address> i2ftp_tls_addresses_;
    std::vector<net::Address> tftp_addresses_;
    std::unique_ptr<ControlServer> control_;  // null: there is none
    net::Socket ended_;                       // an eventfd
    std::thread keeper_;                      // waits for the end
    bool started_ = false;
    bool held_ = false;  // start() holds Commons::outstanding until drain() or stop()
    bool stopped_ = false;
};

}  // namespace wherry
