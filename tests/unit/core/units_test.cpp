#include "core/units.h"

#include <gtest/gtest.h>

#include <random>

namespace wherry {
namespace {

TEST(Units, parse_size) {
    EXPECT_EQ(parse_size("0"), 0U);
    EXPECT_EQ(parse_size("4096"), 4096U);
    EXPECT_EQ(parse_size("4096B"), 4096U);
    EXPECT_EQ(parse_size("512k"), 512U * 1024);
    EXPECT_EQ(parse_size("512K"), 512U * 1024);
    EXPECT_EQ(parse_size("10M"), 10U << 20U);
    EXPECT_EQ(parse_size("10MiB"), 10U << 20U);
    EXPECT_EQ(parse_size("10 MiB"), 10U << 20U);
    EXPECT_EQ(parse_size("10MB"), 10'000'000U);
    EXPECT_EQ(parse_size("10mb"), 10'000'000U);
    EXPECT_EQ(parse_size("1.5GiB"), 3ULL << 29U);
    EXPECT_EQ(parse_size("1.5kB"), 1500U);
    EXPECT_EQ(parse_size("0.3k"), 307U);
    EXPECT_EQ(parse_size("1.999999999P"), 2251799812559348U);
    EXPECT_EQ(parse_size("8191P"), 8191ULL << 50U);
    EXPECT_EQ(parse_size("9223372036854775807"), 9223372036854775807U);
}

TEST(Units, parse_size_refuses) {
    for (const char* text : {"",
                             "M",
                             "k",
                             " 10M",
                             "10M ",
                             "10  M",
                             "-1",
                             "+1",
                             "1.5",
                             "1.5B",
                             "1.M",
                             ".5M",
                             "1..5M",
                             "1.2.3M",
                             "10X",
                             "10MM",
                             "10Mi",
                             "1e3",
                             "0x10",
                             "8192P",
                             "9223372036854775808",
                             "8191.9999999999P",
                             "1.1234567890M",
                             "10M/s",
                             "10Mbit",
                             "1,5M",
                             "unlimited",
                             " ",
                             "10 "}) {
        EXPECT_EQ(parse_size(text), std::nullopt) << text;
    }
}

TEST(Units, parse_rate) {
    EXPECT_EQ(parse_rate("0"), 0U);
    EXPECT_EQ(parse_rate("10M"), 10U << 20U);
    EXPECT_EQ(parse_rate("10M/s"), 10U << 20U);
    EXPECT_EQ(parse_rate("10MB/S"), 10'000'000U);
    EXPECT_EQ(parse_rate("100Mbit/s"), 12'500'000U);
    EXPECT_EQ(parse_rate("1.5 Mbit"), 187'500U);
    EXPECT_EQ(parse_rate("8kbit"), 1000U);
    EXPECT_EQ(parse_rate("10Gbit"), 1'250'000'000U);
    EXPECT_EQ(parse_rate("/s"), std::nullopt);
    EXPECT_EQ(parse_rate("10/m"), std::nullopt);
    EXPECT_EQ(parse_rate("Mbit/s"), std::nullopt);
}

TEST(Units, print) {
    EXPECT_EQ(print_size(0), "0");
    EXPECT_EQ(print_size(1023), "1023");
    EXPECT_EQ(print_size(1024), "1k");
    EXPECT_EQ(print_size(10U << 20U), "10M");
    EXPECT_EQ(print_size(3ULL << 29U), "1536M");
    EXPECT_EQ(print_size(1'500'000), "1500kB");
    EXPECT_EQ(print_size(2'000'000'000'000), "1953125000k");  // the binary unit divides too
    EXPECT_EQ(print_size(4097), "4097");
    EXPECT_EQ(print_rate(1U << 20U), "1M/s");
}

TEST(Units, what_is_printed_parses_to_the_same) {
    std::mt19937_64 random(2);
    constexpr std::uint64_t factors[] = {1, 1000, 1024, 1'000'000, 1 << 20, 1'000'000'000, 1 << 30};
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t number = (random() >> (1 + random() % 63)) / 7 % (1ULL << 33U) * factors[random() % 7];
        if (number >> 63U != 0) continue;
        ASSERT_EQ(parse_size(print_size(number)), number) << print_size(number);
        ASSERT_EQ(parse_rate(print_rate(number)), number);
    }
}

}  // namespace
}  // namespace wherry
