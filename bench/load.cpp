// wherry-load: a load generator for FTP servers on 127.0.0.1. One thread, and one more while it probes.
//
// Prints one line of JSON: the measure's phases and figures, and what failed. Exit status 0 when nothing did.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "measures.h"

namespace wherry::bench {
namespace {

int usage(std::string_view complaint) {
    fmt::print(stderr, "wherry-load: {}\n\nusage: wherry-load MEASURE [--option value]...\n\nmeasures:\n", complaint);
    for (const auto& measure : measures()) fmt::print(stderr, "  {:13} {}\n", measure.name, measure.help);
    fmt::print(stderr, "\noptions:\n{}", options_help());
    return 2;
}

Task<> run_measure(const Measure& measure, const Run& run) {
    const auto outcome = co_await measure.run(run);
    // Single sessions that failed are in the tally already; here the measure itself did.
    if (!outcome && !run.tally.errors.contains(outcome.error())) run.tally.add(outcome, 0);
    run.loop.stop();
}

void report_tally(Json& json, const Tally& tally, bool in_time) {
    constexpr std::size_t shown = 5;
    json.number("succeeded", static_cast<double>(tally.succeeded));
    json.number("failed", static_cast<double>(tally.failed));
    json.flag("timed_out", !in_time);
    json.open("errors");
    std::size_t count = 0;
    for (const auto& [sentence, times] : tally.errors) {
        if (count++ < shown) json.number(sentence, static_cast<double>(times));
    }
    json.close();
}

int load(const Measure& measure, const Options& options) {
    Loop loop;
    const Sampler sampler(options.pid, options.cpu_file);
    const Pattern pattern;
    Tally tally;
    Json json;
    const Run run{options, loop, sampler, pattern, tally, json};
    Group group(loop);
    json.text("measure", options.measure);
    group.start(run_measure(measure, run));
    const bool in_time = loop.run(after(options.timeout));
    report_tally(json, tally, in_time);
    fmt::print("{}\n", json.take());
    std::fflush(stdout);
    // Coroutines that were cut off still refer to what lives in this frame.
    if (!in_time) std::_Exit(1);
    return tally.failed == 0 ? 0 : 1;
}

int start(std::span<char*> arguments) {
    std::signal(SIGPIPE, SIG_IGN);
    auto options = parse_options(arguments);
    if (!options) return usage(options.error());
    const auto context = TlsContext::for_client();
    if (options->tls) options->target.tls = &*context;
    const auto measure = std::ranges::find(measures(), options->measure, &Measure::name);
    if (measure == measures().end()) return usage("unknown measure " + options->measure);
    raise_descriptor_limit(65536);
    return load(*measure, *options);
}

}  // namespace
}  // namespace wherry::bench

int main(int count, char** arguments) { return wherry::bench::start({arguments, static_cast<std::size_t>(count)}); }
