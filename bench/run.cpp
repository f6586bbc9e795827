#include "run.h"

#include <algorithm>
#include <thread>

namespace wherry::bench {

Phase::Phase(const Run& run)
    : run_(run),
      server_(run.sampler.usage(false)),
      machine_(machine_cpu_seconds()),
      own_(own_cpu_seconds()),
      bytes_(run.tally.bytes),
      succeeded_(run.tally.succeeded),
      failed_(run.tally.failed),
      started_(Clock::now()) {}

void Phase::end(std::string_view name, Look look) {
    const double seconds = seconds_since(started_);
    const double own = own_cpu_seconds() - own_;
    const double machine = machine_cpu_seconds() - machine_;
    if (look.settle > 0) std::this_thread::sleep_for(std::chrono::duration<double>(look.settle));
    const auto usage = run_.sampler.usage(look.memory);
    const double server = usage.cpu_seconds - server_.cpu_seconds;
    Json& json = run_.json;
    json.open(name);
    json.number("seconds", seconds);
    json.number("server_cpu", server);
    json.number("client_cpu", own);
    json.number("other_cpu", std::max(0.0, machine - server - own));
    json.number("bytes", static_cast<double>(run_.tally.bytes - bytes_));
    json.number("succeeded", static_cast<double>(run_.tally.succeeded - succeeded_));
    json.number("failed", static_cast<double>(run_.tally.failed - failed_));
    if (look.memory) {
        json.number("processes", static_cast<double>(usage.processes));
        json.number("pss_kib", usage.pss_kib);
        json.number("private_kib", usage.private_kib);
        json.number("peak_rss_kib", usage.peak_rss_kib);
        json.number("available_kib", available_kib());
    }
    json.close();
}

void report_times(Json& json, std::string_view name, std::vector<double>& seconds) {
    if (seconds.empty()) return;
    std::ranges::sort(seconds);
    const auto quantile = [&](double share) {
        const auto index = static_cast<std::size_t>(share * static_cast<double>(seconds.size()));
        return seconds[std::min(index, seconds.size() - 1)] * 1e3;
    };
    json.open(name);
    json.number("p50_ms", quantile(0.5));
    json.number("p99_ms", quantile(0.99));
    json.number("max_ms", seconds.back() * 1e3);
    json.number("count", static_cast<double>(seconds.size()));
    json.close();
    seconds.clear();
}

Task<> Crowd::log_in(int count) {
    sessions_.reserve(static_cast<std::size_t>(count));
    Group group(run_.loop);
    for (int i = 0; i < std::min(run_.options.logins, count); ++i) group.start(log_in_some(count));
    co_await group.finished();
}

Task<> Crowd::log_in_some(int count) {
    constexpr int between_looks = 64;
    while (begun_ < count) {
        if (++begun_ % between_looks == 0 && available_kib() < run_.options.spare_kib) {
            begun_ = count;
            run_.tally.add(fail("stopped logging in: memory runs out"), 0);
            break;
        }
        auto session = std::make_unique<Session>(run_.loop, run_.options.target, run_.pattern, run_.tally);
        const auto start = Clock::now();
        const auto outcome = co_await session->login();
        run_.tally.add(outcome, seconds_since(start));
        if (outcome) sessions_.push_back(std::move(session));
    }
}

Task<> Crowd::quit() {
    Group group(run_.loop);
    for (const auto& session : sessions_) group.start(quit_one(*session));
    co_await group.finished();
}

Task<> Crowd::quit_one(Session& session) {
    const auto start = Clock::now();
    run_.tally.add(co_await session.quit(), seconds_since(start));
}

void Crowd::interrupt() const {
    for (const auto& session : sessions_) session->interrupt();
}

std::string numbered(std::string_view pattern, std::size_t session, int file) {
    std::string name;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const auto pair = pattern.substr(i, 2);
        if (pair == "%s" || pair == "%f") {
            name += pair == "%s" ? std::to_string(session) : std::to_string(file);
            ++i;
        } else {
            name += pattern[i];
        }
    }
    return name;
}

}  // namespace wherry::bench
