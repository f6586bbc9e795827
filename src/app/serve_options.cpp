#include "app/serve_options.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "app/home.h"
#include "core/text.h"
#include "service/config_keys.h"
#include "service/config_load.h"

namespace wherry::app {
namespace {

constexpr std::uint16_t default_ftp_port = 2121;

// Options that stand for one key: checked and stored by the key's own row.
struct KeyOption {
    const char* names;
    const char* key;
    const char* fixed;  // the value of a switch; nullptr: the option takes one
    const char* value_name;
    const char* sentence;
};
constexpr auto key_options = std::to_array<KeyOption>({
    {"-n,--nat-address", "ftp.nat_address", nullptr, "IP", "Address that PASV announces (behind NAT)"},
    {"-r,--range", "ftp.passive_ports", nullptr, "FROM-TO", "Ports of passive data connections"},
    {"--banner", "ftp.greeting", nullptr, "TEXT", "First words a client reads"},
    {"--timeout", "ftp.idle_timeout", nullptr, "TIME", "Silence after which a session ends [300]; 0: never"},
    {"--permit-foreign-addresses", "ftp.foreign_addresses", "true", "", "Data connections with others than the client"},
    {"--permit-privileged-ports", "ftp.privileged_ports", "true", "", "Active mode to ports below 1024"},
    {"--certfile", "tls.certificate", nullptr, "FILE", "Certificate and its chain (PEM) [one of its own making]"},
    {"--keyfile", "tls.key", nullptr, "FILE", "Private key of it [in --certfile]"},
    {"--tls-control-required", "tls.control", "required", "", "No login without TLS"},
    {"--tls-data-required", "tls.data", "required", "", "No data connection without TLS"},
    {"--max-cons", "limits.sessions", nullptr, "N", "Sessions at a time [512]; 0: no limit"},
    {"--max-cons-per-ip", "limits.sessions_per_address", nullptr, "N", "Sessions per address [0: no limit]"},
    {"--max-login-attempts", "login.attempts", nullptr, "N", "Wrong logins before the end [3]"},
    {"--disable-sendfile", "runtime.sendfile", "false", "", "Do not let the kernel send files"},
    {"--use-localtime", "ftp.local_time", "true", "", "Show local times in LIST, not UTC"},
    {"--loops,--workers", "runtime.loops", nullptr, "N", "Threads that serve [0: one for two processors]"},
    {"--atomic", "uploads.atomic", "true", "", "Show uploads only when they are complete"},
    {"--log-level", "log.level", nullptr, "LEVEL", "debug, info, warning, error or off [info]"},
    {"--log-file", "log.file", nullptr, "FILE", "Log there, not to standard error"},
});

const KeyOption& option_for(std::string_view key) {
    for (const KeyOption& option : key_options) {
        if (option.key == key) return option;
    }
    std::unreachable();
}

// Numbers and switches have no quotation marks on a command line.
Value value_of(const std::string& text) {
    if (text == "true" || text == "false") return text == "true";
    if (const auto number = parse_u63(text)) return static_cast<std::int64_t>(*number);
    return text;
}

// The last of an option's names: "--range".
std::string long_name(const char* names) {
    const std::string_view all(names);
    const auto comma = all.find(',');
    return std::string(all.starts_with("--") || comma == std::string_view::npos ? all.substr(0, comma)
                                                                                : all.substr(comma + 1));
}

class Maker {
public:
    explicit Maker(const ServeOptions& options) : options_(options) {}

    Result<Config> make() {
        read_file();
        apply_keys();
        if (options_.debug) config_.log.level = LogLevel::debug;
        choose_places();
        choose_folder();
        choose_tftp();
        if (!options_.user.empty() && options_.user.size() > 255) mistake("--username: is too long");
        if (options_.password && options_.user.empty()) mistake("--password: needs --username as well");
        if (!mistakes_.empty()) return fail(Code::invalid, std::move(mistakes_));
        return std::move(config_);
    }

private:
    void mistake(const std::string& text) { mistakes_ += (mistakes_.empty() ? "" : "\n") + text; }

    void read_file() {
        if (options_.config.empty()) return;
        // By its absolute name, so that it is found again on SIGHUP wherever the process stands then.
        auto loaded = load_config(absolute(options_.config));
        if (!loaded) return mistake(loaded.error().message);
        config_ = std::move(loaded->config);
        for (const ConfigProblem& problem : loaded->problems) mistake(print_problem(config_.file, problem));
    }

