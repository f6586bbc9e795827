#pragma once
// Log: lines for operators. One object per server, handed down; no global logger. Formats only what its level lets
// through. Text that strangers chose must go through for_log() of core/text.h first.
//
//   2026-11-21 02:40:01.123 info  text      local time; debug, info, warn or error
//
// All functions may be called by any thread. Each line is written out at once, so that none is lost in a crash; a line
// that cannot be written (disk full) is lost, and standard error is told so once.
#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "wherry/log.h"
#include "wherry/result.h"

namespace wherry {

struct LogOptions {
    LogLevel level = LogLevel::info;
    std::string file;     // appended to; its folder is made if it is not there
    bool syslog = false;  // to syslog(3), facility daemon; may be given beside a file
    // Neither: to standard error, coloured if that is a terminal.
};

class Log {
public:
    // Throws std::runtime_error if the file cannot be opened: a mistake of the start.
    explicit Log(const LogOptions& options = {});
    // Lines to a function instead, on the thread that logs but one at a time: tests, and embedders with a log of their
    // own. The function must not log here in turn; what it throws is dropped.
    explicit Log(LogLevel level, std::function<void(LogLevel, std::string_view)> to);
    ~Log();

    bool writes(LogLevel level) const noexcept {
        return level >= level_.load(std::memory_order_relaxed) && level != LogLevel::off;
    }
    void set_level(LogLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }
    // Opens the file anew by its name, for logrotate and the like. If that fails, the old one stays in use. Blocks.
    Result<void> reopen();
    // Writes `text` if the level lets it through. It is one line in any case: control bytes become '?'.
    void line(LogLevel level, std::string_view text);

    template <class... Args>
    void debug(fmt::format_string<Args...> format, Args&&... args) {
        if (writes(LogLevel::debug)) line(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
    }
    template <class... Args>
    void info(fmt::format_string<Args...> format, Args&&... args) {
        if (writes(LogLevel::info)) line(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
    }
    template <class... Args>
    void warning(fmt::format_string<Args...> format, Args&&... args) {
        if (writes(LogLevel::warning)) line(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
    }
    template <class... Args>
    void error(fmt::format_string<Args...> format, Args&&... args) {
        if (writes(LogLevel::error)) line(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
    }

private:
    struct Sink;
    std::atomic<LogLevel> level_;
    std::unique_ptr<Sink> sink_;
};

}  // namespace wherry
