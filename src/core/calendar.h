#pragma once
// The civil calendar, UTC only: seconds since 1970-01-01 to year, month, day and back, by arithmetic alone. No locale,
// no time zone file, no gmtime(3) lock, and no time that makes it fail: what lies outside the years 0 to 9999 is
// clamped, so that four digits always hold a year. (Algorithms: Howard Hinnant, "chrono-Compatible Low-Level Date
// Algorithms".)
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wherry {

struct Date {
    int year = 1970;
    int month = 1;  // 1 to 12
    int day = 1;    // 1 to 31
    friend constexpr bool operator==(const Date&, const Date&) = default;
};

struct DateTime {
    Date date;
    int hour = 0;
    int minute = 0;
    int second = 0;
    friend constexpr bool operator==(const DateTime&, const DateTime&) = default;
};

inline constexpr std::int64_t seconds_per_day = 86'400;
inline constexpr std::int64_t first_second = -62'167'219'200;  // 0000-01-01 00:00:00
inline constexpr std::int64_t last_second = 253'402'300'799;   // 9999-12-31 23:59:59

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, which must exist.
constexpr std::int64_t days_of(const Date& date) noexcept {
    // Years begin in March in here, so that the leap day is the last day of one.
    const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t month = (date.month + 9) % 12;
    const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468;
}

// `days` must lie within some millions of years.
constexpr Date date_of(std::int64_t days) noexcept {
    days += 719'468;
    const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
    const std::int64_t day_of_era = days - era * 146'097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month = (5 * day_of_year + 2) / 153;
    const std::int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    const std::int64_t civil_month = month < 10 ? month + 3 : month - 9;
    const std::int64_t year = year_of_era + era * 400 + (civil_month <= 2 ? 1 : 0);
    return {static_cast<int>(year), static_cast<int>(civil_month), static_cast<int>(day)};
}

constexpr bool is_leap(int year) noexcept { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
int days_in_month(int year, int month) noexcept;

// Any 64-bit number is a time; clamped as said above.
DateTime date_time_of(std::int64_t seconds) noexcept;
std::int64_t seconds_of(const DateTime& time) noexcept;
std::string_view month_name(int month) noexcept;  // "Jan"; English whatever the locale

// YYYYMMDDHHMMSS, as MDTM, MFMT and the modify fact have it (RFC 3659 2.3): exactly 14 digits, a date that exists, a
// year from 1000 on; a 60th second is the first of the next minute. Fractions are not taken.
std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept;
void append_timestamp(std::string& out, std::int64_t seconds);
inline std::string timestamp(std::int64_t seconds) {
    std::string out;
    append_timestamp(out, seconds);
    return out;
}
void append_timestamp(std::string& out, const DateTime& time);

// Writes the low digits of `number`, with zeros in front.
void put_digits(char* to, int number, int digits) noexcept;

// Remembers the last conversion: the files of a directory are often of the same day. Used by one thread at a time.
class DateCache {
public:
    const DateTime& get(std::int64_t seconds) noexcept {
        if (seconds != seconds_) remember(seconds);
        return time_;
    }

private:
    void remember(std::int64_t seconds) noexcept;

    std::int64_t seconds_ = 0;
    std::int64_t day_ = 0;
    DateTime time_;
};

}  // namespace wherry
