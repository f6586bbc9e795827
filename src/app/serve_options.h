#pragma once
// The options of `wherry serve`, and the configuration they make: the file of --config first, what the command line
// says over it.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/command_line.h"
#include "service/config.h"
#include "wherry/i2ftp.h"
#include "wherry/result.h"

namespace wherry::app {

struct ServeOptions {
    std::string folder;            // DIR
    std::string folder_by_option;  // -d
    std::string config;
    std::string interface;
    std::optional<std::string> port;
    std::optional<std::string> tftp_port;
    bool write = false;
    bool tls = false;  // --tls: better not to start than to start without it
    bool debug = false;
    std::string user;
    std::optional<std::string> password;
    std::vector<int> descriptors;  // --listen-fd
    std::optional<std::string> i2ftp_port;
    std::optional<std::string> i2ftp_tls_port;
    std::string i2ftp_key_file;
    std::string concurrency;  // accepted for the sake of old scripts, and not needed
    // Options that stand for one key of the configuration each: the key, what was given.
    std::vector<std::pair<std::string, std::string>> keys;

    // Filled by take_environment(): sockets of systemd's socket activation, and the key of WHERRY_I2FTP_KEY.
    std::vector<net::HandedOver> activated;
    std::optional<SharedKey> i2ftp_key;
};

// Declares them all. `options` must outlive the parsing.
void declare(CLI::App& command, ServeOptions& options);

// LISTEN_FDS with LISTEN_PID and LISTEN_FDNAMES, WHERRY_PASSWORD if a user was named without a password, and
// WHERRY_I2FTP_KEY. Takes them out of the environment.
Result<void> take_environment(ServeOptions& options);

// The folder that DIR, -d or nothing at all names, as an absolute path; empty: none is needed (--config alone).
Result<std::string> folder_of(const ServeOptions& options);

// All that can be said without opening anything. The error has one line for each mistake. The user of -u is not in it.
Result<Config> make_config(const ServeOptions& options);

}  // namespace wherry::app
