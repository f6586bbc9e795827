#pragma once
// The FTP side of a Server.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "wherry/ftp_command.h"
#include "wherry/result.h"
#include "wherry/tls.h"

namespace wherry {

class Server;

// Who wants to know which address PASV shall announce.
struct NatQuestion {
    std::string client;  // the address of the client
    std::string local;   // the address of this machine that it has reached
    std::string user;
};

// What may be set about FTP (RFC 959, 1123, 2428, 3659), from Server::ftp(). A handle: copy it freely, as long as the
// Server is there. All of it is to be said before Server::start(), in one thread; each function returns the handle, so
// that they can be chained. What makes no sense (a port range that runs backwards, an address that is none) is
// remembered, and start() fails with it.
class FtpService {
public:
    // Where to wait for clients: "0.0.0.0:2121", "[::1]:2121", "files.example:2121" for all addresses of that host as
    // start() finds them (it waits for the answer), or "*:2121" for all addresses of the machine, IPv4 and IPv6. Port 0
    // lets the system choose one, which Server::addresses() tells. Call it again for a further address; without any,
    // the server listens on "*:2121".
    FtpService listen(std::string address);
    // A socket that listens already: from systemd, or opened before privileges were dropped. The server closes it.
    FtpService listen_on(int descriptor);

    // Where TLS comes before everything else (ftps://, port 990 by custom).
    FtpService listen_implicit(std::string address);

    // --- TLS (RFC 4217): without a certificate there is none ---
    // PEM files; `certificate` is followed by its chain, and `key` is empty if the key is in there, too. Call it again
    // for clients that ask for another name (SNI); then the key must be in the same file. They are read by start(), and
    // again by run() on SIGHUP.
    FtpService tls(std::string certificate, std::string key = {});
    FtpService protect_control(Protection rule);  // default optional: who asks for it gets it
    FtpService protect_data(Protection rule);     // likewise
    FtpService tls_reuse(TlsReuse rule);          // of the session, by data connections; default prefer
    FtpService tls_minimum(TlsVersion version);   // default tls12
    // How long a handshake may take, on either connection; default 15 s.
    FtpService tls_handshake_timeout(std::chrono::seconds span);
    // An upload may end without close_notify, as old clients do it. Default false: whoever can cut the connection could
    // pass off a part of a file as all of it.
    FtpService tls_lenient_end(bool on);
    // Clients may take the protection off the control connection after the login (CCC). Default false.
    FtpService tls_clear_again(bool on);
    // The kernel encrypts files that are sent, where it can (Linux's module "tls"). Default true.
    FtpService tls_by_kernel(bool on);
    // Asks clients for certificates of these authorities (PEM file); `revocations`: PEM file of their lists, or empty.
    FtpService client_certificates(ClientCertificates rule, std::string authorities, std::string revocations = {});
    // Who needs no password because of the certificate. Authenticators are asked for the user all the same, with
    // Login::by_certificate set.
    FtpService certificate_login(CertificateRule rule);

    // The ports, both included, for data connections that clients open (PASV, EPSV). Default: any of those that the
    // system gives away (ip_local_port_range), at random.
    FtpService passive_ports(std::uint16_t first, std::uint16_t last);
    // The IPv4 address that PASV announces, for a server behind address translation.
    FtpService nat_address(std::string address);
    // The same for clients of one network ("10.0.0.0/8") and for those that have reached one address of this machine.
    FtpService nat_address_for_client(std::string network, std::string address);
    FtpService nat_address_for_local(std::string local, std::string address);
    // Asked at each PASV where no rule of the two above holds; answers an IPv4 address. Called on a worker, several at
    // once; it may block, but PASV waits for it no longer than `wait`. An answer holds for `cache`; where none comes
    // the last good one does, and then nat_address().
    FtpService nat_resolver(std::function<Result<std::string>(const NatQuestion&)> ask,
                            std::chrono::seconds cache = std::chrono::seconds(60),
                            std::chrono::milliseconds wait = std::chrono::milliseconds(2000));
    // The same by the name of a host, as the system resolves it.
    FtpService nat_host(std::string name);
    // The ports that are announced instead of the passive ones, one for one: a router passes them on.
    FtpService announced_ports(std::uint16_t first, std::uint16_t last);
    // Clients of different addresses may wait at the same passive port. Default false.
    FtpService share_passive_ports(bool on);
    FtpService passive(bool on);  // PASV, EPSV; default true
    FtpService active(bool on);   // PORT, EPRT; default true
    // Data connections with other addresses than the client's own (FXP, RFC 2577). Default false, and best left so.
    FtpService foreign_addresses(bool on);
    // Only with those in that network, also for users who may do so while it is off for all. Call it again for more.
    FtpService foreign_network(std::string network);
    FtpService privileged_ports(bool on);     // active mode to ports below 1024; default false
    FtpService active_from_port_20(bool on);  // needs the right to bind it; default false

    FtpService greeting(std::string text);       // of 220; lines end in "\n"
    FtpService login_message(std::string text);  // of 230, where the user has none of their own
    FtpService quit_message(std::string text);   // of 221, likewise

    FtpService login_timeout(std::chrono::seconds span);         // from the greeting to a login; default 60 s
    FtpService data_connect_timeout(std::chrono::seconds span);  // waiting for a data connection; default 30 s
    FtpService stall_timeout(std::chrono::seconds span);         // a transfer moves no byte; default 300 s
    FtpService line_limit(std::size_t bytes);                    // of one command; default 8192
    FtpService local_time(bool on);                              // in LIST, instead of UTC; default false

    // Whatever else the configuration may say about FTP, by the name of its key in docs/config.md without the "ftp.":
    // set("mode_z", true), set("list_recursion", 10'000), set("ascii", "raw"), set("disabled_commands", {{"MLSD"}}).
    // Durations and sizes are texts as they stand there: "90s". A list replaces what was there.
    using Value = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;
    FtpService set(const std::string& key, const Value& value);

    // --- what you say to a client; all of these run on a worker, see ftp_command.h -----------------------------------
    // A command of your own, a verb or one of SITE. HELP, FEAT and SITE HELP know it as they know ours; one of ours
    // that has the same verb is replaced, though never USER, PASS, QUIT, ABOR and SITE.
    FtpService command(FtpCommand row, FtpFunction run);
    // Asked before every command, unknown ones too, when it is its turn: a reply refuses it, nothing lets it go on. The
    // argument of PASS and ACCT is not shown. Costs each command the way to a worker and back.
    FtpService before_command(std::function<std::optional<FtpReply>(const FtpCall&)> decide);
    // How each connection is received, or that it is not.
    FtpService greeting(std::function<FtpWelcome(const SessionInfo&)> receive);
    // Asked about the name of USER, before there is a password: a refusal is answered 530 with its reason, and counts
    // as an attempt to log in. It tells strangers which names you take.
    FtpService allow_name(std::function<Verdict(const SessionInfo&, const std::string& name)> decide);
    // The texts of 230 and 221 for this user at this moment; empty: the user's or the server's.
    FtpService login_message(std::function<std::string(const SessionInfo&, const User&)> tell);
    FtpService quit_message(std::function<std::string(const SessionInfo&)> tell);

private:
    friend class Server;
    explicit FtpService(Server& server) : server_(&server) {}
    Server* server_;
};

}  // namespace wherry
