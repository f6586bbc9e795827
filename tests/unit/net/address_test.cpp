#include "net/address.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace wherry::net {
namespace {

using ::testing::HasSubstr;

Address ip(std::string_view text, std::uint16_t port = 0) { return Address::parse_ip(text, port).value(); }

TEST(Address, ParsesAndPrints) {
    EXPECT_EQ(Address::parse("127.0.0.1:2121")->text(), "127.0.0.1:2121");
    EXPECT_EQ(Address::parse("[::1]:21")->text(), "[::1]:21");
    EXPECT_EQ(Address::parse("[2001:DB8:0::1]:65535")->text(), "[2001:db8::1]:65535");
    EXPECT_EQ(Address::parse(":21")->text(), "[::]:21");
    EXPECT_EQ(Address::parse("*:0")->text(), "[::]:0");
    EXPECT_EQ(ip("192.0.2.1", 5).ip(), "192.0.2.1");
    EXPECT_EQ(Address().text(), "0.0.0.0:0");
    EXPECT_EQ(Address::loopback(21).text(), "127.0.0.1:21");
    EXPECT_EQ(Address::any_ipv4(21).text(), "0.0.0.0:21");
}

TEST(Address, SaysWhatIsWrong) {
    for (const auto* text : {"", "21", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:2x",
                             "localhost:21", "[]:21", "[:21", "1.2.3:21", "1.2.3.4.5:21", "[::1]x:21"}) {
        const auto address = Address::parse(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().code, Code::invalid);
        EXPECT_FALSE(address.error().message.empty());
    }
    EXPECT_THAT(Address::parse("::1:21").error().message, HasSubstr("brackets"));
}

// inet_pton(3) stopped at the NUL and took what was before it.
TEST(Address, ANulEndsNothing) {
    using std::string_view_literals::operator""sv;
    EXPECT_FALSE(Address::parse_ip("127.0.0.1\0x"sv, 21));
    EXPECT_FALSE(Address::parse_ip("::1\0"sv, 21));
    EXPECT_FALSE(Address::parse("127.0.0.1\0:21"sv));
}

TEST(Address, AMappedIpv4AddressIsThatIpv4Address) {
    const Address mapped = ip("::ffff:192.0.2.7", 21);
    EXPECT_FALSE(mapped.is_ipv6());
    EXPECT_EQ(mapped, ip("192.0.2.7", 21));
    sockaddr_storage system{};
    auto& form = reinterpret_cast<sockaddr_in6&>(system);
    form.sin6_family = AF_INET6;
    form.sin6_port = htons(2121);
    ASSERT_EQ(inet_pton(AF_INET6, "::ffff:198.51.100.9", &form.sin6_addr), 1);
    EXPECT_EQ(Address::from_system(system).text(), "198.51.100.9:2121");
}

TEST(Address, TheSystemsFormIsTheSameAddress) {
    for (const auto* text : {"127.0.0.1", "0.0.0.0", "::", "::1", "2001:db8::abcd", "fe80::1"}) {
        sockaddr_storage system{};
        const Address address = ip(text, 4711);
        const socklen_t length = address.to_system(system);
        EXPECT_EQ(length, address.is_ipv6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
        EXPECT_EQ(Address::from_system(system), address) << text;
    }
    EXPECT_EQ(Address::from_system(sockaddr_storage{}), Address());
}

TEST(Address, ALinkLocalAddressKeepsItsInterface) {
    sockaddr_storage system{};
    auto& form = reinterpret_cast<sockaddr_in6&>(system);
    form.sin6_family = AF_INET6;
    form.sin6_scope_id = 3;
    ASSERT_EQ(inet_pton(AF_INET6, "fe80::1", &form.sin6_addr), 1);
    sockaddr_storage back{};
    Address::from_system(system).to_system(back);
    EXPECT_EQ(reinterpret_cast<sockaddr_in6&>(back).sin6_scope_id, 3U);
}

TEST(Address, HostsAreComparedWithoutPorts) {
    EXPECT_TRUE(ip("192.0.2.1", 1).same_host(ip("192.0.2.1", 2)));
    EXPECT_FALSE(ip("192.0.2.1").same_host(ip("192.0.2.2")));
    EXPECT_TRUE(ip("2001:db8::1").same_host(ip("2001:db8:0:0::1")));
    EXPECT_FALSE(ip("::").same_host(ip("0.0.0.0")));
    EXPECT_FALSE(ip("192.0.2.1", 1) == ip("192.0.2.1", 2));
    EXPECT_EQ(ip("192.0.2.1", 1).with_port(2), ip("192.0.2.1", 2));
}

TEST(Address, KnowsWhatIsNotForTheOutside) {
    for (const auto* text : {"127.0.0.1", "127.255.0.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
                             "169.254.0.1", "::1", "fc00::1", "fdff::1", "fe80::1", "febf::1"}) {
        EXPECT_TRUE(ip(text).is_private()) << text;
    }
    for (const auto* text : {"128.0.0.1", "11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "8.8.8.8", "::2",
                             "2001:db8::1", "fec0::1"}) {
        EXPECT_FALSE(ip(text).is_private()) << text;
    }
    EXPECT_TRUE(ip("127.9.9.9").is_loopback() && ip("::1").is_loopback() && !ip("128.0.0.1").is_loopback());
    EXPECT_TRUE(ip("0.0.0.0").is_unspecified() && ip("::").is_unspecified() && !ip("::1").is_unspecified());
}

}  // namespace
}  // namespace wherry::net
