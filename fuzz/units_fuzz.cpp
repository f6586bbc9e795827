// Sizes, rates and spans of time of a configuration.
#include "core/units.h"

#include <limits>
#include <string>

#include "fuzz.h"
#include "service/duration.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using wherry::fuzz::require;
    const std::string_view text = wherry::fuzz::text_of(data, size);
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    if (const auto bytes = wherry::parse_size(text)) {
        require(*bytes <= most, "a size fits into 63 bits");
        require(wherry::parse_size(wherry::print_size(*bytes)) == bytes, "a size is read as it was written");
        require(wherry::parse_rate(text) == bytes, "a size is a rate as well");
    }
    if (const auto rate = wherry::parse_rate(text)) {
        require(*rate <= most, "a rate fits into 63 bits");
        require(wherry::parse_rate(wherry::print_rate(*rate)) == rate, "a rate is read as it was written");
    }
    if (const auto span = wherry::parse_duration(text)) {
        require(span->count() >= 0 && *span <= std::chrono::hours(24 * 36'525), "a span is at most 100 years");
        require(wherry::parse_duration(wherry::print_duration(*span)) == span, "a span is read as it was written");
    }
    wherry::fuzz::Input input(data, size);
    const std::uint64_t number = input.number() & most;
    require(wherry::parse_size(wherry::print_size(number)) == number, "every size can be written");
    return 0;
}
