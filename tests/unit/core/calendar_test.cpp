#include "core/calendar.h"

#include <gtest/gtest.h>

#include <ctime>
#include <limits>
#include <random>

namespace wherry {
namespace {

using namespace std::string_view_literals;

static_assert(days_of({1970, 1, 1}) == 0);
static_assert(days_of({2000, 3, 1}) == 11'017);
static_assert(date_of(-1) == Date{1969, 12, 31});

std::string printed(std::int64_t seconds) {
    std::string out;
    append_timestamp(out, seconds);
    return out;
}

TEST(Calendar, known_moments) {
    EXPECT_EQ(printed(0), "19700101000000");
    EXPECT_EQ(printed(-1), "19691231235959");
    EXPECT_EQ(printed(951'782'400), "20000229000000");
    EXPECT_EQ(printed(1'704'067'199), "20231231235959");
    EXPECT_EQ(printed(2'147'483'648), "20380119031408");
    EXPECT_EQ(printed(4'107'542'400), "21000301000000");
    EXPECT_EQ(printed(-2'208'988'801), "18991231235959");
}

// Times before 1900 and after 2038 have stopped servers with an exception.
TEST(Calendar, any_time_is_clamped_to_four_digits_of_year) {
    EXPECT_EQ(printed(first_second), "00000101000000");
    EXPECT_EQ(printed(last_second), "99991231235959");
    EXPECT_EQ(printed(std::numeric_limits<std::int64_t>::min()), "00000101000000");
    EXPECT_EQ(printed(std::numeric_limits<std::int64_t>::max()), "99991231235959");
    EXPECT_EQ(printed(last_second + 1), "99991231235959");
}

// Every day of 400 years around now and the borders of the clamp, counted by hand.
TEST(Calendar, days_follow_each_other) {
    Date date{1800, 1, 1};
    for (std::int64_t day = days_of(date); date.year < 2200; ++day) {
        ASSERT_EQ(date_of(day), date);
        ASSERT_EQ(days_of(date), day);
        if (++date.day > days_in_month(date.year, date.month)) {
            date.day = 1;
            if (++date.month == 13) date = {date.year + 1, 1, 1};
        }
    }
}

TEST(Calendar, agrees_with_the_library) {
    std::mt19937_64 random(6);
    std::uniform_int_distribution<std::int64_t> any(first_second, last_second);
    DateCache cache;
    for (int i = 0; i < 20'000; ++i) {
        const std::int64_t seconds = any(random);
        std::tm expected{};
        const std::time_t time = seconds;
        ASSERT_NE(gmtime_r(&time, &expected), nullptr);
        const DateTime got = date_time_of(seconds);
        const DateTime want{{expected.tm_year + 1900, expected.tm_mon + 1, expected.tm_mday},
                            expected.tm_hour,
                            expected.tm_min,
                            expected.tm_sec};
        ASSERT_EQ(got, want) << seconds;
        ASSERT_EQ(cache.get(seconds), want);
        ASSERT_EQ(seconds_of(got), seconds);
        if (got.date.year >= 1000) ASSERT_EQ(parse_timestamp(printed(seconds)), seconds);
    }
}

TEST(Calendar, the_cache_forgets_in_time) {
    DateCache cache;
    EXPECT_EQ(cache.get(0), date_time_of(0));
    for (const std::int64_t seconds :
         {std::int64_t{5}, std::int64_t{86'399}, std::int64_t{86'400}, std::int64_t{86'399}, std::int64_t{-1},
          std::int64_t{-86'400}, std::int64_t{-86'401}, std::numeric_limits<std::int64_t>::max(), last_second,
          std::numeric_limits<std::int64_t>::min(), std::int64_t{0}}) {
        EXPECT_EQ(cache.get(seconds), date_time_of(seconds)) << seconds;
        EXPECT_EQ(cache.get(seconds), date_time_of(seconds)) << seconds;
    }
}

TEST(Calendar, month_names_are_english) {
    EXPECT_EQ(month_name(1), "Jan");
    EXPECT_EQ(month_name(5), "May");
    EXPECT_EQ(month_name(12), "Dec");
}

TEST(Calendar, leap_years) {
    EXPECT_TRUE(is_leap(2000));
    EXPECT_FALSE(is_leap(1900));
    EXPECT_TRUE(is_leap(2024));
    EXPECT_FALSE(is_leap(2023));
    EXPECT_EQ(days_in_month(2024, 2), 29);
    EXPECT_EQ(days_in_month(2100, 2), 28);
    EXPECT_EQ(days_in_month(2023, 4), 30);
}

TEST(Calendar, parse_timestamp) {
    EXPECT_EQ(parse_timestamp("19700101000000"), 0);
    EXPECT_EQ(parse_timestamp("20240229235959"), 1'709'251'199);
    EXPECT_EQ(parse_timestamp("20161231235960"), 1'483'228'800);  // a leap second
    EXPECT_EQ(parse_timestamp("10000101000000"), -30'610'224'000);
    EXPECT_EQ(parse_timestamp("99991231235959"), last_second);
}

TEST(Calendar, parse_timestamp_refuses) {
    for (const auto text : {""sv,
                            "2024022923595"sv,
                            "202402292359590"sv,
                            "20240229235959.5"sv,
                            "20230229000000"sv,
                            "20240431000000"sv,
                            "20240100000000"sv,
                            "20240132000000"sv,
                            "20240001000000"sv,
                            "20241301000000"sv,
                            "20240101240000"sv,
                            "20240101006000"sv,
                            "20240101000061"sv,
                            "09991231235959"sv,
                            "00000101000000"sv,
                            "2024010100000a"sv,
                            "-2024010100000"sv,
                            "+2024010100000"sv,
                            " 2024010100000"sv,
                            "2024-01-01 000"sv,
                            "20240101 00000"sv,
                            "2024010100000\0"sv,
                            "\xB2"
                            "024010100000"sv}) {
        EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
    }
}

TEST(Calendar, put_digits_pads_with_zeros) {
    char text[] = "xxxxx";
    put_digits(text, 42, 4);
    EXPECT_STREQ(text, "0042x");
}

}  // namespace
}  // namespace wherry
