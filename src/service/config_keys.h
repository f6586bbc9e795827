#pragma once
// THE list of configuration keys. Loading a file, the suggestion for a mistyped key, reload and the documentation walk
// this one list; a new key is a field in config.h and a row in config_keys.cpp.
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "service/config_fields.h"

namespace wherry {

struct ConfigKey {
    // What it takes for a changed value to hold: a signal to read the file again (SIGHUP), or a new start.
    enum class Change : std::uint8_t { live, restart };

    std::string_view name;  // "ftp.passive_ports"
    Change change;
    Field field;
    std::string_view sentence;

    // The table of the file that it stands in, "tftp.options", and its name there.
    std::string_view group() const { return name.substr(0, name.rfind('.')); }
    std::string_view last() const { return name.substr(name.rfind('.') + 1); }
};

// What many rows allow.
inline constexpr std::uint64_t most_count = 1'000'000;
inline constexpr auto most_wait = std::chrono::hours(24 * 7);

// The part of the list that is about TFTP.
std::vector<ConfigKey> tftp_config_keys();
// Of that, what is about programs that have a say.
std::vector<ConfigKey> tftp_name_config_keys();
std::vector<ConfigKey> tftp_hook_config_keys();
// The part of the list that is about I2FTP.
std::vector<ConfigKey> i2ftp_config_keys();

// The time between the blocks of a window: "auto", "off" or "150us".
Result<std::optional<tftp::Span>> read_pace(const Value& value);
std::string show_pace(const std::optional<tftp::Span>& shown);
inline constexpr std::string_view pace_words = "\"auto\", \"off\", or a time from \"1us\" to \"100000us\"";

// The keys of a [[tftp.rule]] table: those of the last rule of a Config.
std::span<const ConfigKey> tftp_rule_keys();
inline constexpr std::string_view tftp_rules = "tftp.rule";
inline constexpr std::size_t most_tftp_rules = 1000;

// In the order of the documentation; the keys of one group stand together.
std::span<const ConfigKey> config_keys();

// nullptr: there is no such key.
const ConfigKey* find_config_key(std::string_view name);

}  // namespace wherry
