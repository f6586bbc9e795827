#include "service/config_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "service/config_load.h"
#include "support/temp_folder.h"

namespace wherry {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using testing::TempFolder;

Config harmless() {
    Config config;
    config.anonymous.folder = "/srv/pub";
    return config;
}

TEST(ConfigCheck, HasNothingToSayAboutAReadOnlyShare) {
    EXPECT_THAT(config_errors(harmless()), IsEmpty());
    EXPECT_THAT(config_warnings(harmless()), IsEmpty());
}

TEST(ConfigCheck, WantsSomewhereToListen) {
    Config config = harmless();
    config.ftp.listen.clear();
    EXPECT_THAT(config_errors(config), ElementsAre("ftp.listen: is empty; give at least one address, like \"*:2121\""));
    config.ftp.descriptors.push_back(3);
    EXPECT_THAT(config_errors(config), IsEmpty());
}

TEST(ConfigCheck, WarnsOfAServerForNobody) {
    EXPECT_THAT(config_warnings(Config()), ElementsAre(StartsWith("nobody can log in")));
    EXPECT_THAT(config_warnings(Config(), OtherUsers::some), Not(Contains(StartsWith("nobody"))));
    Config config;
    config.users_inline = true;
    EXPECT_THAT(config_warnings(config), Not(Contains(StartsWith("nobody"))));
}

TEST(ConfigCheck, WarnsIfTheDescriptorsAreFewerThanTheLimitsLetIn) {
    Config config = harmless();
    config.limits.sessions = 100;
    EXPECT_EQ(descriptor_warning(config, 564), "");
    EXPECT_THAT(descriptor_warning(config, 563), HasSubstr("563 open files and sockets and may come to need 564, 5 for "
                                                           "each of limits.sessions = 100:"));
    config.tftp.listen = {net::Address::loopback(69)};
    config.runtime.loops = 2;
    config.tftp.settings.pool_ports = 4;
    config.tftp.settings.limits.max_transfers = 1000;
    EXPECT_EQ(descriptor_warning(config, 1586), "");
    EXPECT_THAT(descriptor_warning(config, 1585),
                HasSubstr("sessions = 100, 1 for each of tftp.limits.max_transfers = 1000:"));
    config.tftp.settings.tid_mode = tftp::TidMode::unique;
    EXPECT_THAT(descriptor_warning(config, 1586), HasSubstr("may come to need 2586"));
    config.ftp.listen.clear();
    EXPECT_EQ(descriptor_warning(config, 2086), "");
}

TEST(ConfigCheck, SaysNothingOfDescriptorsForLimitsThatAreOff) {
    Config config = harmless();
    config.limits.sessions = 0;
    EXPECT_EQ(descriptor_warning(config, 64), "");
}

TEST(ConfigCheck, WarnsOfPasswordsInClearOnlyWhereOthersCanSeeThem) {
    const auto clear = HasSubstr("in clear");
    Config config = harmless();
    EXPECT_THAT(config_warnings(config, OtherUsers::some), Contains(clear));
    config.ftp.listen = {net::Address::loopback(2121)};
    EXPECT_THAT(config_warnings(config, OtherUsers::some), Not(Contains(clear)));
    config.ftp.listen.push_back(net::Address::parse("192.0.2.1:21").value());
    EXPECT_THAT(config_warnings(config, OtherUsers::some), Contains(clear));
    config.ftp.listen.clear();
    config.ftp.descriptors = {3};  // wherever that listens
    EXPECT_THAT(config_warnings(config, OtherUsers::some), Contains(clear));
    EXPECT_THAT(config_warnings(config), Not(Contains(clear)));  // there are no passwords
}

TEST(ConfigCheck, WarnsOfStrangersWhoMayWrite) {
    Config config = harmless();
    config.anonymous.permissions = perm::all;
    EXPECT_THAT(config_warnings(config), ElementsAre(StartsWith("anonymous: anyone may change files")));
    config.anonymous.permissions = perm::none;
    EXPECT_THAT(config_warnings(config), ElementsAre(StartsWith("anonymous.permissions: is empty")));
    config.anonymous = {"/", perm::read};
    EXPECT_THAT(config_warnings(config), ElementsAre(StartsWith("anonymous.folder: is the root")));
}

TEST(ConfigCheck, WarnsOfWhatLetsClientsReachOthers) {
    Config config = harmless();
    config.ftp.settings.foreign_addresses = true;
    EXPECT_THAT(config_warnings(config), ElementsAre(StartsWith("ftp.foreign_addresses:")));
    config = harmless();
    config.ftp.settings.privileged_ports = true;
    EXPECT_THAT(config_warnings(config), ElementsAre(StartsWith("ftp.privileged_ports:")));
}

TEST(ConfigCheck, WarnsOfWhatHasNoEffect) {
    Config config = harmless();
    config.uploads.keep_partial = true;
    EXPECT_THAT(config_warnings(config), ElementsAre(StartsWith("uploads.keep_partial:")));
    config.uploads.atomic = true;
    EXPECT_THAT(config_warnings(config), IsEmpty());
    config.ftp.settings.active = false;
    config.ftp.settings.passive = false;
    EXPECT_THAT(config_warnings(config), ElementsAre(StartsWith("ftp.passive, ftp.active:")));
    config = harmless();
    config.ftp.settings.nat_address = net::Address::parse_ip("203.0.113.7", 0).value();
    EXPECT_THAT(config_warnings(config), ElementsAre(StartsWith("ftp.nat_address:")));
}

// --- with a look at the disk ---------------------------------------------------------------------

TEST(ConfigCheck, OpensFoldersAndUsersFilesAndReportsAllThatIsWrong) {
    const TempFolder folder;
    Config config;
    config.file = "w.toml";
    config.anonymous.folder = folder.path("missing");
    config.users_files = {folder.path("none.toml"), folder.write("bad.toml", "[users.a]\nhome = 3\n[users.b]\n")};
    const ConfigFindings found = check_config(config);
    EXPECT_THAT(found.errors, Contains(::testing::AllOf(StartsWith("anonymous.folder: "), HasSubstr("missing"),
                                                        HasSubstr("make the folder"))));
    EXPECT_THAT(found.errors, Contains(HasSubstr("none.toml")));
    EXPECT_THAT(found.errors, Contains(HasSubstr("bad.toml:2: users.a.home: must be text")));
    EXPECT_THAT(found.errors, Contains(HasSubstr("bad.toml:3: users.b: has no password")));
    for (const std::string& error : found.errors) EXPECT_EQ(error.find('\n'), std::string::npos) << error;
}

TEST(ConfigCheck, PassesOnWarningsOfUsersFiles) {
    const TempFolder folder;
    Config config;
    config.users_files = {folder.write("users.toml", "[users.anonymous]\nanonymous = true\nhome = \"" + folder.path() +
                                                         "\"\npermissions = \"elrw\"\n")};
    const ConfigFindings found = check_config(config);
    EXPECT_THAT(found.errors, IsEmpty());
    EXPECT_THAT(found.warnings, Contains(StartsWith("users.anonymous: anyone may change files")));
}

TEST(ConfigCheck, TakesTheFileOfThePackagesWhereItsFolderIs) {
    const TempFolder folder;
    auto loaded = load_config(WHERRY_SOURCE_DIR "/packaging/wherry.toml");
    ASSERT_TRUE(loaded);
    loaded->config.anonymous.folder = folder.path();  // instead of one that this machine may not have
    const ConfigFindings found = check_config(loaded->config);
    EXPECT_THAT(found.errors, IsEmpty());
    EXPECT_THAT(found.warnings, IsEmpty());
}

TEST(ConfigCheck, OpensTheAnonymousUser) {
    const TempFolder folder;
    Config config;
    EXPECT_EQ(open_anonymous(config).value(), nullptr);
    config.anonymous = {folder.path(), Perm("elrw")};
    const UserPtr user = open_anonymous(config).value();
    ASSERT_NE(user, nullptr);
    EXPECT_TRUE(user->anonymous);
    EXPECT_EQ(user->permissions, Perm("elrw"));
    EXPECT_NE(user->filesystem, nullptr);
}

TEST(ConfigCheck, SummaryNamesPlacesAndUsers) {
    Config config = harmless();
    config.file = "/etc/w.toml";
    EXPECT_EQ(config_summary(config), "ftp on [::]:2121; anonymous: /srv/pub (elr)");
    config.ftp.descriptors = {3};
    config.users_inline = true;
    config.users_files = {"/etc/u.toml"};
    config.anonymous.folder.clear();
    EXPECT_EQ(config_summary(config), "ftp on [::]:2121, descriptor 3; users: /etc/w.toml, /etc/u.toml");
}

TEST(ConfigCheck, SaysNothingOfFtpWhereThereIsTftpAlone) {
    Config config;
    config.ftp.listen.clear();
    config.ftp.settings.tls.control = Protection::required;
    config.tftp.listen = {net::Address::loopback(69)};
    config.tftp.roots = {"/srv/boot"};
    EXPECT_EQ(config_summary(config), "tftp on 127.0.0.1:69: /srv/boot");
    EXPECT_THAT(config_warnings(config), IsEmpty());
    EXPECT_FALSE(wants_tls(config));
    EXPECT_FALSE(needs_tls(config));
    config.i2ftp.tls_listen = {net::Address::loopback(7070)};
    EXPECT_EQ(config_summary(config), "tftp on 127.0.0.1:69: /srv/boot; i2ftp on 127.0.0.1:7070 (TLS)");
    EXPECT_TRUE(wants_tls(config));
    EXPECT_TRUE(needs_tls(config));
}

TEST(ConfigCheck, WarnsOfRegularExpressionsThatMayTakeExponentialTime) {
    Config config;
    config.ftp.listen.clear();
    config.tftp.listen = {net::Address::loopback(69)};
    config.tftp.roots = {"/srv/boot"};
    config.tftp.settings.map.engine = tftp::RegexEngine::posix;
    EXPECT_THAT(config_warnings(config), ElementsAre(HasSubstr("exponential time")));
}

TEST(ConfigCheck, WarnsOfPamWithoutItsRules) {
    const TempFolder folder;
    Config config = harmless();
    config.system_check = SystemCheck::pam;
    EXPECT_THAT(config_warnings(config), Contains(StartsWith("login.system_check: has no effect")));
    config.system_users = true;
    config.pam.folder = folder.path();
    EXPECT_THAT(config_warnings(config), Contains(HasSubstr("there is no " + folder.path("wherry"))));
    folder.write("wherry", "auth required pam_deny.so\n");
    EXPECT_THAT(config_warnings(config), Not(Contains(HasSubstr("there is no"))));
    config.pam.folder.clear();
    config.pam.service = "no-such-service-here";
    EXPECT_THAT(config_warnings(config), Contains(HasSubstr("there is no /etc/pam.d/no-such-service-here")));
}

}  // namespace
}  // namespace wherry