    void apply_keys() {
        for (const auto& [name, given] : options_.keys) {
            const ConfigKey* const key = find_config_key(name);
            const bool file = name == "log.file" || name == "tls.certificate" || name == "tls.key";
            const bool path = file && !given.empty();
            const bool text = name == "ftp.greeting";
            const auto stored = key->field.set(config_, path   ? Value(absolute(given))
                                                        : text ? Value(given)
                                                               : value_of(given));
            if (!stored) mistake(fmt::format("{}: {}", long_name(option_for(name).names), stored.error().message));
        }
    }

    void choose_places() {
        auto& ftp = config_.ftp;
        ftp.descriptors = options_.descriptors;
        // Sockets that were handed over, and that no list names, are there instead of addresses that are only
        // configured.
        for (const net::HandedOver& one : options_.activated) {
            if (names_sockets(config_, one.name)) {
                config_.sockets.push_back(one);
            } else if (net::is_datagram_socket(one.descriptor)) {
                mistake(
                    fmt::format("the socket \"{}\" that was handed over takes datagrams: name it in tftp.listen, as "
                                "\"systemd:{}\"",
                                one.name, one.name));
            } else {
                ftp.descriptors.push_back(one.descriptor);
            }
        }
        if (!ftp.descriptors.empty()) ftp.listen.clear();
        choose_i2ftp();
        if (options_.interface.empty() && !options_.port) return;
        const auto port = options_.port ? parse_at_most(*options_.port, 65535) : default_ftp_port;
        if (!port) return mistake(fmt::format("--port: '{}' is not a port (0 to 65535)", *options_.port));
        const auto number = static_cast<std::uint16_t>(*port);
        if (options_.interface.empty() || options_.interface == "*") {
            ftp.listen = {net::Address::any(number)};
        } else if (const auto address = net::Address::parse_ip(options_.interface, number)) {
            ftp.listen = {*address};
        } else {
            mistake("--interface: " + address.error().message);
        }
    }

    // On the interface of -i, for the user of -u or for whoever has the key.
    void choose_i2ftp() {
        if (!options_.i2ftp_port && !options_.i2ftp_tls_port && !options_.i2ftp_key_file.empty()) {
            mistake("--i2ftp-key: needs --i2ftp or --i2ftp-tls as well");
        }
        if (options_.i2ftp_port) choose_i2ftp("--i2ftp", *options_.i2ftp_port, config_.i2ftp.listen);
        if (options_.i2ftp_tls_port) choose_i2ftp("--i2ftp-tls", *options_.i2ftp_tls_port, config_.i2ftp.tls_listen);
    }

    void choose_i2ftp(std::string_view option, const std::string& given, ListenPlaces& listen) {
        const auto port = parse_at_most(given, 65535);
        if (!port) return mistake(fmt::format("{}: '{}' is not a port (0 to 65535)", option, given));
        const auto number = static_cast<std::uint16_t>(*port);
        const bool all = options_.interface.empty() || options_.interface == "*";
        const auto address = all ? net::Address::any(number) : net::Address::parse_ip(options_.interface, number);
        if (address) listen = {*address};
    }

    void choose_folder() {
        const auto folder = folder_of(options_);
        if (!folder) return mistake(folder.error().message);
        if (folder->empty()) return;
        if (!options_.user.empty()) {
            config_.anonymous.folder.clear();
            return;
        }
        config_.anonymous.folder = *folder;
        if (options_.write) config_.anonymous.permissions = perm::all;
    }

    // On the same addresses as FTP. Who asks by TFTP has no name, so that it is read-only whatever others may do.
    void choose_tftp() {
        if (!options_.tftp_port) return;
        const auto port = parse_at_most(*options_.tftp_port, 65535);
        if (!port) return mistake(fmt::format("--tftp-port: '{}' is not a port (0 to 65535)", *options_.tftp_port));
        const auto number = static_cast<std::uint16_t>(*port);
        if (options_.interface.empty() || options_.interface == "*") {
            config_.tftp.listen = {net::Address::any(number)};
        } else if (const auto address = net::Address::parse_ip(options_.interface, number)) {
            config_.tftp.listen = {*address};
        }
        if (const auto folder = folder_of(options_); folder && !folder->empty()) config_.tftp.roots = {*folder};
    }

