// Clients that ask for TLS and never come to the end of the handshake: what they cost, whether others are served
// meanwhile, and whether they are ended.
#include <algorithm>
#include <array>

#include "measures.h"

namespace wherry::bench {
namespace {

/// The first words of a ClientHello that announces 256 bytes (RFC 8446 4.1.2).
constexpr std::string_view half_a_word("\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03silence, silence", 27);

/// So many of them, from the request for TLS until the server ends them.
class SilentCrowd {
public:
    explicit SilentCrowd(const Run& run) : run_(run), group_(run.loop) {}

    /// Returns when all that could ask have asked.
    Task<> gather(int count) {
        for (int i = 0; i < count; ++i) {
            const Options& options = run_.options;
            sessions_.push_back(std::make_unique<Session>(run_.loop, options.target, run_.pattern, run_.tally));
        }
        Group asking(run_.loop);
        for (int i = 0; i < std::min(run_.options.logins, count); ++i) asking.start(ask_some());
        co_await asking.finished();
    }

    /// Until the server has ended all, or for so long.
    Task<> wait(double seconds) {
        constexpr double between_looks = 0.05;
        for (const auto end = after(seconds); waiting_ > 0 && Clock::now() < end;) {
            co_await run_.loop.sleep(between_looks);
        }
    }

    /// Ends those that are left.
    Task<> disperse() {
        for (const auto& session : sessions_) session->interrupt();
        co_await group_.finished();
    }

    const std::vector<double>& lifetimes() const { return lifetimes_; }

private:
    Task<> ask_some() {
        while (begun_ < sessions_.size()) {
            const auto number = begun_++;
            const auto start = Clock::now();
            const auto asked = co_await sessions_[number]->ask_for_tls(number % 2 == 0 ? "" : half_a_word);
            run_.tally.add(asked, seconds_since(start));
            if (!asked) continue;
            ++waiting_;
            group_.start(outlive(*sessions_[number]));
        }
    }

    Task<> outlive(Session& session) {
        const auto start = Clock::now();
        co_await session.wait_for_end();
        lifetimes_.push_back(seconds_since(start));
        --waiting_;
    }

    const Run& run_;
    Group group_;
    std::vector<std::unique_ptr<Session>> sessions_;
    std::vector<double> lifetimes_;
    std::size_t begun_ = 0;
    std::size_t waiting_ = 0;
};

Task<Result<>> another_session(const Run& run) {
    auto session = run.make_session();
    if (auto ok = co_await session.login(); !ok) co_return ok;
    if (auto ok = co_await session.download(run.options.file, run.options.size); !ok) co_return ok;
    co_return co_await session.quit();
}

}  // namespace

Task<Result<>> measure_half_open(const Run& run) {
    if (run.options.target.tls == nullptr) co_return fail("half-open needs --tls yes");
    SilentCrowd crowd(run);
    co_await crowd.gather(run.options.sessions);
    run.tally.seconds.clear();

    Phase silence(run);
    co_await run.loop.sleep(run.options.seconds);
    silence.end("half_open", {.memory = true, .settle = 0});

    constexpr int others = 20;
    for (int i = 0; i < others; ++i) {
        const auto start = Clock::now();
        run.tally.add(co_await another_session(run), seconds_since(start));
    }
    report_times(run.json, "session", run.tally.seconds);

    Phase ends(run);
    co_await crowd.wait(run.options.patience);
    ends.end("ends", {});
    const auto& lifetimes = crowd.lifetimes();
    run.json.number("ended", static_cast<double>(lifetimes.size()));
    run.json.number("last_seconds", lifetimes.empty() ? 0 : std::ranges::max(lifetimes));
    co_await crowd.disperse();
    co_return {};
}

}  // namespace wherry::bench
