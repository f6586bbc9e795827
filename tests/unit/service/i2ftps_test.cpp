#include "service/i2ftps.h"

#include <gtest/gtest.h>

#include "service/config_check.h"

namespace wherry {
namespace {

i2ftp::LegacyConfig legacy() {
    i2ftp::LegacyConfig legacy = i2ftp::legacy_defaults("/home/alice");
    legacy.port = 4000;
    legacy.log_level = LogLevel::error;
    return legacy;
}

TEST(I2ftps, ServesOneListenerOnIpv4AndNothingElse) {
    const Config config = i2ftps_config(legacy());
    ASSERT_EQ(config.i2ftp.listen.size(), 1U);
    EXPECT_EQ(config.i2ftp.listen.front().text(), "0.0.0.0:4000");
    EXPECT_TRUE(config.ftp.listen.empty());
    EXPECT_TRUE(config.tftp.listen.empty());
    EXPECT_TRUE(config.anonymous.folder.empty());
    EXPECT_TRUE(config_errors(config).empty());
    EXPECT_EQ(config.log.file, "/home/alice/i2ftp/i2ftp.log");
    EXPECT_EQ(config.log.level, LogLevel::error);
    EXPECT_EQ(config.i2ftp.settings.process_control, i2ftp::ProcessControl::loopback);
}

TEST(I2ftps, SecuredAndReadOnlyAreWhatTheFileSays) {
    for (const bool on : {false, true}) {
        auto file = legacy();
        file.tls = file.read_only = on;
        EXPECT_EQ(i2ftps_config(file).i2ftp.settings.secured, on);
        EXPECT_EQ(i2ftps_config(file).i2ftp.settings.read_only, on);
        EXPECT_EQ(i2ftps_permissions(file), on ? perm::read : perm::all);
    }
}

TEST(I2ftps, ThePublicKeyIsRefusedUnlessToldAndWarnedOf) {
    auto file = legacy();
    EXPECT_FALSE(i2ftps_config(file).i2ftp.settings.public_key);
    EXPECT_EQ(i2ftps_warnings(file).size(), 1U);
    file.keychain = SharedKey("&90%]>__AdfI2FTP$F%_+@$^:aBasicKey%_+@-$^:>");
    EXPECT_TRUE(i2ftps_warnings(file).front().contains("everybody has it"));
    file.keychain = SharedKey("short");
    EXPECT_TRUE(i2ftps_warnings(file).front().contains("short"));
}

}  // namespace
}  // namespace wherry
