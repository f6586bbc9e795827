// Times of MFMT and MDTM, and the calendar under them. Input: eight bytes as a number; the whole as text.
#include "core/calendar.h"

#include <algorithm>

#include "fuzz.h"

namespace {

using wherry::fuzz::require;

void check_time(std::int64_t seconds, wherry::DateCache& cache) {
    const wherry::DateTime time = wherry::date_time_of(seconds);
    const auto& date = time.date;
    require(date.year >= 0 && date.year <= 9999 && date.month >= 1 && date.month <= 12, "a year and a month");
    require(date.day >= 1 && date.day <= wherry::days_in_month(date.year, date.month), "a day that exists");
    require(time.hour >= 0 && time.hour < 24 && time.minute >= 0 && time.minute < 60, "a time of the day");
    require(time.second >= 0 && time.second < 60, "a second");
    const std::int64_t clamped = std::clamp(seconds, wherry::first_second, wherry::last_second);
    require(wherry::seconds_of(time) == clamped, "there and back is the same second");
    require(cache.get(seconds) == time, "the cache makes no difference");
    const auto text = wherry::timestamp(seconds);
    require(text.size() == 14, "a timestamp has 14 digits");
    const auto parsed = wherry::parse_timestamp(text);
    require(date.year < 1000 ? !parsed : parsed == clamped, "a timestamp is read as it was written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, size);
    wherry::DateCache cache;
    while (!input.empty()) {
        const auto number = static_cast<std::int64_t>(input.number());
        check_time(number, cache);
        check_time(number % 400'000'000'000, cache);
    }

    const std::string_view text = wherry::fuzz::text_of(data, size);
    const auto parsed = wherry::parse_timestamp(text);
    if (!parsed) return 0;
    require(text.size() == 14, "only 14 digits are a timestamp");
    if (!text.ends_with("60")) require(wherry::timestamp(*parsed) == text, "written as it was read");
    check_time(*parsed, cache);
    return 0;
}
