#include "service/config_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <thread>
#include <utility>

#include "auth/anonymous.h"
#include "core/text.h"
#include "service/listen_names.h"
#include "service/tftp_hooks.h"
#include "service/tftp_trees.h"
#include "service/user_sources.h"

namespace wherry {
namespace {

bool has_users(const Config& config) {
    return config.users_inline || !config.users_files.empty() || config.system_users;
}

// Somebody else's machines may see what is sent there. Of a socket that was handed over nothing is known.
bool is_public(const Config& config) {
    const auto& listen = config.ftp.listen;
    return !config.ftp.descriptors.empty() || std::ranges::any_of(listen, [](const ListenPlace& one) {
        return !one.sockets.empty() || !one.address.is_loopback();
    });
}

void warn_of_anonymous(const AnonymousConfig& anonymous, std::vector<std::string>& out) {
    if (anonymous.folder.empty()) return;
    User user;
    user.anonymous = true;
    user.permissions = anonymous.permissions;
    if (const std::string warning = anonymous_warning(user); !warning.empty()) out.push_back("anonymous: " + warning);
    if (anonymous.permissions.empty()) {
        out.emplace_back("anonymous.permissions: is empty: anonymous users may come in and do nothing");
    }
    if (anonymous.folder.find_first_not_of("/.") == std::string::npos) {
        out.emplace_back(
            "anonymous.folder: is the root of this machine: everybody may read all that the server may read");
    }
}

void warn_of_clear_text(const Config& config, std::vector<std::string>& out) {
    const ftp::TlsRules& tls = config.ftp.settings.tls;
    if (tls.control == Protection::clear) {
        out.emplace_back("tls.control: TLS is off: passwords and files cross the network in clear");
    } else if (tls.control == Protection::optional) {
        out.emplace_back(
            "tls.control: is optional: clients that do not ask for TLS send passwords and files in clear; "
            "\"required\" keeps them out");
    } else if (tls.data != Protection::required) {
        out.emplace_back("tls.data: is not required: clients that do not ask for protection send files in clear");
    }
}

void warn_of_tftp(const TftpConfig& tftp, std::vector<std::string>& out) {
    if (!tftp.served()) return;
    const bool is_public = !tftp.descriptors.empty() || std::ranges::any_of(tftp.listen, [](const ListenPlace& one) {
        return !one.sockets.empty() || !one.address.is_private();
    });
    const tftp::Settings& settings = tftp.settings;
    if (is_public && settings.read_allow.empty()) {
        out.emplace_back(
            "tftp.read.allow: is empty: everybody who reaches this machine may read all files; TFTP has no passwords");
    }
    if (settings.write.mode != tftp::WriteMode::off && settings.write_allow.empty()) {
        out.emplace_back(
            "tftp.write.allow: is empty: everybody who reaches this machine may upload; TFTP has no passwords");
    }
    if (settings.map.engine == tftp::RegexEngine::posix) {
        out.emplace_back(
            "tftp.names.regex_engine: with \"posix\" a name that a client makes up may take exponential time, and "
            "keep a worker of the disk busy meanwhile; \"linear\" does without");
    }
    for (std::string& warning : hook_warnings(tftp)) out.push_back(std::move(warning));
}

void warn_of_data_connections(const ftp::Settings& ftp, std::vector<std::string>& out) {
    if (!ftp.passive && !ftp.active) {
        out.emplace_back("ftp.passive, ftp.active: both are off: nobody can list a directory or move a file");
    }
    if ((ftp.nat_address || !ftp.nat_host.empty()) && ftp.passive_first == 0) {
        out.emplace_back(std::string(ftp.nat_address ? "ftp.nat_address" : "ftp.nat_host") +
                         ": without ftp.passive_ports the router cannot know which ports to pass on");
    }
    if (ftp.share_passive_ports && ftp.passive_first == 0) {
        out.emplace_back("ftp.share_passive_ports: has no effect without ftp.passive_ports");
    }
    if (ftp.tls.lenient_end) {
        out.emplace_back("tls.lenient_end: whoever can cut a connection can pass off a part of a file as all of it");
    }
    if (ftp.tls.clear_again) {
        out.emplace_back("tls.clear_again: clients can take the protection off the control connection (CCC)");
    }
    if (ftp.foreign_addresses && ftp.foreign_networks.empty()) {
        out.emplace_back(
            "ftp.foreign_addresses: users can make this server connect to machines of others (FTP bounce, RFC 2577); "
            "name those networks in ftp.foreign_networks, or allow it to single users");
    }
    if (ftp.privileged_ports) {
        out.emplace_back("ftp.privileged_ports: users can make this server connect to ports of other services");
    }
}

// Where PAM looks on its own: pam.d(5), and the folder that some distributions keep their own rules in.
bool pam_knows(const PamRules& pam) {
    std::vector<std::string> folders{"/etc/pam.d", "/usr/lib/pam.d"};
    if (!pam.folder.empty()) folders = {pam.folder};
    return std::ranges::any_of(
        folders, [&](const std::string& folder) { return ::access((folder + "/" + pam.service).c_str(), F_OK) == 0; });
}

void warn_of_accounts(const Config& config, std::vector<std::string>& out) {
    const bool pam = config.system_check == SystemCheck::pam;
    if (config.system_users && geteuid() != 0) {
        out.emplace_back(pam ? "login.system_users: none of them can log in but the one that the server runs as: it "
                               "does not run as root"
                             : "login.system_users: nobody of them can log in: the server does not run as root");
    }
    if (config.system_users && pam && !pam_knows(config.pam)) {
        out.push_back(fmt::format("login.pam_service: there is no {}/{}: what PAM has for \"other\" holds",
                                  config.pam.folder.empty() ? "/etc/pam.d" : config.pam.folder, config.pam.service));
    }
    if (!config.system_users && pam) out.emplace_back("login.system_check: has no effect without login.system_users");
    if (!config.system.allowed.empty() && !config.system.rejected.empty()) {
        out.emplace_back("login.system_allowed, login.system_rejected: both are given; whoever is in both is kept out");
    }
}

}  // namespace

std::vector<std::string> config_errors(const Config& config) {
    std::vector<std::string> out;
    if (!config.ftp.served() && !config.tftp.served() && !config.i2ftp.served()) {
        out.emplace_back("ftp.listen: is empty; give at least one address, like \"*:2121\"");
    }
    const ftp::Settings& ftp = config.ftp.settings;
    if (ftp.announced_first != 0 &&
        (ftp.passive_first == 0 || ftp.announced_last - ftp.announced_first != ftp.passive_last - ftp.passive_first)) {
        out.emplace_back("ftp.announced_ports: must be as many as ftp.passive_ports: they stand for them, one for one");
    }
    if (!config.i2ftp.key_file.empty() && config.i2ftp.folder.empty()) {
        out.emplace_back("i2ftp.folder: is needed with i2ftp.key_file");
    }
    const bool from_file = !config.file.empty();  // a program may answer all requests itself
    if (from_file && config.tftp.served() && config.tftp.roots.empty() && config.tftp.user.empty() &&
        config.anonymous.folder.empty()) {
        out.emplace_back("tftp.roots: is empty; give at least one folder to serve, or a user: tftp.user");
    }
    return out;
}

std::vector<std::string> config_warnings(const Config& config, OtherUsers others) {
    std::vector<std::string> out;
    const bool users = has_users(config) || others == OtherUsers::some;
    if (config.ftp.served() && !users && config.anonymous.folder.empty()) {
        out.emplace_back("nobody can log in: there is no user and no anonymous.folder");
    }
    if (users && is_public(config)) warn_of_clear_text(config, out);
    warn_of_anonymous(config.anonymous, out);
    warn_of_data_connections(config.ftp.settings, out);
    warn_of_accounts(config, out);
    if (!config.i2ftp.listen.empty()) {
        out.emplace_back("I2FTP encrypts nothing that an attacker could not read; use it in networks you trust");
    }
    if (config.i2ftp.settings.public_key) {
        out.emplace_back("i2ftp.public_key: the key in the sources of i2ftps is taken, and everybody has it");
    }
    warn_of_tftp(config.tftp, out);
    if (config.uploads.keep_partial && !config.uploads.atomic) {
        out.emplace_back("uploads.keep_partial: has no effect without uploads.atomic");
    }
    return out;
}

std::string descriptor_warning(const Config& config, std::uint64_t descriptors) {
    constexpr std::uint64_t own = 64;           // the log, folders, what loops wait with
    constexpr std::uint64_t of_a_session = 5;   // its connection, that for data, a file and the pipe that fills it
    constexpr std::uint64_t of_a_listener = 3;  // beside its pool: itself, and the ports of uploads
    std::uint64_t needed = own;
    std::string terms;
    if ((config.ftp.served() || config.i2ftp.served()) && config.limits.sessions != 0) {
        needed += of_a_session * config.limits.sessions;
        terms += fmt::format("{} for each of limits.sessions = {}", of_a_session, config.limits.sessions);
    }
    if (config.tftp.served()) {
        const tftp::Settings& tftp = config.tftp.settings;
        // Those of a pool that is replaced stay as long as their transfers.
        std::uint64_t loops = config.runtime.attached     ? 1
                              : config.runtime.loops != 0 ? config.runtime.loops
                                                          : std::thread::hardware_concurrency();
        if (tftp.workers != 0) loops = std::min<std::uint64_t>(loops, tftp.workers);
        const std::uint64_t listeners = config.tftp.listen.size() + config.tftp.descriptors.size();
        needed += loops * listeners * (of_a_listener + 2 * std::uint64_t{tftp.pool_ports});
        const std::uint64_t of_a_transfer = tftp.tid_mode == tftp::TidMode::unique ? 2 : 1;  // a file, and its port
        needed += of_a_transfer * tftp.limits.max_transfers;
        terms += fmt::format("{}{} for each of tftp.limits.max_transfers = {}", terms.empty() ? "" : ", ",
                             of_a_transfer, tftp.limits.max_transfers);
    }
    if (needed <= descriptors) return {};
    return fmt::format(
        "this process may have {} open files and sockets and may come to need {}, {}: clients beyond that find the "
        "server busy; raise its limit (LimitNOFILE, ulimit -n), or lower these",
        descriptors, needed, terms);
}

ConfigFindings check_config(const Config& config, OtherUsers others) {
    ConfigFindings found{config_errors(config), config_warnings(config, others)};
    std::ranges::move(hosts_without_address(config), std::back_inserter(found.errors));
    if (wants_tls(config) && !config.tls.certificate.empty()) {
        const auto tls = net::TlsContext::load(tls_options(config));
        if (!tls) found.errors.push_back(tls.error().message);
        for (std::string& warning : tls ? (*tls)->warnings() : std::vector<std::string>()) {
            found.warnings.push_back(std::move(warning));
        }
    }
    if (const auto anonymous = open_anonymous(config); !anonymous) found.errors.push_back(anonymous.error().message);
    for (std::string& error : hook_errors(config.tftp)) found.errors.push_back(std::move(error));
    const auto add_lines = [&](const Error& error) {
        for (const std::string_view line : split(error.message, '\n')) found.errors.emplace_back(line);
    };
    NamedUser owner;
    if (const auto users = UserSources::load(config)) {
        for (std::string& warning : users->warnings()) found.warnings.push_back(std::move(warning));
        const auto named = tftp_owner(config, *users, nullptr);
        if (!named) add_lines(named.error());
        if (named) owner = *named;
    } else {
        add_lines(users.error());
    }
    const auto policy = open_tftp_policy(config, owner, found.warnings);
    if (!policy) add_lines(policy.error());
    return found;
}

Result<UserPtr> open_anonymous(const Config& config) {
    if (config.anonymous.folder.empty()) return nullptr;
    auto folder = posix_filesystem(config.anonymous.folder, config.filesystem);
    if (!folder) {
        Error error = std::move(folder.error());
        // Without a file nobody has written the name of that key.
        error.message = fmt::format("{}{}; make the folder, or correct its path",
                                    config.file.empty() ? "" : "anonymous.folder: ", error.message);
        return std::unexpected(std::move(error));
    }
    return std::make_shared<const User>(anonymous_user(std::move(*folder), config.anonymous.permissions).user);
}

std::string config_summary(const Config& config) {
    std::vector<std::string> places;
    for (const ListenPlace& place : config.ftp.listen) places.push_back(place.text());
    for (const int descriptor : config.ftp.descriptors) places.push_back(fmt::format("descriptor {}", descriptor));
    for (const ListenPlace& place : config.ftp.tls_listen) places.push_back(place.text() + " (TLS required)");
    for (const ListenPlace& place : config.ftp.implicit_listen) places.push_back(place.text() + " (implicit TLS)");
    std::vector<std::string> parts;
    if (!places.empty()) parts.push_back(fmt::format("ftp on {}", fmt::join(places, ", ")));
    if (!config.tls.certificate.empty()) parts.push_back("certificate: " + config.tls.certificate);
    if (!config.anonymous.folder.empty()) {
        parts.push_back(
            fmt::format("anonymous: {} ({})", config.anonymous.folder, config.anonymous.permissions.text()));
    }
    if (config.tftp.enabled && !config.tftp.listen.empty()) {
        std::vector<std::string> ports;
        for (const ListenPlace& place : config.tftp.listen) ports.push_back(place.text());
        parts.push_back(fmt::format("tftp on {}", fmt::join(ports, ", ")));
        if (!config.tftp.roots.empty()) parts.back() += fmt::format(": {}", fmt::join(config.tftp.roots, ", "));
    }
    if (config.i2ftp.served()) {
        std::vector<std::string> ports;
        for (const ListenPlace& place : config.i2ftp.listen) ports.push_back(place.text());
        for (const ListenPlace& place : config.i2ftp.tls_listen) ports.push_back(place.text() + " (TLS)");
        parts.push_back(fmt::format("i2ftp on {}", fmt::join(ports, ", ")));
    }
    std::vector<std::string> files = config.users_files;
    if (config.users_inline) files.insert(files.begin(), config.file);
    if (config.system_users) files.emplace_back("the accounts of this machine");
    if (!files.empty()) parts.push_back(fmt::format("users: {}", fmt::join(files, ", ")));
    return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace wherry
