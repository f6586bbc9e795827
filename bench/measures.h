#pragma once

#include <span>
#include <string_view>

#include "run.h"

namespace wherry::bench {

/// One kind of load. It writes its phases and figures into Run::json; what went wrong with single sessions goes into
/// Run::tally, what made the measure impossible is returned.
struct Measure {
    std::string_view name;
    std::string_view help;
    Task<Result<>> (*run)(const Run& run);
};

/// All of them. A new one is a function and a row here.
std::span<const Measure> measures();

/// In files of their own: two that run against a clock while transfers go on, and one of clients that say nothing.
Task<Result<>> measure_flow(const Run& run);
Task<Result<>> measure_noop(const Run& run);
Task<Result<>> measure_half_open(const Run& run);

}  // namespace wherry::bench
