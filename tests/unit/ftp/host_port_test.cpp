#include "ftp/host_port.h"

#include <gtest/gtest.h>

#include <random>

namespace wherry::ftp {
namespace {

using namespace std::string_view_literals;

std::string shown(const Result<HostPort>& result) {
    if (!result) return "!" + std::string(name_of(result.error().code));
    return result->address_text() + " " + std::to_string(result->port);
}

TEST(HostPort, port) {
    EXPECT_EQ(shown(parse_port("192,0,2,1,4,1")), "192.0.2.1 1025");
    EXPECT_EQ(shown(parse_port("255,255,255,255,255,255")), "255.255.255.255 65535");
    EXPECT_EQ(shown(parse_port("0,0,0,0,0,1")), "0.0.0.0 1");
    EXPECT_EQ(shown(parse_port("010,000,002,001,004,001")), "10.0.2.1 1025");
    EXPECT_EQ(parse_port("192,0,2,1,4,1")->address().size(), 4U);
}

TEST(HostPort, port_refuses) {
    for (const auto text : {""sv,
                            "192,0,2,1,4"sv,
                            "192,0,2,1,4,"sv,
                            ",0,2,1,4,1"sv,
                            "192,0,2,1,4,1,"sv,
                            "192,0,2,1,4,1,1"sv,
                            "256,0,2,1,4,1"sv,
                            "192,0,2,1,4,256"sv,
                            "-1,0,2,1,4,1"sv,
                            "+1,0,2,1,4,1"sv,
                            " 192,0,2,1,4,1"sv,
                            "192,0,2,1,4,1 "sv,
                            "192, 0,2,1,4,1"sv,
                            "192.0.2.1,4,1"sv,
                            "192,0,2,1,0,0"sv,
                            "0192,0,2,1,4,1"sv,
                            "192,0,2,1,4,1\0"sv,
                            "192,0,2,1,4,1\r"sv,
                            "(192,0,2,1,4,1)"sv,
                            "0x1,0,2,1,4,1"sv,
                            "192,0,2,1,4,4294967297"sv,
                            "a,b,c,d,e,f"sv,
                            ",,,,,"sv}) {
        EXPECT_EQ(shown(parse_port(text)), "!invalid") << text;
    }
}

TEST(HostPort, eprt) {
    EXPECT_EQ(shown(parse_eprt("|1|132.235.1.2|6275|")), "132.235.1.2 6275");
    EXPECT_EQ(shown(parse_eprt("|2|1080::8:800:200C:417A|5282|")), "1080::8:800:200c:417a 5282");
    EXPECT_EQ(shown(parse_eprt("|2|::ffff:192.0.2.1|65535|")), "::ffff:192.0.2.1 65535");
    EXPECT_EQ(parse_eprt("|2|::1|1|")->address().size(), 16U);
    EXPECT_EQ(parse_eprt("|2|::1|1|")->family, Family::v6);
}

TEST(HostPort, eprt_takes_any_visible_delimiter) {
    for (char d = 33; d < 127; ++d) {
        if (std::string_view("1234567890.").contains(d)) continue;
        const std::string text = std::string(1, d) + "1" + d + "192.0.2.1" + d + "1025" + d;
        EXPECT_EQ(shown(parse_eprt(text)), "192.0.2.1 1025") << d;
    }
    for (const char d : {' ', '\t', '\0', '\x7F', '\x80', '\xFF'}) {
        const std::string text = std::string(1, d) + "1" + d + "192.0.2.1" + d + "1025" + d;
        EXPECT_EQ(shown(parse_eprt(text)), "!invalid");
    }
}

TEST(HostPort, eprt_refuses) {
    for (const auto text : {""sv,
                            "|"sv,
                            "||||"sv,
                            "|1|192.0.2.1|1025"sv,
                            "|1|192.0.2.1|1025||"sv,
                            "|1|192.0.2.1|1025|x"sv,
                            "|1|192.0.2.1|0|"sv,
                            "|1|192.0.2.1|65536|"sv,
                            "|1|192.0.2.1|-1|"sv,
                            "|1|192.0.2.1|+21|"sv,
                            "|1|192.0.2.1| 21|"sv,
                            "|1|192.0.2.1||"sv,
                            "|1||1025|"sv,
                            "|1|::1|1025|"sv,
                            "|2|192.0.2.1|1025|"sv,
                            "|1|192.0.2|1025|"sv,
                            "|1|192.0.2.1.1|1025|"sv,
                            "|1|192.0.2.256|1025|"sv,
                            "|1|0xC0.0.2.1|1025|"sv,
                            "|1|localhost|1025|"sv,
                            "|2|fe80::1%lo|1025|"sv,
                            "|2|[::1]|1025|"sv,
                            "|1|192.0.2.1\0x|1025|"sv,
                            "|2|::1\0|1025|"sv,
                            "||192.0.2.1|1025|"sv,
                            "|a|192.0.2.1|1025|"sv,
                            "|-1|192.0.2.1|1025|"sv,
                            "|1 |192.0.2.1|1025|"sv,
                            "1|1|192.0.2.1|1025|"sv,
                            "|2|1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb|1025|"sv,
                            "|1|192.0.2.1|000001025|"sv}) {
        EXPECT_EQ(shown(parse_eprt(text)), "!invalid") << text;
    }
}

// RFC 2428 section 2: a number that is not known is 522, not 501.
TEST(HostPort, eprt_tells_unknown_protocols_from_nonsense) {
    for (const auto text :
         {"|3|x|1025|"sv, "|0|192.0.2.1|1025|"sv, "|01|192.0.2.1|1025|"sv, "|99999999999999999999999|whatever|x|"sv}) {
        EXPECT_EQ(shown(parse_eprt(text)), "!unsupported") << text;
    }
}

TEST(HostPort, replies) {
    constexpr std::array<std::uint8_t, 4> address{192, 0, 2, 255};
    EXPECT_EQ(text_227(address, 0xC001), "Entering Passive Mode (192,0,2,255,192,1)");
    EXPECT_EQ(text_229(6446), "Entering Extended Passive Mode (|||6446|)");
    EXPECT_EQ(text_522(true, true), "Network protocol not supported, use (1,2)");
    EXPECT_EQ(text_522(true, false), "Network protocol not supported, use (1)");
    EXPECT_EQ(text_522(false, true), "Network protocol not supported, use (2)");
}

// fineftp c34e3eb announced signed bytes.
TEST(HostPort, what_227_says_port_understands) {
    std::mt19937 random(13);
    for (int i = 0; i < 5'000; ++i) {
        std::array<std::uint8_t, 4> address{};
        for (auto& byte : address) byte = static_cast<std::uint8_t>(random());
        const auto port = static_cast<std::uint16_t>(1 + random() % 65535);
        const std::string text = text_227(address, port);
        const std::size_t open = text.find('(') + 1;
        const auto parsed = parse_port(text.substr(open, text.size() - 1 - open));
        ASSERT_TRUE(parsed) << text;
        ASSERT_EQ(parsed->port, port);
        ASSERT_TRUE(std::ranges::equal(parsed->address(), address));
        ASSERT_EQ(parse_eprt("!1!" + parsed->address_text() + "!" + std::to_string(port) + "!").value(), *parsed);
    }
}

}  // namespace
}  // namespace wherry::ftp
