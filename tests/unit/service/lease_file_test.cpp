#include "service/lease_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <string>

#include "support/temp_folder.h"

namespace wherry {
namespace {

constexpr std::int64_t now = 1'767'326'645;

class LeaseFileTest : public ::testing::Test {
protected:
    // As if it had been written at `time`.
    void write(std::string_view mac, std::int64_t time, std::int64_t nanoseconds = 0) {
        const std::string path = folder.write("leases", "0 " + std::string(mac) + " 10.0.0.5 pc5 *\n");
        const std::array<timespec, 2> times{timespec{time, nanoseconds}, timespec{time, nanoseconds}};
        ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
    }
    std::string mac_of(std::int64_t at) {
        const auto mac = leases.mac_of(net::Address::parse_ip("10.0.0.5", 0).value(), at);
        if (!mac) return mac.error().message;
        return *mac ? (*mac)->text() : "-";
    }
    testing::TempFolder folder;
    LeaseFile leases{folder.path("leases")};
};

TEST_F(LeaseFileTest, IsReadAgainOnlyWhenItHasChanged) {
    write("00:1b:21:0a:0b:0c", now - 60);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(mac_of(now + i), "00-1b-21-0a-0b-0c");
    EXPECT_EQ(leases.times_read(), 1U);
    write("00:1b:21:0a:0b:0d", now, 1);
    EXPECT_EQ(mac_of(now + 10), "00-1b-21-0a-0b-0d");
    write("00:1b:21:0a:0b:0e", now, 2);
    EXPECT_EQ(mac_of(now + 10), "00-1b-21-0a-0b-0e");
    EXPECT_EQ(mac_of(now + 10), "00-1b-21-0a-0b-0e");
    EXPECT_EQ(leases.times_read(), 3U);
}

// dnsmasq writes it anew in place; the second time may fall into the same tick of the filesystem's clock.
TEST_F(LeaseFileTest, IsReadAgainWhileItMayChangeWithoutASignOfIt) {
    write("00:1b:21:0a:0b:0c", now);
    EXPECT_EQ(mac_of(now), "00-1b-21-0a-0b-0c");
    write("00:1b:21:0a:0b:0d", now);
    EXPECT_EQ(mac_of(now + 1), "00-1b-21-0a-0b-0d");
    EXPECT_EQ(mac_of(now + 2), "00-1b-21-0a-0b-0d");
    EXPECT_EQ(mac_of(now + 3), "00-1b-21-0a-0b-0d");
    EXPECT_EQ(leases.times_read(), 3U);
}

TEST_F(LeaseFileTest, ThatCannotBeReadIsToldOfOnce) {
    EXPECT_NE(mac_of(now).find(folder.path("leases")), std::string::npos);
    EXPECT_EQ(mac_of(now), "-");
    write("00:1b:21:0a:0b:0c", now - 60);
    EXPECT_EQ(mac_of(now), "00-1b-21-0a-0b-0c");
    ASSERT_EQ(std::remove(folder.path("leases").c_str()), 0);
    EXPECT_NE(mac_of(now).find("reading the leases of dnsmasq"), std::string::npos);
    EXPECT_EQ(mac_of(now), "-");
}

TEST_F(LeaseFileTest, MustBeAFile) {
    ASSERT_EQ(mkdir(folder.path("leases").c_str(), 0755), 0);
    EXPECT_NE(mac_of(now).find("not a regular file"), std::string::npos);
}

TEST_F(LeaseFileTest, HasABound) {
    folder.write("leases", std::string(LeaseFile::most_bytes + 1, '\n'));
    EXPECT_NE(mac_of(now).find("larger than"), std::string::npos);
}

}  // namespace
}  // namespace wherry
