// Measures that look at a server while transfers go on: how they share it, and how long somebody else must wait.
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "measures.h"
#include "prober.h"

namespace wherry::bench {
namespace {

/// Sessions that transfer in a loop until they are stopped.
class Traffic {
public:
    explicit Traffic(const Run& run) : run_(run), crowd_(run), group_(run.loop) {}

    Task<> start(int sessions) {
        co_await crowd_.log_in(sessions);
        run_.tally.seconds.clear();
        for (std::size_t i = 0; i < crowd_.sessions().size(); ++i) group_.start(go_on(*crowd_.sessions()[i], i));
    }

    Task<> stop() {
        stopped_ = true;
        crowd_.interrupt();
        co_await group_.finished();
    }

    /// What each session has moved until now.
    std::vector<double> moved() const {
        std::vector<double> bytes;
        for (const auto& session : crowd_.sessions()) bytes.push_back(static_cast<double>(session->moved()));
        return bytes;
    }

private:
    Task<> go_on(Session& session, std::size_t number) {
        for (int file = 0; !stopped_; ++file) {
            const auto start = Clock::now();
            const auto outcome = co_await transfer(session, numbered(run_.options.file, number, file));
            if (stopped_) break;
            run_.tally.add(outcome, seconds_since(start));
            if (!outcome) break;
        }
    }

    Task<Result<>> transfer(Session& session, std::string name) const {
        const Options& options = run_.options;
        if (options.operation == "retr") co_return co_await session.download(std::move(name), options.size);
        const auto outcome = co_await session.upload(name, options.size);
        // Memory files: what is not removed would fill the machine within seconds.
        if (!options.target.root.empty()) ::unlink((options.target.root + "/" + name).c_str());
        co_return outcome;
    }

    const Run& run_;
    bool stopped_ = false;
    Crowd crowd_;
    Group group_;
};

/// Jain's index: 1 when all got the same, 1/n when one got everything.
double fairness(const std::vector<double>& shares) {
    double sum = 0;
    double squares = 0;
    for (const double share : shares) {
        sum += share;
        squares += share * share;
    }
    return squares == 0 ? 0 : sum * sum / (static_cast<double>(shares.size()) * squares);
}

/// Runs `work` on a thread of its own while the loop goes on.
Task<> on_thread(Loop& loop, std::function<void()> work) {
    const int done = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop.watch(done, Loop::Turn::prompt);
    std::jthread thread([&] {
        work();
        ::eventfd_write(done, 1);
    });
    co_await loop.readable(done);
    thread.join();
    loop.forget(done);
    ::close(done);
}

Task<Result<>> probe(const Run& run, Prober& prober, double seconds, std::string_view name) {
    Result<std::vector<double>> trips;
    co_await on_thread(run.loop, [&] { trips = prober.measure(seconds); });
    if (!trips) co_return fail(trips.error());
    report_times(run.json, name, *trips);
    co_return {};
}

}  // namespace

Task<Result<>> measure_flow(const Run& run) {
    Traffic traffic(run);
    co_await traffic.start(run.options.sessions);
    co_await run.loop.sleep(run.options.ramp);
    const auto before = traffic.moved();
    Phase phase(run);
    co_await run.loop.sleep(run.options.seconds);
    auto moved = traffic.moved();
    phase.end("flow", {.memory = true, .settle = 0});
    co_await traffic.stop();

    std::ranges::transform(moved, before, moved.begin(), std::minus<>());
    run.json.number("fairness", fairness(moved));
    run.json.number("starved", static_cast<double>(std::ranges::count(moved, 0.0)));
    run.json.number("sessions", static_cast<double>(moved.size()));
    co_return {};
}

Task<Result<>> measure_noop(const Run& run) {
    constexpr double idle_seconds = 0.3;
    Prober prober(run.options.target);
    Result<> ready;
    co_await on_thread(run.loop, [&] { ready = prober.log_in(); });
    if (!ready) co_return ready;
    if (auto ok = co_await probe(run, prober, idle_seconds, "quiet"); !ok) co_return ok;

    Traffic traffic(run);
    co_await traffic.start(run.options.sessions);
    co_await run.loop.sleep(run.options.ramp);
    Phase phase(run);
    const auto outcome = co_await probe(run, prober, run.options.seconds, "busy");
    phase.end("load", {.settle = 0});
    co_await traffic.stop();
    co_return outcome;
}

}  // namespace wherry::bench
