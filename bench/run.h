#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "json.h"
#include "loop.h"
#include "options.h"
#include "pattern.h"
#include "sampler.h"
#include "session.h"

namespace wherry::bench {

/// Everything a measure works with. One per process; lives in main().
struct Run {
    const Options& options;
    Loop& loop;
    const Sampler& sampler;
    const Pattern& pattern;
    Tally& tally;
    Json& json;

    Session make_session() const { return {loop, options.target, pattern, tally}; }
};

/// A stretch of time between two looks at the server.
///
/// end() writes {seconds, server_cpu, client_cpu, other_cpu, bytes, succeeded, failed [, memory]} under a name.
/// other_cpu is what the rest of the machine burned meanwhile, and what its host took: the noise.
class Phase {
public:
    explicit Phase(const Run& run);

    struct Look {
        bool memory = false;
        double settle = 0.05;  ///< pause before the second look, for what the server does after its last reply
    };
    void end(std::string_view name, Look look);

    Clock::time_point started() const { return started_; }

private:
    const Run& run_;
    Usage server_;
    double machine_;
    double own_;
    std::uint64_t bytes_;
    std::uint64_t succeeded_;
    std::uint64_t failed_;
    Clock::time_point started_;
};

/// Writes median, p99 and maximum of `seconds` in milliseconds under a name, and empties it.
void report_times(Json& json, std::string_view name, std::vector<double>& seconds);

/// The sessions of one measure, opened and closed together.
class Crowd {
public:
    explicit Crowd(const Run& run) : run_(run) {}

    /// Logs in `count` sessions, Options::logins at a time. Those that fail are counted and dropped.
    Task<> log_in(int count);
    Task<> quit();
    /// From outside: every running call ends.
    void interrupt() const;

    const std::vector<std::unique_ptr<Session>>& sessions() const { return sessions_; }

private:
    Task<> log_in_some(int count);
    Task<> quit_one(Session& session);

    const Run& run_;
    int begun_ = 0;
    std::vector<std::unique_ptr<Session>> sessions_;
};

/// `pattern` with %s and %f replaced.
std::string numbered(std::string_view pattern, std::size_t session, int file);

}  // namespace wherry::bench
