#pragma once
// Harness: a whole FTP server in one thread, without sockets and without sleeping: memory network, memory filesystem,
// manual clock, lanes that run at once. And Client: its scripted counterpart.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/commons.h"
#include "auth/static_users.h"
#include "core/clock.h"
#include "ftp/server.h"
#include "net/runtime.h"
#include "testing/memory_network.h"
#include "testing/slow_lane.h"
#include "testing/tls_client.h"

namespace wherry::testing {

class Client;

class Harness {
public:
    Harness();
    ~Harness();
    Harness(const Harness&) = delete;
    Harness& operator=(const Harness&) = delete;

    // --- before the first connection
    ftp::Settings settings;
    UploadPolicy uploads;
    // Without delays that grow and without bans, which a test of something else does not expect.
    LoginPolicy logins{.longest_failure_delay{0}};
    LimitOptions limits;
    RateOptions rates;
    BanOptions bans{.failures = 0};
    NameRules names;
    FilesystemPtr files;  // what all users see; a memory filesystem until it is replaced
    Guards guards;
    ftp::Hooks hooks;
    std::size_t disk_threads = 0;  // of a disk lane that can hang; 0: jobs run at once
    // How long the next job of the disk takes, by the clock. Empty: see above.
    std::function<std::chrono::nanoseconds()> disk_takes;
    bool hears = true;       // somebody listens to events
    bool anonymous = false;  // an anonymous user with read letters
    bool tls = false;        // TLS is offered, with a certificate for each of these names
    std::vector<std::string> tls_names{"localhost"};
    net::TlsOptions tls_options;     // but the certificates
    bool tls_required_here = false;  // at the listener, as with ftp.tls_listen
    bool implicit_tls = false;
    void add_user(const std::string& name, const std::string& password, Perm letters = perm::all);
    void add_user(User user, const std::string& password);

    // --- then
    std::unique_ptr<Client> connect(const net::Address& from = net::Address::parse_ip("198.51.100.7", 40000).value(),
                                    const net::Address& to = net::Address::parse_ip("192.0.2.1", 21).value());
    // Until nothing is left to do at this time.
    void run();
    // With one disk thread: until it has nothing left to do, and nor has the loop. Blocks while the disk hangs.
    void run_disk();
    // With disk_takes: when the next of its jobs is done (run() does it then), and all of them at once.
    net::TimePoint disk_due() const;
    void finish_disk();
    // Lets time pass, in steps, running what becomes due.
    void wait(std::chrono::nanoseconds span);

    void put(std::string_view path, std::string_view content);
    std::optional<std::string> content(std::string_view path);  // nullopt: no such file
    bool exists(std::string_view path);

    bool is_built() const noexcept { return server_ != nullptr; }  // the settings above have been taken
    ftp::Server& server();
    Commons& commons();
    MemoryNetwork& network() noexcept { return network_; }
    net::Loop& loop() { return *runtime_->first().loop; }
    Metrics& metrics() noexcept { return metrics_; }
    ManualClock& clock() noexcept { return clock_; }
    std::vector<Event>& events() noexcept { return events_; }            // but those that only TFTP has
    std::vector<Event>& tftp_events() noexcept { return tftp_events_; }  // these, but for
    std::vector<Event>& tftp_requests() noexcept { return tftp_requests_; }
    std::vector<std::string>& log() noexcept { return log_lines_; }
    std::size_t sessions() { return live_.size(); }
    Limits& permits() { return build(), *limits_; }

private:
    void build();
    ManualClock clock_;
    Metrics metrics_;
    std::vector<std::string> log_lines_;
    std::vector<Event> events_;
    std::vector<Event> tftp_events_;
    std::vector<Event> tftp_requests_;
    Log log_;
    EventBus bus_;
    std::shared_ptr<StaticUsers> users_;
    Chain chain_;
    std::unique_ptr<Limits> limits_;
    std::unique_ptr<Rates> rates_;
    Ledger ledger_;
    std::unique_ptr<Bans> bans_;
    Sessions live_;
    MemoryNetwork network_;
    ftp::Door door_;
    SlowLane* slow_disk_ = nullptr;
    std::unique_ptr<net::Runtime> runtime_;
    std::unique_ptr<Commons> commons_;
    std::unique_ptr<ftp::Server> server_;
};

// One client. Nothing here waits: each function runs the server until it is idle.
class Client {
public:
    Client(Harness& harness, ConnectionPtr control) : harness_(harness), control_(std::move(control)) {}

    void send(std::string_view bytes);  // as they are
    void say(std::string_view line);    // with CRLF
    // The next whole reply that has come, without its last CRLF; nullopt: there is none.
    std::optional<std::string> reply();
    int code();  // of the next reply; 0: none
    int ask(std::string_view line) { return say(line), code(); }
    bool log_in(std::string_view user, std::string_view password);

    // TLS on the control connection, to be begun after the 234. False if the handshake fails.
    bool begin_tls();
    void end_tls();                // after CCC: close_notify, and clear text from here on
    TlsClientOptions tls_options;  // of all that is begun
    std::unique_ptr<TlsClient> tls;

    // The data connection: to the port of the last 227 or 229.
    ConnectionPtr open_data();
    ConnectionPtr open_data_from(const net::Address& stranger);
    bool has_new_port() const noexcept { return new_port_; }  // told by 227 or 229, and not connected to yet
    ConnectionPtr data;
    bool protect_data = false;  // from the next data connection on
    bool resume_data = true;    // by the session of the control connection
    std::unique_ptr<TlsClient> data_tls;
    bool data_secured();  // the handshake is done
    void send_data(std::string_view bytes);
    void end_data();       // in an orderly way
    std::string received;  // over the data connection, so far
    bool data_ended();     // after taking what has come

    bool closed();  // the server has closed the control connection, and all of it is read
    void hang_up() { control_->end_sending(), harness_.run(); }
    void reset() { control_->reset(), harness_.run(); }
    Connection& control() noexcept { return *control_; }
    const std::string& last() const noexcept { return last_; }

private:
    void take();
    void pump(TlsClient& client);
    Harness& harness_;
    ConnectionPtr control_;
    std::string pending_;
    std::string last_;
    net::Address data_address_;
    bool new_port_ = false;
};

}  // namespace wherry::testing
