#include "core/units.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/text.h"

namespace wherry {

namespace {

constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::uint64_t power(std::uint64_t base, int exponent) {
    return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

constexpr auto size_units = std::to_array<Unit>({
    {"", 1},
    {"B", 1},
    {"k", power(1024, 1)},
    {"M", power(1024, 2)},
    {"G", power(1024, 3)},
    {"T", power(1024, 4)},
    {"P", power(1024, 5)},
    {"KiB", power(1024, 1)},
    {"MiB", power(1024, 2)},
    {"GiB", power(1024, 3)},
    {"TiB", power(1024, 4)},
    {"PiB", power(1024, 5)},
    {"kB", power(1000, 1)},
    {"MB", power(1000, 2)},
    {"GB", power(1000, 3)},
    {"TB", power(1000, 4)},
    {"PB", power(1000, 5)},
});

constexpr auto bit_units = std::to_array<Unit>({
    {"kbit", power(1000, 1) / 8},
    {"Mbit", power(1000, 2) / 8},
    {"Gbit", power(1000, 3) / 8},
});

// What print may use, the largest first; decimal units only where the binary ones do not divide.
constexpr auto print_units = std::to_array<Unit>({
    {"P", power(1024, 5)},
    {"T", power(1024, 4)},
    {"G", power(1024, 3)},
    {"M", power(1024, 2)},
    {"k", power(1024, 1)},
    {"PB", power(1000, 5)},
    {"TB", power(1000, 4)},
    {"GB", power(1000, 3)},
    {"MB", power(1000, 2)},
    {"kB", power(1000, 1)},
});

template <class Units>
const Unit* find_unit(const Units& units, std::string_view name) {
    for (const Unit& unit : units) {
        if (iequals(unit.name, name)) return &unit;
    }
    return nullptr;
}

// 0.`digits` of `factor`. Nine digits times a factor below 2^51 pass 64 bits, so whole and rest go separately.
std::optional<std::uint64_t> fraction_of(std::string_view digits, std::uint64_t factor) {
    if (digits.size() > 9) return std::nullopt;
    const auto numerator = parse_u63(digits);
    if (!numerator) return std::nullopt;
    const std::uint64_t denominator = power(10, static_cast<int>(digits.size()));
    return factor / denominator * *numerator + factor % denominator * *numerator / denominator;
}

std::optional<std::uint64_t> value_of(std::string_view number, const Unit& unit) {
    const std::size_t point = number.find('.');
    const auto whole = parse_u63(number.substr(0, point));
    if (!whole || *whole > most / unit.factor) return std::nullopt;
    std::uint64_t value = *whole * unit.factor;
    if (point == std::string_view::npos) return value;
    if (unit.factor == 1) return std::nullopt;
    const auto fraction = fraction_of(number.substr(point + 1), unit.factor);
    if (!fraction || *fraction > most - value) return std::nullopt;
    return value + *fraction;
}

// The number in front, and the unit behind it without the one blank that may stand between.
struct Parts {
    std::string_view number;
    std::string_view unit;
};
Parts take_apart(std::string_view text) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
    Parts parts{text.substr(0, end), text.substr(end)};
    if (parts.unit.size() > 1 && parts.unit[0] == ' ') parts.unit.remove_prefix(1);
    return parts;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const Parts parts = take_apart(text);
    const Unit* unit = find_unit(size_units, parts.unit);
    return unit == nullptr ? std::nullopt : value_of(parts.number, *unit);
}

std::optional<std::uint64_t> parse_rate(std::string_view text) {
    if (text.size() > 2 && iequals(text.substr(text.size() - 2), "/s")) text.remove_suffix(2);
    const Parts parts = take_apart(text);
    if (const Unit* unit = find_unit(bit_units, parts.unit)) return value_of(parts.number, *unit);
    return parse_size(text);
}

std::string print_size(std::uint64_t bytes) {
    std::string out;
    for (const Unit& unit : print_units) {
        if (bytes == 0 || bytes % unit.factor != 0) continue;
        append_decimal(out, bytes / unit.factor);
        return out.append(unit.name);
    }
    append_decimal(out, bytes);
    return out;
}

std::string print_rate(std::uint64_t bytes_per_second) { return print_size(bytes_per_second) + "/s"; }

}  // namespace wherry
