#include "net/subnet.h"

#include <gtest/gtest.h>

#include <vector>

namespace wherry::net {
namespace {

Address ip(std::string_view text) { return Address::parse_ip(text, 1).value(); }

bool holds(std::string_view subnet, std::string_view address) { return Subnet::parse(subnet)->contains(ip(address)); }

TEST(Subnet, contains_what_has_its_first_bits) {
    EXPECT_TRUE(holds("10.0.0.0/8", "10.255.0.1"));
    EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.0"));
    EXPECT_TRUE(holds("192.0.2.128/25", "192.0.2.128"));
    EXPECT_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
    EXPECT_TRUE(holds("0.0.0.0/0", "203.0.113.9"));
    EXPECT_TRUE(holds("203.0.113.9", "203.0.113.9"));
    EXPECT_FALSE(holds("203.0.113.9/32", "203.0.113.8"));
    EXPECT_TRUE(holds("2001:db8::/32", "2001:db8:ffff::1"));
    EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(Subnet, of_one_family_has_nothing_of_the_other) {
    EXPECT_FALSE(holds("0.0.0.0/0", "::1"));
    EXPECT_FALSE(holds("::/0", "127.0.0.1"));
    EXPECT_TRUE(holds("10.0.0.0/8", "::ffff:10.1.2.3")) << "unwrapped";
}

TEST(Subnet, is_written_as_it_is_read) {
    for (const char* text : {"10.0.0.0/8", "192.0.2.7", "0.0.0.0/0", "2001:db8::/32", "::1", "fe80::/10"}) {
        const auto subnet = Subnet::parse(text);
        ASSERT_TRUE(subnet) << text;
        EXPECT_EQ(subnet->text(), text);
    }
}

TEST(Subnet, refuses_what_is_none) {
    for (const char* text :
         {"", "x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.1/8", "::/129", "10/8", "/8", "10.0.0.0/8/8"}) {
        EXPECT_FALSE(Subnet::parse(text)) << text;
    }
}

TEST(Subnet, denied_wins_over_allowed) {
    const std::vector<Subnet> all;
    const std::vector<Subnet> ten{*Subnet::parse("10.0.0.0/8")};
    const std::vector<Subnet> one{*Subnet::parse("10.0.0.1")};
    EXPECT_TRUE(permits(all, all, ip("192.0.2.1")));
    EXPECT_FALSE(permits(ten, all, ip("192.0.2.1")));
    EXPECT_TRUE(permits(ten, one, ip("10.0.0.2")));
    EXPECT_FALSE(permits(ten, one, ip("10.0.0.1")));
}

TEST(Subnet, any_of_several) {
    const std::vector<Subnet> list{*Subnet::parse("10.0.0.0/8"), *Subnet::parse("::1")};
    EXPECT_TRUE(any_contains(list, ip("::1")));
    EXPECT_FALSE(any_contains(list, ip("::2")));
    EXPECT_FALSE(any_contains({}, ip("10.0.0.1")));
}

}  // namespace
}  // namespace wherry::net
