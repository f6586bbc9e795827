// wherry i2ftps [-c FILE] [start|stop]: the server by the configuration and the commands of i2ftps.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "app/commands.h"
#include "app/home.h"
#include "app/i2ftps_stop.h"
#include "app/process.h"
#include "core/clock.h"
#include "core/text.h"
#include "service/i2ftp_users.h"
#include "service/i2ftps.h"
#include "service/run.h"

namespace wherry::app {
namespace {

using i2ftp::LegacyConfig;

constexpr std::chrono::seconds end_within{10};  // of an interrupt; `stop` waits twice as long

struct I2ftpsOptions {
    std::string config = LegacyConfig::usual_file;
    std::string operation = "start";
    bool public_key = false;
};

// The configuration; a file that is not there is made, as the original does.
Result<LegacyConfig> read_config(const std::string& file) {
    auto config = i2ftp::load_legacy_config(file);
    if (config || config.error().code != Code::not_found) return config;
    LegacyConfig made = i2ftp::legacy_defaults(home_folder());
    if (auto stored = i2ftp::store_legacy_config(made, file, false); !stored) {
        return std::unexpected(std::move(stored.error()));
    }
    complain(fmt::format("made {} with a new key, which the clients need (keychain)", file));
    return made;
}

void warn_of_file(const std::string& file) {
    struct stat stat{};
    if (::stat(file.c_str(), &stat) != 0 || (stat.st_mode & S_IROTH) == 0) return;
    complain(fmt::format("risk: {} has the key in it and can be read by everybody on this machine; run: chmod o-r {}",
                         file, file));
}

// Only what is a file, and only once nobody else serves: the log may be that of a server that runs.
void empty_log(const std::string& file) {
    const net::Socket opened(open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct stat stat{};
    if (!opened || fstat(opened.descriptor(), &stat) != 0 || !S_ISREG(stat.st_mode)) return;
    if (ftruncate(opened.descriptor(), 0) != 0) complain(fail_errno(errno, "emptying", file).error().message);
}

// Words on standard input: quit, stop or kill. At its end, which is at once under systemd, the server goes on.
class Console {
public:
    // A server in the background of a terminal is not to be stopped for asking.
    Console() : before_(signal(SIGTTIN, SIG_IGN)) {}
    ~Console() { signal(SIGTTIN, before_); }
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    int descriptor() const noexcept { return ended_ ? -1 : STDIN_FILENO; }
    // Reads what is there; true for a word that ends the server.
    bool says_end() {
        std::array<char, 256> some{};
        const ssize_t got = read(STDIN_FILENO, some.data(), some.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) return false;
        ended_ = got <= 0;
        bool end = false;
        for (ssize_t i = 0; i < got; ++i) {
            const char byte = some[static_cast<std::size_t>(i)];
            if (byte != '\n') {
                if (line_.size() < longest) line_ += byte;
                continue;
            }
            const std::string word(trim(line_));
            end = end || word == "quit" || word == "stop" || word == "kill";
            line_.clear();
        }
        return end;
    }

private:
    static constexpr std::size_t longest = 64;
    void (*before_)(int);
    std::string line_;
    bool ended_ = false;
};

// The first wish to end lets transfers end for a while, the second does not.
void run(Service& service, Signals& signals) {
    const SteadyClock clock;
    Console console;
    std::optional<std::chrono::steady_clock::time_point> deadline;
    for (;;) {
        int wait_ms = -1;
        if (deadline) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - clock.now()).count();
            if (left <= 0) break;
            wait_ms = static_cast<int>(left);
        }
        pollfd waiting[] = {{signals.descriptor(), POLLIN, 0},
                            {service.ended_descriptor(), POLLIN, 0},
                            {console.descriptor(), POLLIN, 0}};
        if (poll(waiting, std::size(waiting), wait_ms) < 0 && errno != EINTR) break;
        if (waiting[1].revents != 0) break;
        const int number = signals.take();
        bool end = number != 0 && number != SIGHUP;
        if (number == SIGHUP) {
            for (const std::string& mistake : service.refresh()) service.log().error("reload: {}", mistake);
        }
        if (waiting[2].revents != 0) end = console.says_end() || end;
        if (!end) continue;
        if (deadline) break;
        service.log().info("stopping: no new connections; transfers may end within {} seconds", end_within.count());
        service.drain();
        deadline = clock.now() + end_within;
    }
    service.stop();
    service.log().info("stopped");
}

int start(const LegacyConfig& legacy, const I2ftpsOptions& options) {
    prepare_to_serve();
    signal(SIGUSR1, SIG_IGN);  // by which `i2ftps stop` of the original asks whether we are still there
    if (legacy.keychain.is_public() && !options.public_key) {
        complain(
            fmt::format("{}: keychain: this key stands in the sources of i2ftps, and everybody has it; put in one "
                        "of your own, or start with --insecure-default-key",
                        options.config));
        return exit_usage;
    }
    std::error_code error;
    std::filesystem::create_directories(legacy.root, error);  // if it fails, opening the folder says why
    Config config = i2ftps_config(legacy);
    config.i2ftp.settings.public_key = options.public_key;
    auto user = i2ftp_user("i2ftp", legacy.root, i2ftps_permissions(legacy), config.filesystem);
    if (!user) return failed(user.error(), exit_usage);
    ServiceParts parts;
    parts.i2ftp.push_back({legacy.keychain, std::move(*user)});
    Signals signals;
    const auto service = Service::create(std::move(config), std::move(parts));
    if (!service) return failed(service.error(), exit_usage);
    if (const auto listening = (*service)->listen(); !listening) return failed(listening.error(), exit_failed);
    empty_log(legacy.log_file);
    warn_of_file(options.config);
    for (const std::string& warning : i2ftps_warnings(legacy)) complain("risk: " + warning);
    (*service)->start();
    for (const net::Address& address : (*service)->i2ftp_addresses()) {
        fmt::print("listening i2ftp {}\n", address.text());
    }
    std::fflush(stdout);
    run(**service, signals);
    return exit_ok;
}

int stop(const LegacyConfig& legacy) {
    const auto stopped = stop_i2ftps(legacy);
    if (!stopped) return failed(stopped.error(), exit_failed);
    fmt::print("process {} has ended\n", *stopped);
    return exit_ok;
}

int perform(const I2ftpsOptions& options) {
    if (options.operation != "start" && options.operation != "stop") {
        complain(fmt::format("unhandled operation \"{}\"; there are start and stop", for_log(options.operation)));
        return exit_usage;
    }
    signal(SIGPIPE, SIG_IGN);
    const bool starting = options.operation == "start";
    const auto legacy = starting ? read_config(options.config) : i2ftp::load_legacy_config(options.config);
    if (!legacy) return failed(legacy.error(), exit_usage);
    return starting ? start(*legacy, options) : stop(*legacy);
}

}  // namespace

void add_i2ftps(CLI::App& program, int& exit_code) {
    const auto options = std::make_shared<I2ftpsOptions>();
    CLI::App* const command =
        program.add_subcommand("i2ftps", "Serve I2FTP by the configuration file of i2ftps, or stop such a server");
    command
        ->add_option("-c,--config", options->config,
                     fmt::format("The file (JSON); made if it is not there\n[{}]", LegacyConfig::usual_file))
        ->type_name("FILE");
    command->add_option("OPERATION", options->operation, "start or stop [start]");
    command->add_flag("--insecure-default-key", options->public_key, "Serve under the key that everybody has");
    command->callback([&exit_code, options] { exit_code = perform(*options); });
}

}  // namespace wherry::app
