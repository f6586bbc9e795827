#include "observe/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <syslog.h>

#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "core/text.h"

namespace wherry {
namespace {

using SinkPtr = std::shared_ptr<spdlog::sinks::sink>;

spdlog::level::level_enum severity(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warning: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
        case LogLevel::off: break;
    }
    return spdlog::level::off;
}

// spdlog's own "warning" is wider than the rest, and the column of the text would jump.
class LevelWord final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& out) override {
        const std::string_view word = word_of(line.level);
        out.append(word.data(), word.data() + word.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<LevelWord>(); }

private:
    static std::string_view word_of(spdlog::level::level_enum level) {
        switch (level) {
            case spdlog::level::debug: return "debug";
            case spdlog::level::info: return "info ";
            case spdlog::level::warn: return "warn ";
            default: return "error";
        }
    }
};

std::unique_ptr<spdlog::formatter> line_format() {
    auto format = std::make_unique<spdlog::pattern_formatter>();
    format->add_flag<LevelWord>('*').set_pattern("%Y-%m-%d %H:%M:%S.%e %^%*%$ %v");
    return format;
}

SinkPtr formatted(SinkPtr sink) {
    sink->set_formatter(line_format());
    return sink;
}

// Throws spdlog_ex. The sinks below take no lock of their own: dist_sink_mt holds one around all of them.
std::vector<SinkPtr> make_sinks(const LogOptions& options) {
    std::vector<SinkPtr> sinks;
    if (!options.file.empty()) {
        sinks.push_back(formatted(std::make_shared<spdlog::sinks::basic_file_sink_st>(options.file)));
    }
    if (options.syslog) {
        sinks.push_back(std::make_shared<spdlog::sinks::syslog_sink_st>("wherry", LOG_PID, LOG_DAEMON, false));
    }
    if (sinks.empty()) sinks.push_back(formatted(std::make_shared<spdlog::sinks::stderr_color_sink_mt>()));
    return sinks;
}

}  // namespace

struct Log::Sink {
    std::function<void(LogLevel, std::string_view)> to;
    std::mutex to_mutex;

    std::string file;
    std::mutex reopen_mutex;  // dist_sink hands out its list without its lock
    std::shared_ptr<spdlog::sinks::dist_sink_mt> all;
    std::unique_ptr<spdlog::logger> logger;
    std::atomic<bool> told = false;  // standard error knows that lines are lost

    void tell(const std::string& what) {
        if (!told.exchange(true)) std::fprintf(stderr, "wherry: the log cannot be written: %s\n", what.c_str());
    }
};

Log::Log(const LogOptions& options) : level_(options.level), sink_(std::make_unique<Sink>()) {
    try {
        sink_->all = std::make_shared<spdlog::sinks::dist_sink_mt>(make_sinks(options));
    } catch (const spdlog::spdlog_ex& thrown) {
        throw std::runtime_error(fmt::format("log: {}", thrown.what()));
    }
    sink_->file = options.file;
    // A logger of our own, never the global registry: two servers in one process share nothing.
    sink_->logger = std::make_unique<spdlog::logger>("wherry", sink_->all);
    sink_->logger->set_level(spdlog::level::trace);
    sink_->logger->flush_on(spdlog::level::trace);
    sink_->logger->set_error_handler([sink = sink_.get()](const std::string& what) { sink->tell(what); });
}

Log::Log(LogLevel level, std::function<void(LogLevel, std::string_view)> to)
    : level_(level), sink_(std::make_unique<Sink>()) {
    sink_->to = std::move(to);
}

Log::~Log() = default;

Result<void> Log::reopen() {
    if (sink_->file.empty()) return {};
    const std::lock_guard lock(sink_->reopen_mutex);
    try {
        std::vector<SinkPtr> sinks = sink_->all->sinks();
        sinks.front() = formatted(std::make_shared<spdlog::sinks::basic_file_sink_st>(sink_->file));
        sink_->all->set_sinks(std::move(sinks));
    } catch (const spdlog::spdlog_ex& thrown) {
        return fail(Code::io, fmt::format("log: {}", thrown.what()));
    }
    sink_->told = false;
    return {};
}

void Log::line(LogLevel level, std::string_view text) {
    if (!writes(level)) return;
    const std::string cleaned = has_control(text) ? printable(text) : std::string();
    if (!cleaned.empty()) text = cleaned;
    if (sink_->logger) {
        sink_->logger->log(severity(level), spdlog::string_view_t(text.data(), text.size()));
        return;
    }
    const std::lock_guard lock(sink_->to_mutex);
    try {
        sink_->to(level, text);
    } catch (...) {  // a log has nowhere to tell that it cannot log
    }
}

}  // namespace wherry
