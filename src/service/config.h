#pragma once
// Config: all that an operator can set, with the defaults. A value; made by config_load.h from a file, by the program
// from its flags, and by Server from its setters. config_keys.h is the list of the names that a file uses.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/commons.h"
#include "access/limits.h"
#include "access/throttle.h"
#include "ftp/settings.h"
#include "i2ftp/settings.h"
#include "net/address.h"
#include "net/handed_over.h"
#include "net/runtime.h"
#include "net/tls_context.h"
#include "observe/log.h"
#include "tftp/settings.h"
#include "wherry/accounts.h"
#include "wherry/filesystem.h"
#include "wherry/user.h"

namespace wherry {

// Where to wait for clients: at an address, at all those of a host, or with the sockets that were handed over to this
// process under a name.
struct ListenPlace {
    net::Address address;  // of a host its port alone, until listen_names.h has asked for the rest
    std::string host;      // its name; empty: the address
    std::string sockets;   // their name; empty: the address

    ListenPlace(const net::Address& at) : address(at) {}
    // As net::Address::parse, "HOST:PORT" and "systemd:NAME". Nobody is asked for the host.
    static Result<ListenPlace> parse(std::string_view text);
    bool is_address() const noexcept { return host.empty() && sockets.empty(); }
    std::string text() const;
    friend bool operator==(const ListenPlace&, const ListenPlace&) = default;
};
using ListenPlaces = std::vector<ListenPlace>;

struct FtpConfig {
    ListenPlaces listen{net::Address::any(2121)};
    ListenPlaces tls_listen;       // there clients have to begin TLS before they log in
    ListenPlaces implicit_listen;  // there TLS comes before all
    std::vector<int> descriptors;  // sockets that listen already, handed over to this process; never from a file
    ftp::Settings settings;

    bool served() const noexcept {
        return !listen.empty() || !tls_listen.empty() || !implicit_listen.empty() || !descriptors.empty();
    }
};

// The rules of TLS are in ftp::Settings; these are the files and what OpenSSL is told. Empty `certificate`: no TLS.
struct TlsConfig {
    std::string certificate;
    std::string key;                              // empty: in the same file
    std::vector<std::string> other_certificates;  // with their keys, chosen by the name that a client asks for
    TlsVersion minimum = TlsVersion::tls12;
    std::string ciphers;
    std::string cipher_suites;
    bool ktls = true;
    ClientCertificates client_certificates = ClientCertificates::off;
    std::string client_authorities;
    std::string client_revocations;
    // What of a client's certificate must be the name of the user who may come in without a password.
    enum class UserOf : std::uint8_t { none, common_name, email, dns_name };
    UserOf client_user = UserOf::none;
};

struct I2ftpConfig {
    ListenPlaces listen;         // empty: not served, unless by TLS
    ListenPlaces tls_listen;     // there TLS comes before all
    std::string key_file;        // of the user below; empty: there is none
    std::string user = "i2ftp";  // its name, for logs, limits and events
    std::string folder;
    Perm permissions = perm::read;
    i2ftp::Settings settings;

    bool served() const noexcept { return !listen.empty() || !tls_listen.empty(); }
};

struct AnonymousConfig {
    std::string folder;  // empty: no anonymous login
    Perm permissions = perm::read;
};

// Who says whether the password of an account is right.
enum class SystemCheck : std::uint8_t { shadow, pam };

// Programs of the operator's that have a say in TFTP, each with its arguments; empty: none.
struct TftpHookConfig {
    struct Requests {
        bool reads = true;
        bool writes = false;
    };
    enum class When : std::uint8_t { always, missing };
    std::vector<std::string> command;         // asked about requests
    Requests on;                              // about which
    When when = When::always;                 // of downloads
    std::vector<std::string> after_download;  // told of files that somebody has
};

struct TftpConfig {
    bool enabled = true;             // false: no TFTP, whatever the rest says
    ListenPlaces listen;             // empty: no TFTP, unless by descriptors
    std::vector<int> descriptors;    // sockets that are bound already, handed over to this process; never from a file
    std::string user;                // of the users files, whose rights and quota hold; empty: nobody's
    std::vector<std::string> roots;  // folders; empty: the user's, or the anonymous one
    bool fsync = false;              // uploads to these are on the disk before they are called complete
    bool require_roots = true;       // a root that is not there is a mistake
    bool accept_full_path = true;    // names may have a root's own path in front
    std::string map_file;            // rules for names; empty: none
    std::string pattern_file;        // other names for what is not there; empty: none
    std::string lease_file;          // dnsmasq's, for hardware addresses that the kernel does not know; empty: none
    TftpHookConfig hook;
    tftp::Settings settings;

    bool served() const noexcept { return enabled && (!listen.empty() || !descriptors.empty()); }
};

struct Config {
    std::string file;                      // where it was read; empty: nowhere
    std::vector<net::HandedOver> sockets;  // those that a ListenPlace names; never from a file

    FtpConfig ftp;
    TlsConfig tls;
    I2ftpConfig i2ftp;
    TftpConfig tftp;
    LimitOptions limits;
    RateOptions rates;
    UploadPolicy uploads;
    LoginPolicy login;
    BanOptions bans;
    NameRules names;

    bool users_inline = false;             // `file` has [users.NAME] tables
    std::vector<std::string> users_files;  // asked in this order, after the users of `file`
    bool system_users = false;             // accounts of this machine; asked after all files
    AccountRules system;                   // but for its `posix`: that is `filesystem`
    SystemCheck system_check = SystemCheck::shadow;
    PamRules pam;
    AnonymousConfig anonymous;
    PosixOptions filesystem;  // of the anonymous folder; each user of a file has such settings of their own

    LogOptions log;
    std::string control;  // path of the socket for the operator (see control_server.h); empty: there is none
    net::RuntimeOptions runtime;
    bool use_sendfile = true;
};

// All lists of places, each with its key.
std::vector<std::pair<std::string_view, const ListenPlaces*>> listen_lists(const Config& config);
// Whether some list of the configuration names sockets so.
bool names_sockets(const Config& config, std::string_view name);

// Whether TLS is offered anywhere, if there is a certificate.
bool wants_tls(const Config& config);
// Whether it is not only offered: without a certificate there is nothing to serve then.
bool needs_tls(const Config& config);
// By TlsConfig::client_user; empty: certificates log nobody in.
CertificateRule certificate_rule(TlsConfig::UserOf part);
// What to load: as the configuration says.
net::TlsOptions tls_options(const Config& config);

}  // namespace wherry
