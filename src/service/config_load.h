#pragma once
// Reading a configuration file: TOML in, Config out. Every mistake that can be seen in the file is reported at once,
// with its place; nothing outside the file is looked at (config_check.h does that).
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "service/config.h"
#include "wherry/result.h"

namespace wherry {

struct ConfigProblem {
    std::uint32_t line = 0;  // 0: the file as a whole
    std::uint32_t column = 0;
    std::string text;  // "ftp.passive_ports: runs backwards; write \"50000-50099\""
};

// "wherry.toml:3:1: ftp.passive_ports: runs backwards; ..."
std::string print_problem(const std::string& file, const ConfigProblem& problem);

struct LoadedConfig {
    Config config;                        // what was right, over the defaults
    std::vector<ConfigProblem> problems;  // in the order of the file; the config counts only if there is none
};

inline constexpr std::size_t max_config_file = std::size_t{64} << 20U;  // bytes; users may stand in it

// `file` becomes Config::file. The [users.NAME] tables are only noticed here: their home folders are opened when the
// users are loaded.
LoadedConfig parse_config(std::string_view content, const std::string& file);

// The same from disk. An error if it cannot be read at all; its mistakes are in LoadedConfig::problems.
Result<LoadedConfig> load_config(const std::string& file);

}  // namespace wherry
