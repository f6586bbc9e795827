#include "core/calendar.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace wherry {

namespace {

constexpr std::size_t timestamp_length = 14;

constexpr std::int64_t floor_day(std::int64_t seconds) {
    return (seconds >= 0 ? seconds : seconds - (seconds_per_day - 1)) / seconds_per_day;
}

void set_clock(DateTime& time, std::int64_t second_of_day) {
    const int rest = static_cast<int>(second_of_day);
    time.hour = rest / 3600;
    time.minute = rest / 60 % 60;
    time.second = rest % 60;
}

}  // namespace

int days_in_month(int year, int month) noexcept {
    constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[static_cast<std::size_t>(month - 1)];
}

DateTime date_time_of(std::int64_t seconds) noexcept {
    seconds = std::clamp(seconds, first_second, last_second);
    const std::int64_t day = floor_day(seconds);
    DateTime time{date_of(day)};
    set_clock(time, seconds - day * seconds_per_day);
    return time;
}

std::int64_t seconds_of(const DateTime& time) noexcept {
    return days_of(time.date) * seconds_per_day + time.hour * 3600 + time.minute * 60 + time.second;
}

std::string_view month_name(int month) noexcept {
    constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    return names.substr(static_cast<std::size_t>(month - 1) * 3, 3);
}

void put_digits(char* to, int number, int digits) noexcept {
    for (int i = digits; i-- > 0; number /= 10) to[i] = static_cast<char>('0' + number % 10);
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept {
    if (text.size() != timestamp_length || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    const auto number = [text](std::size_t at, std::size_t digits) {
        int value = 0;
        for (const char c : text.substr(at, digits)) value = value * 10 + (c - '0');
        return value;
    };
    const DateTime time{{number(0, 4), number(4, 2), number(6, 2)}, number(8, 2), number(10, 2), number(12, 2)};
    const Date& date = time.date;
    if (date.year < 1000 || date.month < 1 || date.month > 12) return std::nullopt;
    if (date.day < 1 || date.day > days_in_month(date.year, date.month)) return std::nullopt;
    if (time.hour > 23 || time.minute > 59 || time.second > 60) return std::nullopt;
    return seconds_of(time);
}

void append_timestamp(std::string& out, const DateTime& time) {
    std::array<char, timestamp_length> digits{};
    put_digits(&digits[0], time.date.year, 4);
    put_digits(&digits[4], time.date.month, 2);
    put_digits(&digits[6], time.date.day, 2);
    put_digits(&digits[8], time.hour, 2);
    put_digits(&digits[10], time.minute, 2);
    put_digits(&digits[12], time.second, 2);
    out.append(digits.data(), digits.size());
}

void append_timestamp(std::string& out, std::int64_t seconds) { append_timestamp(out, date_time_of(seconds)); }

void DateCache::remember(std::int64_t seconds) noexcept {
    const std::int64_t clamped = std::clamp(seconds, first_second, last_second);
    const std::int64_t day = floor_day(clamped);
    if (day != day_) time_.date = date_of(day);
    day_ = day;
    seconds_ = seconds;
    set_clock(time_, clamped - day * seconds_per_day);
}

}  // namespace wherry
