#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "result.h"
#include "session.h"

namespace wherry::bench {

/// The command line of wherry-load. Sizes take k, m and g (powers of 1024), times are seconds.
struct Options {
    std::string measure;
    Target target;
    int pid = 0;           ///< the server's first process, for its CPU and memory
    std::string cpu_file;  ///< the server's cgroup: cpuacct.usage or cpu.stat
    std::string file;      ///< remote name; %s is the session's number, %f the file's
    std::string operation = "retr";
    std::uint64_t size = 0;  ///< of each transferred file
    int sessions = 1;        ///< at once
    int logins = 64;         ///< at once, while sessions are being opened
    int count = 1;           ///< files in each session
    double seconds = 2;      ///< length of the measured window
    double ramp = 0.5;       ///< before the window
    double timeout = 120;    ///< of the whole run
    double patience = 30;    ///< half-open: how long the server may take to end the silent
    bool tls = false;
    std::string command;         ///< list: the command to run
    std::string against;         ///< verify: local file that must equal `file`
    std::string put;             ///< verify: remote name to upload to
    double spare_kib = 1 << 20;  ///< idle: no more logins when less memory than this is left
};

Result<Options> parse_options(std::span<char*> arguments);

/// The list of options, one per line.
std::string options_help();

}  // namespace wherry::bench
