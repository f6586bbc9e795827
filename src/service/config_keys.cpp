#include "service/config_keys.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace wherry {
namespace {

using namespace fields;
using namespace std::chrono_literals;
using enum ConfigKey::Change;

constexpr std::size_t most_message = 4096;  // bytes; lines of it become lines of one reply

// Columns: name, when a change holds, kind of value with its member and limits, what it is.
std::vector<ConfigKey> make_keys() {
    return {
        // --- the FTP service ---------------------------------------------------------------------
        {"ftp.listen", restart, listen_places([](auto& c) -> auto& { return c.ftp.listen; }),
         "Where the server waits for clients. \"*\" is all addresses of the machine, IPv4 and IPv6; port 0 lets the "
         "system choose a port. HOST is all addresses that this name has at the start. \"systemd:NAME\" is the sockets "
         "that systemd hands over under that name "
         "(FileDescriptorName=); those that no list names serve FTP in place of this one."},
        {"ftp.tls_listen", restart, listen_places([](auto& c) -> auto& { return c.ftp.tls_listen; }),
         "Further addresses, where clients must begin TLS (AUTH TLS) before they log in, and protect data."},
        {"ftp.implicit_listen", restart, listen_places([](auto& c) -> auto& { return c.ftp.implicit_listen; }),
         "Further addresses, where TLS begins with the connection: ftps://, port 990 by custom."},
        {"ftp.greeting", live, text([](auto& c) -> auto& { return c.ftp.settings.greeting; }, most_message),
         "The first words a client reads."},
        {"ftp.login_message", live, text([](auto& c) -> auto& { return c.ftp.settings.login_message; }, most_message),
         "What users read after the login, where their own settings say nothing else."},
        {"ftp.quit_message", live, text([](auto& c) -> auto& { return c.ftp.settings.quit_message; }, most_message),
         "What users read after QUIT, where their own settings say nothing else."},
        {"ftp.busy_message", live, text([](auto& c) -> auto& { return c.ftp.settings.busy_message; }, most_message),
         "What clients read with 421 who are one too many, of the server or of their address."},
        {"ftp.passive_ports", restart,
         port_range([](auto& c) -> auto& { return c.ftp.settings.passive_first; },
                    [](auto& c) -> auto& { return c.ftp.settings.passive_last; }),
         "Ports for data connections that clients open (PASV, EPSV). Open them in the firewall; each transfer that is "
         "being set up takes one."},
        {"ftp.announced_ports", restart,
         port_range([](auto& c) -> auto& { return c.ftp.settings.announced_first; },
                    [](auto& c) -> auto& { return c.ftp.settings.announced_last; }),
         "The ports that clients are told instead, one for one: for a router that passes other ports on to those."},
        {"ftp.share_passive_ports", live, flag([](auto& c) -> auto& { return c.ftp.settings.share_passive_ports; }),
         "Whether clients of different addresses may wait at the same passive port; data connections with other "
         "addresses than the client's own are then active ones only."},
        {"ftp.nat_address", live, ip([](auto& c) -> auto& { return c.ftp.settings.nat_address; }),
         "The address that PASV announces, for a server behind a router that translates addresses or in a container."},
        {"ftp.nat_for_clients", live, nat_for_clients([](auto& c) -> auto& { return c.ftp.settings.nat_for_clients; }),
         "What PASV announces to clients of a network instead; the first that holds counts."},
        {"ftp.nat_for_local", live, nat_for_local([](auto& c) -> auto& { return c.ftp.settings.nat_for_local; }),
         "What PASV announces to clients that have reached this address of the machine."},
        {"ftp.nat_host", live, host([](auto& c) -> auto& { return c.ftp.settings.nat_host; }),
         "A name whose address PASV announces, asked for anew when it is needed: for addresses that change. While it "
         "has no answer the last one holds, then ftp.nat_address."},
        {"ftp.nat_cache", live, duration([](auto& c) -> auto& { return c.ftp.settings.nat_cache; }, 0s, 24h),
         "How long the address of ftp.nat_host holds."},
        {"ftp.nat_timeout", live, duration([](auto& c) -> auto& { return c.ftp.settings.nat_timeout; }, 1ms, 1min),
         "How long PASV waits for it."},
        {"ftp.passive", live, flag([](auto& c) -> auto& { return c.ftp.settings.passive; }),
         "Whether clients may open data connections (PASV, EPSV)."},
        {"ftp.active", live, flag([](auto& c) -> auto& { return c.ftp.settings.active; }),
         "Whether the server opens data connections to clients that ask for it (PORT, EPRT)."},
        {"ftp.foreign_addresses", live, flag([](auto& c) -> auto& { return c.ftp.settings.foreign_addresses; }),
         "Whether data may come from and go to other addresses than the client's own. Needed for transfers between two "
         "servers (FXP); lets clients use this server to reach others (RFC 2577)."},
        {"ftp.foreign_networks", live, subnets([](auto& c) -> auto& { return c.ftp.settings.foreign_networks; }),
         "Where other addresses than the client's own may be, if they are allowed, be it here or for a single user; "
         "empty: anywhere."},
        {"ftp.privileged_ports", live, flag([](auto& c) -> auto& { return c.ftp.settings.privileged_ports; }),
         "Whether the server opens data connections to ports below 1024."},
        {"ftp.active_from_port_20", live, flag([](auto& c) -> auto& { return c.ftp.settings.active_from_port_20; }),
         "Whether data connections that the server opens come from port 20, as some old firewalls want it. Needs the "
         "right to bind that port."},
        {"ftp.idle_timeout", live,
         duration([](auto& c) -> auto& { return c.ftp.settings.idle_timeout; }, 0s, most_wait),
         "How long a session may be silent, with no transfer running, before it is ended; 0 is for ever."},
        {"ftp.login_timeout", live,
         duration([](auto& c) -> auto& { return c.ftp.settings.login_timeout; }, 1s, most_wait),
         "How long a client may take from the greeting to its login."},
        {"ftp.data_connect_timeout", live,
         duration([](auto& c) -> auto& { return c.ftp.settings.data_connect_timeout; }, 1s, 1h),
         "How long a transfer waits for its data connection."},
        {"ftp.stall_timeout", live,
         duration([](auto& c) -> auto& { return c.ftp.settings.stall_timeout; }, 1s, most_wait),
         "How long a running transfer may move no byte before it is ended."},
        {"ftp.line_limit", live, number([](auto& c) -> auto& { return c.ftp.settings.line_limit; }, 512, 65536),
         "The longest command a client may send, in bytes."},
        {"ftp.reply_limit", live, number([](auto& c) -> auto& { return c.ftp.settings.reply_limit; }, 4096, 1'048'576),
         "Replies a client may leave unread, in bytes; then its commands wait, until it is idle too long."},
        {"ftp.ascii", live,
         choice([](auto& c) -> auto& { return c.ftp.settings.ascii; },
                std::vector<std::pair<std::string_view, ftp::Ascii>>{
                    {"convert", ftp::Ascii::convert}, {"raw", ftp::Ascii::raw}, {"refuse", ftp::Ascii::refuse}}),
         "What TYPE A, which clients start with, does: line ends are made CRLF on the wire, files are moved as they "
         "are, or "
         "it is refused."},
        {"ftp.charset", live, charset([](auto& c) -> auto& { return c.ftp.settings.charset; }),
         "The charset of names for clients that do not know UTF-8, until they say OPTS UTF8 ON; empty: UTF-8."},
        {"ftp.charset_listen", live, addresses([](auto& c) -> auto& { return c.ftp.settings.charset_listen; }),
         "Those of ftp.listen where ftp.charset holds; empty: all."},
        {"ftp.local_time", live, flag([](auto& c) -> auto& { return c.ftp.settings.show_local_time; }),
         "Whether LIST shows times of the machine's own zone instead of UTC. MLSD and MDTM are always UTC."},

        {"ftp.strict", live, flag([](auto& c) -> auto& { return c.ftp.settings.strict; }),
         "Whether an argument of a command that takes none is refused; else it is passed over."},
        {"ftp.list_options", restart, flag([](auto& c) -> auto& { return c.ftp.settings.list_options; }),
         "Whether LIST and NLST take the options of ls, like -la; else these are the beginning of a name."},
        {"ftp.list_recursion", restart,
         number([](auto& c) -> auto& { return c.ftp.settings.list_recursion; }, 0, most_count),
         "How many entries LIST -R may show of a whole tree, before it ends; 0: it shows the one directory only."},
        {"ftp.owner_names", restart, flag([](auto& c) -> auto& { return c.ftp.settings.owner_names; }),
         "Whether LIST shows the names that this machine has for owners and groups; else their numbers."},
        {"ftp.hosts", restart, hosts([](auto& c) -> auto& { return c.ftp.settings.hosts; }),
         "Names of this server that clients may ask for by HOST (RFC 7151), each with a greeting of its own if you "
         "like. "
         "Users who have \"hosts\" are served by those names only."},
        {"ftp.disabled_commands", restart, commands([](auto& c) -> auto& { return c.ftp.settings.disabled_commands; }),
         "Commands that are not served, with their other spellings; neither FEAT nor HELP shows them."},
        {"ftp.hash", restart, flag([](auto& c) -> auto& { return c.ftp.settings.hash; }),
         "Whether clients may ask for checksums of files (HASH, MD5, MMD5, XCRC, XMD5, XSHA and their like). Each "
         "takes "
         "a thread of runtime.hash_threads for as long as the file is read."},
        {"ftp.long_checksum_replies", restart,
         flag([](auto& c) -> auto& { return c.ftp.settings.long_checksum_replies; }),
         "Whether XCRC and its like answer in two lines, as some clients want it, and not in one."},
        {"ftp.upper_case_checksums", restart,
         flag([](auto& c) -> auto& { return c.ftp.settings.upper_case_checksums; }),
         "Whether checksums of all commands but HASH have capital letters."},
        {"ftp.combine", restart, flag([](auto& c) -> auto& { return c.ftp.settings.combine; }),
         "Whether clients may make one file of several (COMB)."},
        {"ftp.site_chown", restart, flag([](auto& c) -> auto& { return c.ftp.settings.site_chown; }),
         "Whether users with the permission O may change owners (SITE CHOWN), as far as the system lets the server."},
        {"ftp.mode_z", restart, flag([](auto& c) -> auto& { return c.ftp.settings.mode_z; }),
         "Whether clients may have data compressed (MODE Z). It costs much processor time, on runtime.hash_threads."},
        {"ftp.mode_z_level", restart, number([](auto& c) -> auto& { return c.ftp.settings.mode_z_level; }, 0, 9),
         "How hard data is compressed, from 0 to 9, where the client does not say (OPTS MODE Z LEVEL)."},
        {"ftp.mode_z_ratio", restart, number([](auto& c) -> auto& { return c.ftp.settings.mode_z_ratio; }, 0, 2000),
         "How many times its size a compressed upload may become, beside its first 32 MiB; more is taken for an attack "
         "and ends it. 0 is no limit."},
        {"ftp.mdtm_sets", restart, flag([](auto& c) -> auto& { return c.ftp.settings.mdtm_sets; }),
         "Whether \"MDTM 20240131235959 file\" sets the time of a file, as old clients have it. A file that is called "
         "so "
         "goes before."},
        // --- TLS ---------------------------------------------------------------------------------
        {"tls.certificate", live, place("file", [](auto& c) -> auto& { return c.tls.certificate; }),
         "The certificate in PEM, followed by those that lead to its authority. Empty: `wherry serve` makes one that "
         "nobody has signed."},
        {"tls.key", live, place("file", [](auto& c) -> auto& { return c.tls.key; }),
         "Its private key in PEM; empty: in the same file."},
        {"tls.other_certificates", live, files([](auto& c) -> auto& { return c.tls.other_certificates; }),
         "Further PEM files of a certificate, its chain and its private key each, for clients that ask for another "
         "name (SNI)."},
        {"tls.control", live, protection([](auto& c) -> auto& { return c.ftp.settings.tls.control; }),
         "Whether control connections, with their passwords, are protected; clear switches TLS off."},
        {"tls.data", live, protection([](auto& c) -> auto& { return c.ftp.settings.tls.data; }),
         "Whether data connections are protected."},
        {"tls.reuse", live,
         choice([](auto& c) -> auto& { return c.ftp.settings.tls.reuse; },
                std::vector<std::pair<std::string_view, TlsReuse>>{
                    {"off", TlsReuse::off}, {"prefer", TlsReuse::prefer}, {"require", TlsReuse::require}}),
         "Whether data connections resume the TLS session of their control connection: the proof that they come from "
         "the same client, which some clients cannot give."},
        {"tls.minimum", live,
         choice([](auto& c) -> auto& { return c.tls.minimum; },
                std::vector<std::pair<std::string_view, TlsVersion>>{{"1.2", TlsVersion::tls12},
                                                                     {"1.3", TlsVersion::tls13}}),
         "The oldest version of TLS that is spoken."},
        {"tls.ciphers", live, text([](auto& c) -> auto& { return c.tls.ciphers; }, most_message),
         "Ciphers of TLS 1.2, as OpenSSL names them; empty: those with forward secrecy and authenticated encryption."},
        {"tls.cipher_suites", live, text([](auto& c) -> auto& { return c.tls.cipher_suites; }, most_message),
         "Cipher suites of TLS 1.3; empty: those of OpenSSL."},
        {"tls.ktls", live, flag([](auto& c) -> auto& { return c.tls.ktls; }),
         "Whether the kernel encrypts files that are sent, where it has the module \"tls\" (Linux 4.13 and later; "
         "\"modprobe tls\", for the server may not load it by itself). Without it nothing is different but the "
         "processor time."},
        {"tls.client_certificates", live,
         choice(
             [](auto& c) -> auto& { return c.tls.client_certificates; },
             std::vector<std::pair<std::string_view, ClientCertificates>>{{"off", ClientCertificates::off},
                                                                          {"optional", ClientCertificates::optional},
                                                                          {"required", ClientCertificates::required}}),
         "Whether clients are asked for a certificate; without a required one there is no connection."},
        {"tls.client_authorities", live, place("file", [](auto& c) -> auto& { return c.tls.client_authorities; }),
         "PEM file of the authorities that may have issued them."},
        {"tls.client_revocations", live, place("file", [](auto& c) -> auto& { return c.tls.client_revocations; }),
         "PEM file of lists of revoked certificates (CRL), one of each authority; empty: nothing is revoked."},
        {"tls.client_user", live,
         choice([](auto& c) -> auto& { return c.tls.client_user; },
                std::vector<std::pair<std::string_view, TlsConfig::UserOf>>{
                    {"none", TlsConfig::UserOf::none},
                    {"common_name", TlsConfig::UserOf::common_name},
                    {"email", TlsConfig::UserOf::email},
                    {"dns_name", TlsConfig::UserOf::dns_name}}),
         "What of the certificate must be the name of a user, for the user to come in without a password."},
        {"tls.handshake_timeout", live,
         duration([](auto& c) -> auto& { return c.ftp.settings.tls.handshake_timeout; }, 1s, 1h),
         "How long a TLS handshake may take, on either connection."},
        {"tls.lenient_end", live, flag([](auto& c) -> auto& { return c.ftp.settings.tls.lenient_end; }),
         "Whether an upload may end without the closing word of TLS (close_notify). Whoever can cut the connection can "
         "then pass off a part of a file as all of it."},
        {"tls.clear_again", live, flag([](auto& c) -> auto& { return c.ftp.settings.tls.clear_again; }),
         "Whether clients may take the protection off the control connection again after the login (CCC), for routers "
         "that have to read PORT and PASV."},
        // --- how much at a time ------------------------------------------------------------------
        {"limits.sessions", live, number([](auto& c) -> auto& { return c.limits.sessions; }, 0, most_count),
         "Sessions at the same time; 0 is no limit."},
        {"limits.sessions_per_address", live,
         number([](auto& c) -> auto& { return c.limits.sessions_per_address; }, 0, most_count),
         "Sessions at the same time from one address, or from one /64 network of IPv6; 0 is no limit."},
        {"limits.transfers", live, number([](auto& c) -> auto& { return c.limits.transfers; }, 0, most_count),
         "Transfers at the same time; 0 is no limit."},
        {"limits.sessions_per_user", live,
         number([](auto& c) -> auto& { return c.limits.sessions_per_user; }, 0, most_count),
         "Sessions of one user at the same time, where neither the user nor the group says otherwise; 0 is no limit."},
        {"limits.transfers_per_address", live,
         number([](auto& c) -> auto& { return c.limits.transfers_per_address; }, 0, most_count),
         "Transfers at the same time with one address, or with one /64 network of IPv6; 0 is no limit."},
        {"limits.transfers_per_user", live,
         number([](auto& c) -> auto& { return c.limits.transfers_per_user; }, 0, most_count),
         "Transfers of one user at the same time, where neither the user nor the group says otherwise; 0 is no limit."},
        {"limits.commands_per_second", live,
         number([](auto& c) -> auto& { return c.limits.commands_per_second; }, 0, most_count),
         "Commands of one session in a second, where neither the user nor the group says otherwise; more of them wait. "
         "0 is no limit."},
        {"limits.checksums_per_user", live,
         number([](auto& c) -> auto& { return c.limits.checksums_per_user; }, 0, most_count),
         "Checksums of one user at the same time, in all sessions; 0 is no limit."},

        {"rates.upload", live, rate([](auto& c) -> auto& { return c.rates.upload; }),
         "Bytes per second of all uploads together; 0 is no limit."},
        {"rates.download", live, rate([](auto& c) -> auto& { return c.rates.download; }),
         "Bytes per second of all downloads together; 0 is no limit."},
        {"rates.session_upload", live, rate([](auto& c) -> auto& { return c.rates.session_upload; }),
         "Bytes per second of all uploads of one session, where neither the user nor the group says otherwise; 0 is no "
         "limit. "
         "Holds for transfers that begin after a change."},
        {"rates.session_download", live, rate([](auto& c) -> auto& { return c.rates.session_download; }),
         "Bytes per second of all downloads of one session, likewise."},
        {"rates.user_upload", live, rate([](auto& c) -> auto& { return c.rates.user_upload; }),
         "Bytes per second of all uploads of one user, likewise."},
        {"rates.user_download", live, rate([](auto& c) -> auto& { return c.rates.user_download; }),
         "Bytes per second of all downloads of one user, likewise."},
        {"rates.transfer_upload", live, rate([](auto& c) -> auto& { return c.rates.transfer_upload; }),
         "Bytes per second of one upload, likewise."},
        {"rates.transfer_download", live, rate([](auto& c) -> auto& { return c.rates.transfer_download; }),
         "Bytes per second of one download, likewise."},
        {"rates.burst", live, duration([](auto& c) -> auto& { return c.rates.burst; }, 1ms, 1h),
         "What would pass a rate in so long may pass at once after a pause."},

        // --- files -------------------------------------------------------------------------------
        {"uploads.atomic", live, flag([](auto& c) -> auto& { return c.uploads.atomic; }),
         "Whether an upload is seen under its name only when it is complete; until then the old file stays."},
        {"uploads.keep_partial", live, flag([](auto& c) -> auto& { return c.uploads.keep_partial; }),
         "With uploads.atomic: what came of a broken upload stays as NAME.partial."},
        {"uploads.drop_broken", live, flag([](auto& c) -> auto& { return c.uploads.drop_broken; }),
         "Without uploads.atomic: a broken upload that began at the first byte is removed instead of staying as far as "
         "it came."},
        {"uploads.overwrite", live, flag([](auto& c) -> auto& { return c.uploads.overwrite; }),
         "Whether an upload may replace a file that is there."},
        {"uploads.free_space_floor", live, size([](auto& c) -> auto& { return c.uploads.free_space_floor; }),
         "Space that uploads must leave free on the disk."},
        {"uploads.file_mode", live, mode([](auto& c) -> auto& { return c.uploads.file_mode; }),
         "Mode bits of new files, before the umask."},
        {"uploads.directory_mode", live, mode([](auto& c) -> auto& { return c.uploads.directory_mode; }),
         "Mode bits of new directories, before the umask."},

        {"names.hide", live, patterns([](auto& c) -> auto& { return c.names.hide; }),
         "Names that are left out of listings; who knows one may use it. For users who have no such rules of their "
         "own; holds from the next login on, as do the two below."},
        {"names.deny", live, patterns([](auto& c) -> auto& { return c.names.deny; }),
         "Names that are left out of listings and that nobody may use; a pattern with a \"/\" is of the whole path."},
        {"names.dot_files", live,
         choice([](auto& c) -> auto& { return c.names.dot_files; },
                std::vector<std::pair<std::string_view, DotFiles>>{
                    {"show", DotFiles::show}, {"hide", DotFiles::hide}, {"deny", DotFiles::deny}}),
         "Names that begin with a dot: shown, left out of listings, or forbidden."},

        // --- who may come in ---------------------------------------------------------------------
        {"login.users_files", restart, files([](auto& c) -> auto& { return c.users_files; }),
         "Files with further users, in the form of the [users.NAME] tables below. They are read again on SIGHUP."},
        {"login.attempts", live, number([](auto& c) -> auto& { return c.login.attempts; }, 1, 100),
         "Wrong logins before the connection is closed."},
        {"login.failure_delay", live, duration([](auto& c) -> auto& { return c.login.failure_delay; }, 0s, 60s),
         "How long after the password a refusal comes, whatever its cause; twice as long for each failure of the same "
         "address that is remembered."},
        {"login.longest_failure_delay", live,
         duration([](auto& c) -> auto& { return c.login.longest_failure_delay; }, 0s, 5min),
         "The longest that this delay becomes."},
        {"login.ban_after", live, number([](auto& c) -> auto& { return c.bans.failures; }, 0, 1000),
         "Wrong logins from one address, or from one /64 network of IPv6, after which it is turned away for a while; 0 "
         "is never."},
        {"login.ban_window", live, duration([](auto& c) -> auto& { return c.bans.window; }, 1s, 24h),
         "How long a wrong login is remembered."},
        {"login.ban_time", live, duration([](auto& c) -> auto& { return c.bans.duration; }, 1s, most_wait),
         "How long an address is turned away the first time; each further time it is twice as long."},
        {"login.ban_longest", live, duration([](auto& c) -> auto& { return c.bans.longest; }, 1s, most_wait),
         "The longest that an address is turned away, and how long that is remembered."},
        {"login.never_ban", live, subnets([](auto& c) -> auto& { return c.login.never_ban; }),
         "Networks whose wrong logins lead to neither longer delays nor a ban."},

        {"login.system_users", restart, flag([](auto& c) -> auto& { return c.system_users; }),
         "Whether the accounts of this machine may log in, with their own passwords. What they do with files is done "
         "as them; the server has to run as root."},
        {"login.system_check", restart,
         choice([](auto& c) -> auto& { return c.system_check; },
                std::vector<std::pair<std::string_view, SystemCheck>>{{"shadow", SystemCheck::shadow},
                                                                      {"pam", SystemCheck::pam}}),
         "Who checks their passwords: \"shadow\" is the file of this machine, \"pam\" asks PAM, and with it whatever "
         "directory, lockout and expiry the machine is set up with (auth and account; no sessions)."},
        {"login.pam_service", restart, pam_service([](auto& c) -> auto& { return c.pam.service; }),
         "The name of the rules in /etc/pam.d; if there is no such file, those of \"other\" hold."},
        {"login.pam_folder", restart, place("folder", [](auto& c) -> auto& { return c.pam.folder; }),
         "A folder to look for these rules in, instead of /etc/pam.d. Empty: the places of the machine."},
        {"login.system_permissions", restart, letters([](auto& c) -> auto& { return c.system.permissions; }),
         "What they may do, beside what the machine allows them."},
        {"login.system_allowed", restart, names([](auto& c) -> auto& { return c.system.allowed; }),
         "The accounts that may log in; empty: all that are not kept out by one of the next keys."},
        {"login.system_rejected", restart, names([](auto& c) -> auto& { return c.system.rejected; }),
         "Accounts that may not; root never may."},
        {"login.system_lowest_uid", restart,
         number([](auto& c) -> auto& { return c.system.lowest_uid; }, 1, 4'294'967'294),
         "Accounts with a lower number may not: they are not people."},
        {"login.system_valid_shell", restart, flag([](auto& c) -> auto& { return c.system.valid_shell; }),
         "Whether only accounts may whose shell is in /etc/shells."},
        {"login.system_jail", restart, flag([](auto& c) -> auto& { return c.system.jail; }),
         "Whether they see their home as \"/\"; else they see the whole machine and begin in their home."},

        {"anonymous.folder", live, place("folder", [](auto& c) -> auto& { return c.anonymous.folder; }),
         "The folder that everybody may see, as \"anonymous\" or \"ftp\" and with any password. Empty: nobody comes in "
         "without an account."},
        {"anonymous.permissions", live, letters([](auto& c) -> auto& { return c.anonymous.permissions; }),
         "What everybody may do there: e enter, l list, r read, a append, d delete, f rename, m make directories, "
         "w write, M change modes, T change times, S make symbolic links, D remove directories with all that is in "
         "them, O change owners."},

        {"filesystem.symlinks", live,
         choice([](auto& c) -> auto& { return c.filesystem.symlinks; },
                std::vector<std::pair<std::string_view, Symlinks>>{{"inside", Symlinks::inside},
                                                                   {"never", Symlinks::never}}),
         "Whether symbolic links in the anonymous folder are followed; they never lead out of it."},
        {"filesystem.umask", live, umask([](auto& c) -> auto& { return c.filesystem.umask; }),
         "Mode bits that new files and directories in the anonymous folder do not get."},
        {"filesystem.sync", live, flag([](auto& c) -> auto& { return c.filesystem.sync; }),
         "Whether an upload to the anonymous folder is on the disk (fsync) before it is called complete."},

        // --- the program -------------------------------------------------------------------------
        {"log.level", live,
         choice([](auto& c) -> auto& { return c.log.level; },
                std::vector<std::pair<std::string_view, LogLevel>>{{"debug", LogLevel::debug},
                                                                   {"info", LogLevel::info},
                                                                   {"warning", LogLevel::warning},
                                                                   {"error", LogLevel::error},
                                                                   {"off", LogLevel::off}}),
         "How much is logged: debug has every command, info every connection, login and transfer."},
        {"log.file", restart, place("file", [](auto& c) -> auto& { return c.log.file; }),
         "The file that the log is appended to; empty: standard error. It is opened anew on SIGHUP."},
        {"log.syslog", restart, flag([](auto& c) -> auto& { return c.log.syslog; }),
         "Whether the log goes to syslog, beside the file if there is one."},

        {"control.socket", restart, place("file", [](auto& c) -> auto& { return c.control; }),
         "A unix socket that root and the account of the server can ask what runs, and end it: `wherry tftp "
         "ls-transfers`, `wherry tftp kill`, `wherry metrics`. It is made at the start. Empty: there is none."},

        {"runtime.loops", restart, number([](auto& c) -> auto& { return c.runtime.loops; }, 0, 256),
         "Threads that serve connections; 0 is one for each two processors: workers need the others."},
        {"runtime.disk_threads", restart, number([](auto& c) -> auto& { return c.runtime.disk_threads; }, 1, 1024),
         "Threads that wait for disks. A disk that hangs holds up only these."},
        {"runtime.auth_threads", restart, number([](auto& c) -> auto& { return c.runtime.auth_threads; }, 1, 256),
         "Threads that check passwords; each check takes some 64 MiB while it lasts."},
        {"runtime.hash_threads", restart, number([](auto& c) -> auto& { return c.runtime.hash_threads; }, 1, 256),
         "Threads that compute checksums of files."},
        {"runtime.sendfile", restart, flag([](auto& c) -> auto& { return c.use_sendfile; }),
         "Whether the kernel sends files by itself (sendfile)."},
    };
}

}  // namespace

std::span<const ConfigKey> config_keys() {
    static const std::vector<ConfigKey> keys = [] {
        auto all = make_keys();
        for (ConfigKey& key : i2ftp_config_keys()) all.push_back(std::move(key));
        for (ConfigKey& key : tftp_config_keys()) all.push_back(std::move(key));
        return all;
    }();
    return keys;
}

const ConfigKey* find_config_key(std::string_view name) {
    const auto keys = config_keys();
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& key) { return key.name == name; });
    return found == keys.end() ? nullptr : &*found;
}

}  // namespace wherry
