#include "service/duration.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/text.h"

namespace wherry {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t milliseconds;
};

constexpr auto units = std::to_array<Unit>({
    {"d", 86'400'000},
    {"h", 3'600'000},
    {"m", 60'000},
    {"s", 1000},
    {"ms", 1},
});
constexpr std::uint64_t most_milliseconds = 36'525ULL * units[0].milliseconds;

// The digits or the letters that `text` begins with, taken off it.
template <class Belongs>
std::string_view take_while(std::string_view& text, Belongs belongs) {
    const auto length = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) - text.begin());
    const std::string_view taken = text.substr(0, length);
    text.remove_prefix(length);
    return taken;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    if (const auto seconds = parse_at_most(text, most_milliseconds / 1000))
        return std::chrono::milliseconds(*seconds * 1000);
    std::uint64_t total = 0;
    auto next = units.begin();
    while (!text.empty()) {
        const auto number = parse_at_most(take_while(text, is_digit), most_milliseconds);
        const std::string_view name = take_while(text, is_letter);
        next = std::find_if(next, units.end(), [&](const Unit& unit) { return unit.name == name; });
        if (!number || next == units.end() || *number > (most_milliseconds - total) / next->milliseconds)
            return std::nullopt;
        total += *number * next->milliseconds;
        ++next;
    }
    return next == units.begin() ? std::nullopt : std::optional(std::chrono::milliseconds(total));
}

std::string print_duration(std::chrono::milliseconds span) {
    const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(span.count(), 0));
    if (count == 0) return "0s";
    const auto* const unit =
        std::find_if(units.begin(), units.end(), [&](const Unit& one) { return count % one.milliseconds == 0; });
    return std::to_string(count / unit->milliseconds).append(unit->name);
}

}  // namespace wherry
