#pragma once
// The configuration file of i2ftps: one JSON object, by whose keys its operators know the server. Pure, but for
// load_legacy_config() and store_legacy_config().
//
// As the original: all keys are needed, further ones are left alone. Unlike it, a value of a wrong type is told with
// its key, and a file that is made new gets a key of its own and not the one that everybody has.
#include <cstdint>
#include <string>
#include <string_view>

#include "wherry/i2ftp.h"
#include "wherry/log.h"
#include "wherry/result.h"

namespace wherry::i2ftp {

struct LegacyConfig {
    static constexpr const char* usual_file = "/usr/share/i2ftp/server_conf.json";
    static constexpr std::uint16_t usual_port = 26842;
    static constexpr std::size_t largest_file = std::size_t{1} << 20U;  // bytes

    std::string root;  // the folder that is served; absolute
    std::uint16_t port = usual_port;
    std::string log_file;  // emptied at each start
    LogLevel log_level = LogLevel::info;
    SharedKey keychain;
    bool tls = false;  // secured mode, which is no TLS
    bool read_only = false;
};

// What the original takes where nothing is said, below that home directory; the key is a new one.
LegacyConfig legacy_defaults(const std::string& home);

// DEBUG, INFO, WARNING, ERROR or CRITICAL in any case, or their numbers from 0 to 4. There is nothing here that is
// worse than an error: CRITICAL is ERROR. Code::invalid if it is none of them.
Result<LogLevel> parse_legacy_level(std::string_view text);

// `file` is its name in complaints. Code::invalid with one line for each mistake.
Result<LegacyConfig> parse_legacy_config(std::string_view json, const std::string& file);
// As the original writes it: two blanks a level, the keys in their order, ASCII.
std::string print_legacy_config(const LegacyConfig& config);

// Both block. Code::not_found if there is no such file.
Result<LegacyConfig> load_legacy_config(const std::string& file);
// A new file, which nobody but its owner may read: the key is in it. `replace`: over one that is there, else
// Code::exists. Complete or not at all.
Result<void> store_legacy_config(const LegacyConfig& config, const std::string& file, bool replace);

}  // namespace wherry::i2ftp