    const ServeOptions& options_;
    Config config_;
    std::string mistakes_;
};

}  // namespace

void declare(CLI::App& command, ServeOptions& options) {
    command.add_option("DIR", options.folder, "The folder to share [.]")->type_name("");
    command.add_option("-d,--directory", options.folder_by_option, "The same")->type_name("DIR");
    command.add_option("-i,--interface", options.interface, "Address to listen on [all]")->type_name("IP");
    command.add_option("-p,--port", options.port, "Port to listen on [2121]; 0: any free one")->type_name("N");
    command
        .add_option("--tftp-port", options.tftp_port,
                    "Serve the folder by TFTP too, read-only and to\neverybody; 0: any free port")
        ->type_name("N");
    command.add_flag("-w,--write", options.write, "Let clients change files");
    command.add_option("-u,--username", options.user, "Let only this user in, not everybody")->type_name("NAME");
    command
        .add_option("-P,--password", options.password,
                    "The password. Others see it in the list of\n"
                    "processes; WHERRY_PASSWORD in the environment,\n"
                    "or leaving it out on a terminal, is better")
        ->type_name("TEXT");
    command.add_flag("--tls", options.tls, "Do not start without TLS; it is offered anyway");
    for (const KeyOption& option : key_options) {
        const auto store = [&options, &option](const std::string& given) {
            options.keys.emplace_back(option.key, given);
        };
        if (option.fixed != nullptr) {
            command.add_flag_callback(option.names, [store, &option] { store(option.fixed); }, option.sentence);
        } else {
            command.add_option_function<std::string>(option.names, store, option.sentence)
                ->type_name(option.value_name);
        }
    }
    command.add_option("--i2ftp", options.i2ftp_port, "Serve I2FTP too, on this port [26842 is usual]")->type_name("N");
    command
        .add_option("--i2ftp-tls", options.i2ftp_tls_port, "Serve I2FTP inside TLS too, on this port [26843 is usual]")
        ->type_name("N");
    command
        .add_option("--i2ftp-key", options.i2ftp_key_file,
                    "Its key, as hexadecimal digits; without it\n"
                    "WHERRY_I2FTP_KEY, or one that is made up")
        ->type_name("FILE");
    command.add_flag("-D,--debug", options.debug, "Log every command");
    command.add_option("--config", options.config, "Configuration (TOML); options here win over it")->type_name("FILE");
    command.add_option("--listen-fd", options.descriptors, "A socket that listens already")->type_name("N");
    command.add_option("--concurrency", options.concurrency)->group("");
}

Result<void> take_environment(ServeOptions& options) {
    auto sockets =
        net::handed_over(std::getenv("LISTEN_PID"), std::getenv("LISTEN_FDS"), std::getenv("LISTEN_FDNAMES"), getpid());
    if (!sockets) return std::unexpected(std::move(sockets.error()));
    options.activated = std::move(*sockets);
    for (const net::HandedOver& one : options.activated) fcntl(one.descriptor, F_SETFD, FD_CLOEXEC);
    const char* const password = std::getenv("WHERRY_PASSWORD");
    if (password != nullptr && !options.user.empty() && !options.password) options.password = password;
    if (const char* const key = std::getenv("WHERRY_I2FTP_KEY"); key != nullptr && options.i2ftp_port) {
        auto read = SharedKey::from_hex(key);
        if (!read) return fail(Code::invalid, "WHERRY_I2FTP_KEY: " + read.error().message);
        options.i2ftp_key = std::move(*read);
    }
    for (const char* const name :
         {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WHERRY_PASSWORD", "WHERRY_I2FTP_KEY"}) {
        unsetenv(name);
    }
    return {};
}

Result<std::string> folder_of(const ServeOptions& options) {
    const std::string& first = options.folder;
    const std::string& second = options.folder_by_option;
    if (!first.empty() && !second.empty() && absolute(first) != absolute(second)) {
        return fail(Code::invalid,
                    fmt::format("DIR and --directory: name two folders, {} and {}; one can be shared", first, second));
    }
    if (!first.empty() || !second.empty()) return absolute(first.empty() ? second : first);
    // A configuration file says for itself whether anybody may see anything.
    const bool needed = options.config.empty() || !options.user.empty();
    return needed ? absolute(".") : std::string();
}

Result<Config> make_config(const ServeOptions& options) { return Maker(options).make(); }

}  // namespace wherry::app
