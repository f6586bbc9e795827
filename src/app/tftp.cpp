// wherry tftp: serve the current folder by TFTP alone, with the flags of py3tftp.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "app/account.h"
#include "app/commands.h"
#include "app/home.h"
#include "app/process.h"
#include "core/text.h"
#include "service/run.h"
#include "service/service.h"

namespace wherry::app {
namespace {

constexpr std::uint16_t default_tftp_port = 9069;

struct TftpOptions {
    std::vector<std::string> addresses;
    std::uint16_t port = default_tftp_port;
    double ack_timeout = 0.5;
    double conn_timeout = 3;
    std::string log_file;
    bool verbose = false;
    std::string root = ".";
    bool no_write = false;
    std::string write = "create";
    bool single_port = false;
    std::string port_range;
    std::string map;
    std::uint32_t blocksize = tftp::most_blksize;
    std::uint32_t windowsize = 64;
    std::uint64_t window_bytes = std::uint64_t{1} << 20U;
    std::vector<std::string> refuse;
    bool reject_all = false;
    bool lowercase = false;
    std::string client_root = "off";
    std::uint32_t mtu = 0;
    bool only_ipv4 = false;
    bool only_ipv6 = false;
    std::string control;
    std::string user;
};

std::chrono::milliseconds span_of(double seconds) {
    return std::chrono::milliseconds(std::llround(std::clamp(seconds, 0.0, 86400.0) * 1000));
}

Result<std::vector<net::Address>> addresses_of(const TftpOptions& options) {
    std::vector<net::Address> out;
    for (const std::string& text : options.addresses) {
        const auto address = net::Address::parse_ip(text, options.port);
        if (!address) return fail(Code::invalid, "--host: " + address.error().message);
        out.push_back(*address);
    }
    if (out.empty()) {
        out.push_back(options.only_ipv4 ? net::Address::any_ipv4(options.port) : net::Address::any(options.port));
    }
    std::erase_if(out, [&](const net::Address& one) {
        return (options.only_ipv4 && one.is_ipv6()) || (options.only_ipv6 && !one.is_ipv6());
    });
    if (out.empty()) return fail(Code::invalid, "-4, -6: none of the addresses is of that family");
    return out;
}

tftp::WriteMode write_mode(const TftpOptions& options) {
    if (options.no_write) return tftp::WriteMode::off;
    if (options.write == "overwrite") return tftp::WriteMode::overwrite;
    return options.write == "existing" ? tftp::WriteMode::existing : tftp::WriteMode::create;
}

Result<void> read_ports(const std::string& text, tftp::Settings& settings) {
    if (text.empty()) return {};
    const auto parts = split(text, ':');
    const auto first = parse_at_most(parts.front(), 65535);
    const auto last = parse_at_most(parts.back(), 65535);
    if (parts.size() != 2 || !first || !last || *first == 0 || *last < *first) {
        return fail(Code::invalid, "--port-range: '" + for_log(text) + "' is not FROM:TO");
    }
    settings.tid_first = static_cast<std::uint16_t>(*first);
    settings.tid_last = static_cast<std::uint16_t>(*last);
    return {};
}

Result<Config> make_config(const TftpOptions& options) {
    Config config;
    config.ftp.listen.clear();
    auto listen = addresses_of(options);
    if (!listen) return std::unexpected(std::move(listen.error()));
    config.tftp.listen.assign(listen->begin(), listen->end());
    config.tftp.roots = {absolute(options.root)};
    if (!options.map.empty()) config.tftp.map_file = absolute(options.map);
    if (!options.log_file.empty()) config.log.file = absolute(options.log_file);
    if (!options.control.empty()) config.control = absolute(options.control);
    config.log.level = options.verbose ? LogLevel::debug : LogLevel::info;
    if (options.verbose)
        config.tftp.settings.debug_client = {*net::Subnet::parse("0.0.0.0/0"), *net::Subnet::parse("::/0")};

    tftp::Settings& settings = config.tftp.settings;
    if (auto ports = read_ports(options.port_range, settings); !ports) return std::unexpected(std::move(ports.error()));
    settings.write.mode = write_mode(options);
    settings.rto_fixed = span_of(options.ack_timeout);
    settings.timing.stall = span_of(options.conn_timeout);
    settings.options.float_timeout = true;
    settings.options.blksize_max = static_cast<std::uint16_t>(std::clamp<std::uint32_t>(options.blocksize, 8, 65464));
    settings.options.windowsize_max =
        static_cast<std::uint16_t>(std::clamp<std::uint32_t>(options.windowsize, 1, 32767));
    settings.options.window_bytes_max = options.window_bytes;
    settings.options.refuse = options.refuse;
    settings.options.reject_all = options.reject_all;
    settings.mtu = options.mtu;
    if (options.single_port) settings.tid_mode = tftp::TidMode::single;
    if (options.client_root == "ip") settings.client_root = tftp::ClientRoot::ip;
    if (options.client_root == "mac") settings.client_root = tftp::ClientRoot::mac;
    if (options.lowercase) settings.names.letters = tftp::Case::lower;
    return config;
}

void welcome(const TftpOptions& options, const Config& config) {
    std::string out = version_line() + '\n';
    const bool writes = config.tftp.settings.write.mode != tftp::WriteMode::off;
    out += fmt::format("serving {} by TFTP to everybody{}\n", config.tftp.roots.front(),
                       !writes                     ? ", read-only"
                       : options.write == "create" ? "; they may upload new files (--no-write forbids it)"
                                                   : "; they may upload and replace files (--no-write forbids it)");
    if (!options.user.empty() && writes && !is_writable(config.tftp.roots.front())) {
        out += fmt::format("risk: {} may not write to {}: uploads are refused (--no-write says so at once)\n",
                           options.user, config.tftp.roots.front());
    }
    for (const std::string& warning : process_warnings(config)) out += fmt::format("risk: {}\n", warning);
    std::fputs(out.c_str(), stderr);
}

Result<std::optional<SystemAccount>> account_of(const TftpOptions& options) {
    if (options.user.empty()) return std::nullopt;
    auto account = find_account(options.user);
    if (account) return std::optional(std::move(*account));
    return fail(account.error().code, fmt::format("--user {}: {}", for_log(options.user), account.error().message));
}

// What is opened by now was opened as whoever started this; all that comes is done as that account.
Result<void> serve_as(const SystemAccount& account, const Config& config) {
    if (auto became = become(account); !became) {
        return fail(became.error().code, fmt::format("--user {}: {}", account.name, became.error().message));
    }
    const auto readable = check_readable(config.tftp.roots.front());
    if (readable) return {};
    return fail(readable.error().code,
                fmt::format("--user {}: {}; let that account into the folder and all above it, or share another one",
                            account.name, readable.error().message));
}

int serve(const TftpOptions& options) {
    prepare_to_serve();
    const auto config = make_config(options);
    if (!config) return failed(config.error(), exit_usage);
    const auto account = account_of(options);
    if (!account) return failed(account.error(), exit_usage);
    Signals signals;
    const auto service = Service::create(*config, {});
    if (!service) return failed(service.error(), exit_usage);
    if (const auto listening = (*service)->listen(); !listening) return failed(listening.error(), exit_failed);
    if (*account) {
        if (const auto now = serve_as(**account, *config); !now) return failed(now.error(), exit_failed);
    }
    welcome(options, *config);
    (*service)->start();
    for (const net::Address& address : (*service)->tftp_addresses()) {
        fmt::print("listening tftp {}\n", address.text());
        const auto here = address.is_unspecified() ? net::Address::loopback(address.port()) : address;
        fmt::print(stderr, "try: curl -O tftp://{}/FILE\n", here.text());
    }
    std::fflush(stdout);
    run_until_end(**service, signals, [&] {
        for (const std::string& mistake : (*service)->refresh()) (*service)->log().error("reload: {}", mistake);
    });
    return exit_ok;
}

}  // namespace

void add_tftp(CLI::App& program, int& exit_code) {
    const auto options = std::make_shared<TftpOptions>();
    CLI::App* const command = program.add_subcommand(
        "tftp", "Share the current folder by TFTP: downloads and uploads of new files, for everybody");
    command->add_option("--host,--address", options->addresses, "Address to listen on [all]; may be repeated")
        ->type_name("IP");
    command->add_option("-p,--port", options->port, "Port to listen on [9069]; 0: any free one")->type_name("N");
    command->add_option("--ack-timeout", options->ack_timeout, "Seconds until a packet is repeated [0.5]")
        ->type_name("S");
    command
        ->add_option("--conn-timeout,--timeout", options->conn_timeout,
                     "Seconds without progress until a transfer\nis given up [3]")
        ->type_name("S");
    command->add_option("-l,--file-log", options->log_file, "Append the log to this file")->type_name("FILE");
    command->add_flag("-v,--verbose", options->verbose, "Log each packet");
    command->add_option("--root", options->root, "The folder to share [.]")->type_name("DIR");
    command->add_flag("--no-write", options->no_write, "No uploads");
    command->add_option("--write", options->write, "Uploads: create, existing or overwrite [create]")
        ->type_name("MODE")
        ->check(CLI::IsMember({"create", "existing", "overwrite"}));
    command->add_flag("--single-port", options->single_port, "Use no other port than the one that listens");
    command->add_option("--port-range", options->port_range, "Ports of transfers")->type_name("FROM:TO");
    command->add_option("--map", options->map, "Rules for names (see map-test)")->type_name("FILE");
    command->add_option("--blocksize", options->blocksize, "Largest block to grant [65464]")->type_name("N");
    command->add_option("--windowsize", options->windowsize, "Largest window to grant, in blocks [64]")->type_name("N");
    command->add_option("--window-bytes", options->window_bytes, "The same in bytes [1048576]")->type_name("N");
    command->add_option("--refuse", options->refuse, "An option never to grant; may be repeated")->type_name("OPT");
    command->add_flag("--reject-all", options->reject_all, "Grant no options");
    command->add_option("--client-root", options->client_root, "Folders of clients' own, by ip or mac [off]")
        ->type_name("HOW")
        ->check(CLI::IsMember({"off", "ip", "mac"}));
    command->add_flag("--lowercase", options->lowercase, "Make names lower-case");
    command->add_option("--mtu", options->mtu, "Largest packet to send")->type_name("N");
    command->add_flag("-4", options->only_ipv4, "IPv4 only");
    command->add_flag("-6", options->only_ipv6, "IPv6 only");
    command->add_option("--control", options->control, "A socket for ls-transfers, kill and wherry metrics")
        ->type_name("PATH");
    command->add_option("--user", options->user, "Once it listens, be this account instead of root")->type_name("NAME");
    command->set_version_flag("--version", version_line(), "Show the version");
    add_tftp_control(*command, exit_code);
    command->callback([&exit_code, options, command] {
        if (command->get_subcommands().empty()) exit_code = serve(*options);
    });
}

}  // namespace wherry::app
