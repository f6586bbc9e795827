#include "service/tftp_hooks.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>
#include <string_view>
#include <utility>

#include "core/text.h"
#include "service/hook_words.h"

namespace wherry {
namespace {

constexpr std::size_t most_lines = 20;  // of what a program complains of

TftpHookEnd end_of(const Error& error) {
    return error.code == Code::timeout ? TftpHookEnd::timeout : TftpHookEnd::failed;
}

// The keys that name a program, and what they name.
std::vector<std::pair<std::string_view, const std::vector<std::string>*>> programs_of(const TftpConfig& config) {
    std::vector<std::pair<std::string_view, const std::vector<std::string>*>> out;
    if (!config.served()) return out;
    if (!config.hook.command.empty()) out.emplace_back("tftp.hook.command", &config.hook.command);
    if (!config.hook.after_download.empty()) out.emplace_back("tftp.hook.after_download", &config.hook.after_download);
    return out;
}

}  // namespace

TftpHooks::TftpHooks(TftpHookConfig config, Commons& commons)
    : config_(std::move(config)),
      commons_(commons),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      asking_("hook", most_programs, commons.metrics),
      telling_("hook-after", most_programs, commons.metrics) {}

void TftpHooks::add_to(tftp::Server& server, EventBus& events) {
    const auto add = [&](bool write, bool missing) {
        server.add_handler(
            {"*", write, [this](const TftpRequest& request) { return ask(request); }, missing, &asking_});
    };
    if (!config_.command.empty() && config_.on.reads) add(false, config_.when == TftpHookConfig::When::missing);
    if (!config_.command.empty() && config_.on.writes) add(true, false);
    if (config_.after_download.empty()) return;
    events.on<event::TftpDone>([this](const event::TftpDone& done) { tell(done); });
}

void TftpHooks::stop() {
    stopping_ = true;
    ::eventfd_write(stop_.get(), 1);
}

// What it throws refuses the request, and is told with it.
TftpAnswer TftpHooks::ask(const TftpRequest& request) {
    const auto count = [&](TftpHookEnd end) { commons_.metrics.add(Metric::tftp_hooks_total, TftpHook::request, end); };
    if (request.waited > most_wait) {
        count(TftpHookEnd::dropped);
        commons_.log.warning("tftp {} {} \"{}\" dropped: no place for tftp.hook.command within {} ms", request.peer,
                             request.upload ? "WRQ" : "RRQ", for_log(request.name), most_wait.count());
        return TftpAnswer::drop();
    }
    const ChildEnd ended = run_program({config_.command, hook_question(request), most_time, most_hook_answer},
                                       commons_.runtime.clock(), stop_.get());
    log_complaints(config_.command.front(), ended.complaints);
    auto answer = ended.output ? hook_answer(*ended.output, request.upload)
                               : Result<TftpAnswer>(std::unexpected(ended.output.error()));
    count(answer ? TftpHookEnd::ok : end_of(answer.error()));
    if (!answer) throw std::runtime_error(fmt::format("tftp.hook.command: {}", answer.error().message));
    return std::move(*answer);
}

void TftpHooks::log_complaints(const std::string& program, const std::string& text) {
    std::size_t lines = 0;
    for (const std::string_view line : split(text, '\n')) {
        if (trim(line).empty()) continue;
        if (++lines > most_lines) break;
        commons_.log.warning("{} says: {}", for_log(program), for_log(line));
    }
}

void TftpHooks::tell(const event::TftpDone& done) {
    if (done.details->file.empty()) return;  // no file of this machine
    if (stopping_ || waiting_ >= most_waiting) {
        commons_.metrics.add(Metric::tftp_hooks_total, TftpHook::download, TftpHookEnd::dropped);
        if (dropped_++ == 0) {
            commons_.log.warning("tftp.hook.after_download: {} wait already; downloads are not told now",
                                 waiting_.load());
        }
        return;
    }
    if (dropped_ != 0) {
        commons_.log.warning("tftp.hook.after_download: {} downloads were not told", std::exchange(dropped_, 0));
    }
    std::vector<std::string> command = config_.after_download;
    command.insert(command.end(),
                   {"tftp", std::to_string(done.size.value_or(done.bytes)), done.session.peer, done.details->file});
    ++waiting_;
    commons_.outstanding.begin();
    telling_.run_detached(*commons_.runtime.first().loop, [this, command = std::move(command)] {
        run_after(command);
        --waiting_;
        commons_.outstanding.end();
    });
}

void TftpHooks::run_after(const std::vector<std::string>& command) {
    const ChildEnd ended = run_program({command, {}, most_time_after, 0}, commons_.runtime.clock(), stop_.get());
    log_complaints(command.front(), ended.complaints);
    commons_.metrics.add(Metric::tftp_hooks_total, TftpHook::download,
                         ended.output ? TftpHookEnd::ok : end_of(ended.output.error()));
    if (ended.output) return;
    commons_.log.warning("tftp.hook.after_download: {} for \"{}\": {}", for_log(command.front()),
                         for_log(command.back()), ended.output.error().message);
}

std::vector<std::string> hook_errors(const TftpConfig& config) {
    std::vector<std::string> out;
    for (const auto& [key, command] : programs_of(config)) {
        const auto can = can_run(*command);
        if (can) continue;
        out.push_back(fmt::format("{}: {}; correct the path, or let the account of the server execute it", key,
                                  can.error().message));
    }
    return out;
}

std::vector<std::string> hook_warnings(const TftpConfig& config) {
    std::vector<std::string> out;
    for (const auto& [key, command] : programs_of(config)) {
        struct stat about{};
        if (::stat(command->front().c_str(), &about) == 0 && (about.st_mode & S_IWOTH) != 0) {
            out.push_back(fmt::format("{}: everybody on this machine may change {}, and the server runs it", key,
                                      for_log(command->front())));
        }
        if (::geteuid() == 0) {
            out.push_back(
                fmt::format("{}: the server runs as root, and its programs do too: strangers have a say in "
                            "what they read",
                            key));
        }
    }
    if (!config.hook.command.empty() && config.hook.when == TftpHookConfig::When::missing && !config.hook.on.reads) {
        out.emplace_back("tftp.hook.when: has no effect without \"read\" in tftp.hook.on");
    }
    return out;
}

}  // namespace wherry
