#pragma once
// What an operator may set about the FTP service, with its defaults. Live changes are not made here: a server is given
// a copy.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/subnet.h"
#include "wherry/ftp.h"
#include "wherry/tls.h"

namespace wherry::ftp {

// PASV announces `shown` to clients of that network, or to those that have reached us at that address.
struct NatForClient {
    net::Subnet client;
    net::Address shown;
    friend bool operator==(const NatForClient&, const NatForClient&) = default;
};
struct NatForLocal {
    net::Address local;
    net::Address shown;
    friend bool operator==(const NatForLocal&, const NatForLocal&) = default;
};
using NatAsk = std::function<Result<std::string>(const NatQuestion&)>;

// What TYPE A, which clients start with, means for files.
enum class Ascii : std::uint8_t {
    convert,  // line ends are made CRLF on the wire (RFC 959 3.1.1.1)
    raw,      // TYPE A is accepted, files are moved as they are; so SIZE and REST are exact
    refuse,   // TYPE A is refused, and sessions start in TYPE I
};

// A name that clients may ask for by HOST (RFC 7151).
struct VirtualHost {
    std::string name;      // in small letters
    std::string greeting;  // of the answer to HOST; empty: that of the server
};

// Holds where the server has a certificate; without one nothing is offered.
struct TlsRules {
    Protection control = Protection::optional;
    Protection data = Protection::optional;
    TlsReuse reuse = TlsReuse::prefer;
    bool clear_again = false;                    // CCC; RFC 4217 section 12.3
    bool lenient_end = false;                    // an upload may end without close_notify
    std::chrono::seconds handshake_timeout{15};  // on either channel
    CertificateRule certificate_rule;            // empty: certificates log nobody in
};

// How clients are met at one listening address, whatever TlsRules say otherwise.
struct Door {
    bool tls_required = false;  // on the control connection, and on data connections unless they are never protected
    bool implicit_tls = false;  // TLS begins with the connection, before the greeting (port 990)
};

struct Settings {
    std::string greeting = "Wherry ready.";
    std::string login_message = "Login successful.";
    std::string quit_message = "Goodbye.";
    std::string busy_message = "Too many connections, try again later";

    // --- data connections --------------------------------------------------------------------------------------------
    std::uint16_t passive_first = 0;  // 0: the system chooses
    std::uint16_t passive_last = 0;
    std::uint16_t announced_first =
        0;  // the port announced for passive_first, and so on; 0: they are announced as they are
    std::uint16_t announced_last = 0;
    bool share_passive_ports = false;         // among clients of different addresses
    std::optional<net::Address> nat_address;  // what PASV announces (its port is not used); EPSV needs none
    // Before nat_address and in this order: the first rule that holds for the client, the one for the address of ours
    // that it has reached, what the embedder's resolver says, what the name resolves to.
    std::vector<NatForClient> nat_for_clients;
    std::vector<NatForLocal> nat_for_local;
    NatAsk nat_resolver;
    std::string nat_host;
    std::chrono::seconds nat_cache{60};           // how long an answer of the two last holds
    std::chrono::milliseconds nat_timeout{2000};  // how long PASV waits for one
    bool passive = true;
    bool active = true;
    bool foreign_addresses = false;             // data peer != control peer (FXP), for all users; RFC 2577
    std::vector<net::Subnet> foreign_networks;  // where such peers may be, whoever the user is; empty: anywhere
    bool privileged_ports = false;              // active mode to ports below 1024
    bool active_from_port_20 = false;

    TlsRules tls;  // at listeners that have no rules of their own

    // --- limits ------------------------------------------------------------------------------------------------------
    std::chrono::seconds idle_timeout{300};         // neither channel moved
    std::chrono::seconds login_timeout{60};         // from the greeting to a login
    std::chrono::seconds data_connect_timeout{30};  // from the transfer command to the data connection
    std::chrono::seconds stall_timeout{300};        // a running transfer moved no byte
    std::size_t line_limit = 8192;                  // bytes of one command
    std::size_t reply_limit = 65536;  // bytes of replies that the client has not taken; then commands wait
    Ascii ascii = Ascii::convert;
    std::string charset;  // of names, instead of UTF-8, until a client says OPTS UTF8 ON; empty: UTF-8
    std::vector<net::Address> charset_listen;  // only where clients have reached these; empty: everywhere
    bool show_local_time = false;              // in LIST; else UTC. MDTM and MLSx are always UTC

    // --- listings ----------------------------------------------------------------------------------------------------
    bool list_options = true;          // LIST -la and its like; else they are part of the name
    std::uint32_t list_recursion = 0;  // entries that LIST -R may show; 0: -R is passed over
    bool owner_names = false;          // in LIST; else numbers, which tell less of this machine

    bool strict = false;  // an argument of a command that takes none is refused; else it is passed over

    // --- commands ----------------------------------------------------------------------------------------------------
    std::vector<VirtualHost> hosts;
    std::vector<std::string> disabled_commands;  // in capitals: "MLSD", "SITE CHMOD"; see can_be_disabled()
    bool hash = false;                           // HASH, MD5, XCRC and their like: work for our processors
    bool long_checksum_replies = false;          // of XCRC and its like: two lines instead of one
    bool upper_case_checksums = true;            // of all but HASH
    bool combine = false;                        // COMB
    bool site_chown = false;                     // SITE CHOWN
    bool mode_z = false;                         // MODE Z: compression, for our processors and the client's
    int mode_z_level = 6;                        // 0 to 9, until a client says OPTS MODE Z LEVEL
    std::uint32_t mode_z_ratio = 200;            // an upload may expand so many times, beside the first 32 MiB; 0: any
    bool mdtm_sets = false;                      // "MDTM 20240131235959 path" sets the time of path
};

}  // namespace wherry::ftp
