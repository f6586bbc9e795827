#include "service/listen_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "service/config_check.h"

namespace wherry {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A label is no longer than 63 bytes: nobody is asked.
const std::string no_host = std::string(64, 'x') + ".example";

std::vector<std::string> addresses(const ListenPlaces& places) {
    std::vector<std::string> out;
    for (const ListenPlace& place : places) out.push_back(place.sockets.empty() ? place.address.text() : place.text());
    return out;
}

TEST(ListenNames, AreReadAndWrittenAsTheyStand) {
    const auto place = ListenPlace::parse("Boot-1.example:69");
    ASSERT_TRUE(place);
    EXPECT_EQ(place->host, "boot-1.example");
    EXPECT_EQ(place->address.port(), 69);
    EXPECT_EQ(place->text(), "boot-1.example:69");
    EXPECT_FALSE(place->is_address());
    EXPECT_NE(*place, ListenPlace::parse("boot-2.example:69"));
    EXPECT_TRUE(ListenPlace::parse("10.0.0.1:69")->is_address());
    for (const char* text :
         {"10.0.0:69", "10.0.0.256:69", "boot:", "boot:x", "bo ot:69", ".:69", "boot.7:69", "[boot]:69"}) {
        EXPECT_FALSE(ListenPlace::parse(text)) << text;
    }
}

TEST(ListenNames, BecomeAllTheirAddresses) {
    const auto found = with_addresses({*ListenPlace::parse("localhost:69")}, "tftp.listen");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(addresses(*found), Contains("127.0.0.1:69"));
    for (const ListenPlace& place : *found) {
        EXPECT_TRUE(place.address.is_loopback());
        EXPECT_EQ(place.host, "localhost");
    }
}

TEST(ListenNames, DoNotRepeatWhatIsThere) {
    const auto found = with_addresses({*ListenPlace::parse("localhost:69"), *ListenPlace::parse("systemd:tftp"),
                                       net::Address::loopback(69), *ListenPlace::parse("[::1]:69")},
                                      "tftp.listen");
    ASSERT_TRUE(found);
    EXPECT_THAT(addresses(*found), ElementsAre("systemd:tftp", "127.0.0.1:69", "[::1]:69"));
    const auto other = with_addresses({*ListenPlace::parse("localhost:70"), net::Address::loopback(69)}, "");
    EXPECT_THAT(addresses(*other), Contains("127.0.0.1:70"));
}

TEST(ListenNames, WithoutAnAddressAreAMistakeThatSaysWhere) {
    const auto found = with_addresses({*ListenPlace::parse(no_host + ":69")}, "tftp.listen");
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message, HasSubstr("tftp.listen: \"" + no_host + ":69\": resolving '" + no_host + "': "));
    EXPECT_THAT(found.error().message, HasSubstr("correct the name, or write its address"));
}

TEST(ListenNames, AreAskedForWhenAConfigurationIsChecked) {
    Config config;
    config.ftp.listen = {*ListenPlace::parse("localhost:2121")};
    config.tftp.listen = {*ListenPlace::parse(no_host + ":69")};
    config.i2ftp.tls_listen = {*ListenPlace::parse(no_host + ":70")};
    EXPECT_THAT(hosts_without_address(config),
                ElementsAre(HasSubstr("tftp.listen: "), HasSubstr("i2ftp.tls_listen: ")));
    EXPECT_THAT(check_config(config).errors, Contains(HasSubstr("tftp.listen: \"" + no_host)));
    config.tftp.listen.clear();
    config.i2ftp.tls_listen.clear();
    EXPECT_THAT(hosts_without_address(config), IsEmpty());
}

}  // namespace
}  // namespace wherry
