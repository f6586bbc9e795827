#pragma once
// Server: file transfer in your program.
//
//   wherry::Server server;
//   server.users().add("alice", wherry::Password("s3cret"), "/srv/alice", wherry::perm::all);
//   server.users().add_anonymous("/srv/pub", wherry::perm::read);
//   server.ftp().listen("0.0.0.0:2121").passive_ports(50000, 50099);
//   return server.run();
//
// Set it up in one thread, then start() or run(). Two servers in one process share nothing.
//
// Threads: the server makes its own (loops for connections, workers for files and passwords, one for events) and lets
// none of them take a signal of your process. Your callbacks are plain blocking code: authenticators, filesystems and
// guards run on workers, several at once; event callbacks run on the one event thread. None of them may call stop(),
// run() or the destructor, which would wait for itself; drain() is for them.
//
// Mistakes of the set-up need not be looked at one by one: whatever goes wrong before start() is remembered, and
// start() fails with all of it. What is marked "before start()" may be called later as well, but holds from the next
// start() on.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "wherry/events.h"
#include "wherry/filesystem.h"
#include "wherry/ftp.h"
#include "wherry/i2ftp.h"
#include "wherry/log.h"
#include "wherry/result.h"
#include "wherry/tftp.h"
#include "wherry/user.h"

namespace wherry {

namespace detail {
template <class Kind, class Variant>
inline constexpr bool is_one_of = false;
template <class Kind, class... Kinds>
inline constexpr bool is_one_of<Kind, std::variant<Kinds...>> = (std::is_same_v<Kind, Kinds> || ...);
}  // namespace detail

// Where a server listens.
struct Endpoint {
    std::string protocol{};  // "ftp", "tftp", "i2ftp"
    std::string address{};   // "127.0.0.1", "::"
    std::uint16_t port = 0;
    std::string text() const;  // "127.0.0.1:2121", "[::]:2121"
};

class Server {
public:
    Server();
    ~Server();  // stop()
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // --- who may come in -------------------------------------------------------------------------
    // The users that the program names. Handles, as all that follow: copy them freely while the Server is there. May be
    // used before and after start(), from any thread; sessions that are open keep the user they came in with.
    class Users {
    public:
        // A user with a folder of this machine, or any filesystem, as the whole tree. Code::exists if the name is
        // taken, Code::invalid for an impossible name or an empty password, and what opening the folder says.
        Result<void> add(std::string name, Password password, const std::string& folder, Perm permissions = perm::read);
        Result<void> add(std::string name, Password password, FilesystemPtr filesystem, Perm permissions = perm::read);
        // With all details: rules, limits, messages.
        Result<void> add(User user, Password password);

        // Everybody, as "anonymous" or "ftp" and with any password. Think before you let strangers write.
        Result<void> add_anonymous(const std::string& folder, Perm permissions = perm::read);
        Result<void> add_anonymous(FilesystemPtr filesystem, Perm permissions = perm::read);
        Result<void> add_anonymous(User user);

        // The users of a TOML file with hashed passwords (docs/config.md). start() reads it; these users are looked for
        // last, after all authenticators of the program. Before start() only.
        void load(std::string file);

        // False if the program has added no such user. Nobody logs in by that name any more; open sessions go on.
        bool remove(std::string_view name);

    private:
        friend class Server;
        explicit Users(Server& server) : server_(&server) {}
        Server* server_;
    };
    Users users() { return Users(*this); }

    class Authenticators {
    public:
        // Asked after the users that were added above, in the order of adding, until one knows the user. Before start()
        // only.
        Authenticators add(AuthenticatorPtr authenticator);

    private:
        friend class Server;
        explicit Authenticators(Server& server) : server_(&server) {}
        Server* server_;
    };
    Authenticators authenticators() { return Authenticators(*this); }

    // --- protocols -------------------------------------------------------------------------------
    FtpService ftp() { return FtpService(*this); }
    TftpService tftp() { return TftpService(*this); }
    I2ftpService i2ftp() { return I2ftpService(*this); }

    // --- how much --------------------------------------------------------------------------------
    // 0 is no limit. Rates are bytes per second. Numbers and rates may be changed after start(), from any thread; times
    // and attempts before it only.
    class Limits {
    public:
        Limits sessions(std::uint32_t most);              // default 512
        Limits sessions_per_address(std::uint32_t most);  // or per /64 of IPv6; default 0
        Limits sessions_per_user(std::uint32_t most);     // where the user's own limits say nothing else; default 0
        Limits transfers(std::uint32_t most);             // default 0
        Limits transfers_per_address(std::uint32_t most);
        Limits transfers_per_user(std::uint32_t most);   // likewise
        Limits checksums_per_user(std::uint32_t most);   // that are computed at the same time; default 1
        Limits commands_per_second(std::uint32_t most);  // of one session, likewise; more of them wait; default 0
        Limits upload_rate(std::uint64_t rate);          // of all together; default 0
        Limits download_rate(std::uint64_t rate);
        // Of all sessions of one user, of one session and of one transfer, each where the user's own limits say nothing
        // else; from the next transfer on. Default 0.
        Limits user_upload_rate(std::uint64_t rate);
        Limits user_download_rate(std::uint64_t rate);
        Limits session_upload_rate(std::uint64_t rate);
        Limits session_download_rate(std::uint64_t rate);
        Limits transfer_upload_rate(std::uint64_t rate);
        Limits transfer_download_rate(std::uint64_t rate);
        Limits burst(std::chrono::milliseconds span);  // what a rate lets pass at once after a pause; default 250 ms

