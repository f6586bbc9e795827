#pragma once
// The FTP side of a Server.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "wherry/ftp_command.h"

namespace wherry {

class Server;

// What may be set about FTP (RFC 959, 1123, 2428, 3659), from Server::ftp(). A handle: copy it freely, as long as the
// Server is there. All of it is to be said before Server::start(), in one thread; each function returns the handle, so
// that they can be chained. What makes no sense (a port range that runs backwards, an address that is none) is
// remembered, and start() fails with it.
class FtpService {
public:
    // Where to wait for clients: "0.0.0.0:2121", "[::1]:2121", or "*:2121" for all addresses of the machine, IPv4 and
    // IPv6. Port 0 lets the system choose one, which Server::addresses() tells. Call it again for a further address;
    // without any, the server listens on "*:2121".
    FtpService listen(std::string address);
    // A socket that listens already: from systemd, or opened before privileges were dropped. The server closes it.
    FtpService listen_on(int descriptor);

    // The ports, both included, for data connections that clients open (PASV, EPSV). Default: the system chooses.
    FtpService passive_ports(std::uint16_t first, std::uint16_t last);
    // The IPv4 address that PASV announces, for a server behind address translation.
    FtpService nat_address(std::string address);
    FtpService passive(bool on);  // PASV, EPSV; default true
    FtpService active(bool on);   // PORT, EPRT; default true
    // Data connections with other addresses than the client's own (FXP, RFC 2577). Default false, and best left so.
    FtpService foreign_addresses(bool on);
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
