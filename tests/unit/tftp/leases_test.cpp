#include "tftp/leases.h"

#include <gtest/gtest.h>

#include <string>

namespace wherry::tftp {
namespace {

constexpr std::int64_t now = 1'767'326'645;

std::string mac_of(std::string_view text, std::string_view address = "10.0.0.5", std::int64_t at = now) {
    const auto mac = Leases::parse(text).mac_of(net::Address::parse_ip(address, 2070).value(), at);
    return mac ? mac->text() : "-";
}

TEST(Leases, are_read_as_dnsmasq_writes_them) {
    constexpr std::string_view text =
        "1767330245 00:1b:21:0a:0b:0c 10.0.0.5 pc5 01:00:1b:21:0a:0b:0c\n"
        "1767330245 00:1B:21:0a:0b:0d 10.0.0.50 * *\n";
    EXPECT_EQ(mac_of(text), "00-1b-21-0a-0b-0c");
    EXPECT_EQ(mac_of(text, "10.0.0.50"), "00-1b-21-0a-0b-0d");
    EXPECT_EQ(mac_of(text, "10.0.0.6"), "-");
    EXPECT_EQ(mac_of(text, "::a00:5"), "-");
    EXPECT_EQ(mac_of(""), "-");
}

TEST(Leases, end_when_they_say_or_never) {
    EXPECT_EQ(mac_of("1767326646 00:1b:21:0a:0b:0c 10.0.0.5 pc5 *\n"), "00-1b-21-0a-0b-0c");
    EXPECT_EQ(mac_of("1767326645 00:1b:21:0a:0b:0c 10.0.0.5 pc5 *\n"), "-");
    EXPECT_EQ(mac_of("0 00:1b:21:0a:0b:0c 10.0.0.5 pc5 *\n"), "00-1b-21-0a-0b-0c");
}

TEST(Leases, of_IPv6_name_no_card) {
    EXPECT_EQ(mac_of("duid 00:01:00:01:2c:3f:aa:bb:00:1b:21:0a:0b:01\n"
                     "1767330245 17435660 fd77::5 pc5 00:01:00:01:2c:3f:aa:bb:00:1b:21:0a:0b:0c\n"
                     "1767330245 T17435660 fd77::5 pc5 00:01:00:01\n"
                     "0 00:1b:21:0a:0b:0c fd77::5 pc5 *\n",
                     "fd77::5"),
              "-");
}

TEST(Leases, what_is_none_is_passed_over) {
    constexpr std::string_view good = "0 00:1b:21:0a:0b:0c 10.0.0.5 pc5 *\n";
    for (const std::string bad :
         {"0 06-00:1b:21:0a:0b:0d 10.0.0.5 token-ring *\n", "-1 00:1b:21:0a:0b:0d 10.0.0.5 pc5 *\n",
          "x 00:1b:21:0a:0b:0d 10.0.0.5 pc5 *\n", "0 00:1b:21:0a:0b 10.0.0.5 pc5 *\n", "0 * 10.0.0.5 pc5 *\n",
          "0 00:1b:21:0a:0b:0d 10.0.0.5\n", "0 00:1b:21:0a:0b:0d 10.0.0.5 \n", "0 00:1b:21:0a:0b:0d nobody pc5 *\n",
          "99999999999999999999 00:1b:21:0a:0b:0d 10.0.0.5 pc5 *\n", "\n", "0\n"}) {
        EXPECT_EQ(Leases::parse(bad).size(), 0U) << bad;
        EXPECT_EQ(mac_of(bad + std::string(good) + bad), "00-1b-21-0a-0b-0c") << bad;
    }
}

// dnsmasq may be writing: of "10.0.0.50" there may be "10.0.0.5" so far.
TEST(Leases, a_line_that_is_half_written_is_none) {
    constexpr std::string_view line = "0 00:1b:21:0a:0b:0d 10.0.0.50 pc50 01:00:1b:21:0a:0b:0d\n";
    for (std::size_t size = 0; size < line.size(); ++size) EXPECT_EQ(mac_of(line.substr(0, size)), "-") << size;
}

TEST(Leases, the_last_of_an_address_counts) {
    EXPECT_EQ(mac_of("0 00:1b:21:0a:0b:0c 10.0.0.5 a *\n0 00:1b:21:0a:0b:0d 10.0.0.5 b *\n"), "00-1b-21-0a-0b-0d");
}

TEST(Leases, are_not_read_without_end) {
    std::string text;
    for (std::size_t i = 0; i <= Leases::most; ++i) {
        text += "0 00:1b:21:0a:0b:0c 10." + std::to_string(i >> 16U) + "." + std::to_string(i >> 8U & 255U) + "." +
                std::to_string(i & 255U) + " * *\n";
    }
    EXPECT_EQ(Leases::parse(text).size(), Leases::most);
}

}  // namespace
}  // namespace wherry::tftp