        Limits idle_timeout(std::chrono::seconds span);  // silence without a transfer; default 300 s
        Limits login_attempts(std::uint32_t most);       // wrong ones, then the end; default 3
        // Of every refusal, doubled for each further one of the same address up to the longest; default 3 s, 30 s.
        Limits login_failure_delay(std::chrono::milliseconds span);
        Limits longest_login_failure_delay(std::chrono::milliseconds span);
        // So many wrong logins from one address (or /64 of IPv6) within ten minutes, and it is turned away for `span`,
        // each further time for twice as long; 0 failures: never. Default 10, 15 minutes.
        Limits ban(std::uint32_t failures, std::chrono::seconds span);

    private:
        friend class Server;
        explicit Limits(Server& server) : server_(&server) {}
        Server* server_;
    };
    Limits limits() { return Limits(*this); }

    // --- how uploads are written; before start() only --------------------------------------------
    class Uploads {
    public:
        Uploads atomic(bool on);        // seen under their name only when complete; default false
        Uploads keep_partial(bool on);  // with atomic: a broken one stays as NAME.partial; default false
        Uploads overwrite(bool on);     // default true
        Uploads drop_broken(bool on);   // without atomic: what came of a broken one is removed; default false
        Uploads free_space_floor(std::uint64_t bytes);  // to be left free on the disk; default 0
        Uploads modes(std::uint32_t file,
                      std::uint32_t directory);  // of new ones, before the umask; default 0666, 0777

    private:
        friend class Server;
        explicit Uploads(Server& server) : server_(&server) {}
        Server* server_;
    };
    Uploads uploads() { return Uploads(*this); }

    // --- what happens; before start() only -------------------------------------------------------
    // server.on<event::Received>([](const event::Received& e) { ... }): called after it has happened, on the event
    // thread, one event after the other. What it throws goes to the log.
    template <class Kind>
    void on(std::function<void(const Kind&)> callback) {
        static_assert(detail::is_one_of<Kind, Event>, "on<Kind>: Kind is one of wherry::event");
        add_sink<Kind>(std::move(callback));
    }
    // All events.
    void on_event(std::function<void(const Event&)> callback);
    // server.guard<action::Upload>([](const action::Upload& a) -> Verdict { ... }): asked before it happens, on a
    // worker, several at once; the session waits. Of several guards all must allow. One that throws refuses.
    template <class Kind>
    void guard(std::function<Verdict(const Kind&)> decide) {
        static_assert(detail::is_one_of<Kind, Action>, "guard<Kind>: Kind is one of wherry::action");
        add_guard<Kind>(std::move(decide));
    }

    // --- log -------------------------------------------------------------------------------------
    void log_level(LogLevel level);   // default warning; may be changed after start()
    void log_file(std::string file);  // appended to, instead of standard error; before start() only
    // To a function of your own, on the thread that logs but one line at a time; it must not call the server. Before
    // start() only.
    void log_to(std::function<void(LogLevel, std::string_view)> function);
    // What stands before the line of each event, instead of "[7 alice@203.0.113.5:40112]": called on the event thread,
    // made one printable line. Before start() only.
    void log_prefix(std::function<std::string(const SessionInfo&)> prefix);

    // --- threads; before start() only ------------------------------------------------------------
    void loops(std::size_t count);         // that serve connections; default 0: one for each two processors
    void disk_threads(std::size_t count);  // that wait for files; default 8

    // --- the life of a server --------------------------------------------------------------------
    // Opens the sockets and serves, on threads of its own; returns at once. Fails, with nothing started, if a socket
    // cannot be had or if the set-up had a mistake; the message says what to do. Code::busy if it is serving already.
    // After stop() it may be started again: sockets named by an address are opened anew.
    Result<void> start();
    // The same for a program with an event loop of its own: no thread serves connections, the one that calls this does.
    // Poll descriptor() for reading together with your own, for at most poll_timeout() milliseconds, and call
    // poll_once(), which never waits, whenever that ends:
    //
    //   pollfd watched[] = {{server.descriptor(), POLLIN, 0}, ...};
    //   poll(watched, count, server.poll_timeout());
    //   server.poll_once();
    //
    // These three, and stop(), belong to the thread that called attach(); disks, passwords and events still have
    // threads of their own. After drain() go on until poll_once() says false: everything has ended.
    Result<void> attach();
    int descriptor() const;    // -1 unless attached
    int poll_timeout() const;  // as poll(2) takes it: -1 for no limit
    bool poll_once();
    // Where it listens, in the order of listen(): with the ports that the system chose. Empty unless serving.
    std::vector<Endpoint> addresses() const;
    // No new connections; each session ends when its running transfer has. Returns at once; from any thread, also from
    // callbacks.
    void drain();
    // Ends everything, running transfers too, and waits for that: afterwards no callback runs. Not from a callback.
    void stop();
    // start(), if that was not called yet, and then waits until drain() or stop() was called and everything has ended,
    // or for a signal: the first SIGTERM or SIGINT drains, the second one stops; SIGHUP reads users files again and
    // opens the log file anew. 0 after an orderly end; 1 if start() failed, and standard error says why. For main():
    // the calling thread takes these signals meanwhile; threads you made before must block them.
    int run();

    // --- while it serves, from any thread --------------------------------------------------------
    std::vector<SessionInfo> sessions() const;
    std::vector<SessionStatus> status() const;  // the same sessions, with what they are doing
    bool kill(std::uint64_t session);           // false: no such session. The client is cut off with Code::killed
    std::string metrics() const;                // in the text format of Prometheus; empty unless serving

private:
    friend class FtpService;
    friend class TftpService;
    friend class I2ftpService;
    // In the library, one of each for every Kind. Unconstrained: compilers do not agree on the names of constrained
    // ones.
    template <class Kind>
    void add_sink(std::function<void(const Kind&)> callback);
    template <class Kind>
    void add_guard(std::function<Verdict(const Kind&)> decide);
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace wherry
