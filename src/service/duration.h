#pragma once
// Spans of time as people write them in a configuration: "300", "500ms", "90s", "5m", "1h30m", "2d".
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace wherry {

// Numbers with the units ms, s, m, h, d, the larger ones first and each at most once; a single number without a unit is
// seconds. No blanks, no fractions, no sign; at most 100 years. nullopt: not a span of time.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// In one unit, such that parse gives the same span back: "5m", "90s", "1500ms", "0s".
std::string print_duration(std::chrono::milliseconds span);

}  // namespace wherry
