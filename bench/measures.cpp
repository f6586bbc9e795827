#include "measures.h"

#include <algorithm>
#include <array>

namespace wherry::bench {
namespace {

Task<> transfer_files(const Run& run, Session& session, std::size_t number) {
    const Options& options = run.options;
    for (int file = 0; file < options.count; ++file) {
        const auto start = Clock::now();
        auto name = numbered(options.file, number, file);
        const auto outcome = options.operation == "stor" ? co_await session.upload(std::move(name), options.size)
                                                         : co_await session.download(std::move(name), options.size);
        run.tally.add(outcome, seconds_since(start));
        if (!outcome) break;
    }
}

/// Each session transfers its files one after the other; all sessions at once.
Task<Result<>> measure_transfer(const Run& run) {
    Crowd crowd(run);
    co_await crowd.log_in(run.options.sessions);
    run.tally.seconds.clear();

    Phase phase(run);
    Group group(run.loop);
    for (std::size_t i = 0; i < crowd.sessions().size(); ++i) {
        group.start(transfer_files(run, *crowd.sessions()[i], i));
    }
    co_await group.finished();
    phase.end("transfer", {.memory = true});
    report_times(run.json, "file", run.tally.seconds);
    if (run.tally.failed == 0) co_await crowd.quit();
    co_return {};
}

Task<Result<>> whole_session(const Run& run) {
    auto session = run.make_session();
    if (auto ok = co_await session.login(); !ok) co_return ok;
    if (auto ok = co_await session.download(run.options.file, run.options.size); !ok) co_return ok;
    co_return co_await session.quit();
}

Task<> churn_until(const Run& run, Clock::time_point end) {
    constexpr std::uint64_t patience = 100;
    while (Clock::now() < end && run.tally.failed < patience) {
        const auto start = Clock::now();
        run.tally.add(co_await whole_session(run), seconds_since(start));
    }
}

/// Whole sessions (login, one small download, QUIT), so many at a time.
Task<Result<>> measure_churn(const Run& run) {
    Phase phase(run);
    Group group(run.loop);
    const auto end = after(run.options.seconds);
    for (int i = 0; i < run.options.sessions; ++i) group.start(churn_until(run, end));
    co_await group.finished();
    // A server with a process per session still buries its dead.
    phase.end("churn", {.settle = 0.3});
    run.json.number("resumed", static_cast<double>(run.tally.resumed));
    report_times(run.json, "session", run.tally.seconds);
    co_return {};
}

/// Logs in and stays; what that costs in memory, and in CPU while nothing happens.
Task<Result<>> measure_idle(const Run& run) {
    Phase before(run);
    before.end("base", {.memory = true, .settle = 0});

    Crowd crowd(run);
    Phase login(run);
    co_await crowd.log_in(run.options.sessions);
    login.end("login", {.memory = true, .settle = 0.3});
    report_times(run.json, "one_login", run.tally.seconds);

    Phase idle(run);
    co_await run.loop.sleep(run.options.seconds);
    idle.end("idle", {.settle = 0});
    co_await crowd.quit();
    co_return {};
}

/// One listing, looked at only to count its lines.
Task<Result<>> measure_list(const Run& run) {
    auto session = run.make_session();
    if (auto ok = co_await session.login(); !ok) co_return ok;

    std::size_t lines = 0;
    double first = 0;
    Phase phase(run);
    const auto outcome = co_await session.fetch(run.options.command, [&](std::span<const char> part) {
        if (lines == 0 && first == 0) first = seconds_since(phase.started());
        lines += static_cast<std::size_t>(std::ranges::count(part, '\n'));
    });
    run.tally.add(outcome, seconds_since(phase.started()));
    phase.end("list", {.memory = true});
    run.json.number("lines", static_cast<double>(lines));
    run.json.number("first_byte_seconds", first);
    co_return outcome ? co_await session.quit() : outcome;
}

Task<Result<>> verify_download(const Run& run, Session& session) {
    const MappedFile original(run.options.against);
    if (!original.is_open()) co_return fail_errno(run.options.against);
    std::size_t seen = 0;
    bool equal = true;
    const auto outcome = co_await session.fetch("RETR " + run.options.file, [&](std::span<const char> part) {
        const auto left = original.bytes().subspan(std::min(seen, original.bytes().size()));
        equal = equal && part.size() <= left.size() && std::ranges::equal(part, left.first(part.size()));
        seen += part.size();
    });
    if (!outcome) co_return outcome;
    if (!equal || seen != original.bytes().size()) co_return fail("RETR brought other bytes than the file holds");
    co_return {};
}

/// Content, not only sizes: one file down, one up.
Task<Result<>> measure_verify(const Run& run) {
    const Options& options = run.options;
    auto session = run.make_session();
    if (auto ok = co_await session.login(); !ok) co_return ok;
    if (auto ok = co_await verify_download(run, session); !ok) co_return ok;
    if (auto ok = co_await session.upload(options.put, options.size); !ok) co_return ok;
    if (auto ok = run.pattern.matches(options.target.root + "/" + options.put, options.size); !ok) co_return ok;
    run.tally.add({}, 0);
    co_return co_await session.quit();
}

constexpr std::array<Measure, 8> table{{
    {"transfer", "--count files in each of --sessions, all at once", &measure_transfer},
    {"churn", "whole sessions with one small download, --sessions at a time, for --seconds", &measure_churn},
    {"idle", "--sessions log in and stay for --seconds", &measure_idle},
    {"list", "one --command", &measure_list},
    {"flow", "--sessions download in a loop; what moves in --seconds", &measure_flow},
    {"noop", "round trip of NOOP for --seconds while --sessions transfer", &measure_noop},
    {"half-open", "--sessions ask for TLS and stay silent for --seconds; then, who is ended within --patience",
     &measure_half_open},
    {"verify", "one download and one upload, compared byte by byte", &measure_verify},
}};

}  // namespace

std::span<const Measure> measures() { return table; }

}  // namespace wherry::bench
