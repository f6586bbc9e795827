#include "service/tftp_trees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <vector>

#include "auth/password.h"
#include "support/temp_folder.h"
#include "testing/files.h"

namespace {

std::atomic<int> synced{0};

}  // namespace

// In place of the one of the C library: whether a file was brought to the disk shows nowhere else.
extern "C" int fsync(int descriptor) {
    ++synced;
    return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

namespace wherry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TempFolder;
using testing::operator""_p;

class TftpTrees : public ::testing::Test {
protected:
    void SetUp() override {
        config.tftp.listen = {net::Address::loopback(69)};
        config.tftp.settings.write.mode = tftp::WriteMode::create;
    }
    TempFolder folder;
    std::string missing = folder.path() + "/missing";
    Config config;
    std::vector<std::string> warnings;
};

TEST_F(TftpTrees, ARootThatIsNotThereIsAMistake) {
    config.tftp.roots = {folder.path(), missing};
    const auto policy = open_tftp_policy(config, {}, warnings);
    ASSERT_FALSE(policy);
    EXPECT_THAT(policy.error().message, HasSubstr("tftp.roots: "));
}

TEST_F(TftpTrees, ARootThatNeedNotBeThereServesNothing) {
    config.tftp.require_roots = false;
    config.tftp.roots = {missing, folder.path()};
    config.tftp.settings.rules.emplace_back().root = missing;
    const auto policy = open_tftp_policy(config, {}, warnings);
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("tftp.roots: "), HasSubstr("tftp.rule.root: ")));
    ASSERT_EQ(policy->trees.size(), 2U);
    Filesystem& none = *policy->trees[0].user->filesystem;
    EXPECT_EQ(testing::code_of(none.stat("/file"_p)), Code::not_found);
    EXPECT_EQ(testing::code_of(testing::put(none, "/up"_p, "content")), Code::read_only);
    // A rule whose root was passed over would serve what is for everybody.
    ASSERT_EQ(policy->rule_trees.size(), 1U);
    EXPECT_TRUE(policy->rule_trees[0].user);
}

TEST_F(TftpTrees, WhatIsNoFolderStaysAMistake) {
    config.tftp.require_roots = false;
    config.tftp.roots = {folder.write("file", "content")};
    EXPECT_FALSE(open_tftp_policy(config, {}, warnings));
    EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(TftpTrees, AUserOfTheUsersFilesMayHaveThem) {
    const std::string password = hash_password(Password("x"), PasswordCost::minimal()).value();
    config.users_files = {folder.write("users.toml", "[users.boot]\nhome = \"" + folder.path() + "\"\npassword = \"" +
                                                         password +
                                                         "\"\npermissions = \"elr\"\nlimits = { storage = \"1M\" }\n")};
    const auto users = UserSources::load(config);
    ASSERT_TRUE(users) << users.error().message;
    EXPECT_EQ(tftp_owner(config, *users, nullptr).value().user, nullptr);
    config.tftp.user = "boot";
    const auto owner = tftp_owner(config, *users, nullptr);
    ASSERT_TRUE(owner) << owner.error().message;
    const auto own = open_tftp_policy(config, *owner, warnings);
    ASSERT_TRUE(own) << own.error().message;
    EXPECT_EQ(own->trees.at(0).user, owner->user);
    // Other folders, with his rights and his quota all the same.
    config.tftp.roots = {folder.path()};
    const auto others = open_tftp_policy(config, *owner, warnings);
    ASSERT_TRUE(others) << others.error().message;
    const User& user = *others->trees.at(0).user;
    EXPECT_EQ(user.name, "boot");
    EXPECT_EQ(user.permissions.text(), "elr");
    EXPECT_EQ(user.limits.storage, 1U << 20U);
    config.tftp.user = "nobody";
    const auto none = tftp_owner(config, *users, nullptr);
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().message, HasSubstr("tftp.user: there is no user \"nobody\""));
}

TEST_F(TftpTrees, OfAnAccountOfTheMachineEverythingIsDoneAsIt) {
    const auto owner = std::make_shared<const User>(User{.name = "boot"});
    config.tftp.user = "boot";
    config.tftp.roots = {folder.path()};
    const auto as_server = open_tftp_policy(config, {owner}, warnings);
    ASSERT_TRUE(as_server) << as_server.error().message;
    EXPECT_TRUE(as_server->trees.at(0).user->filesystem->can_answer_at_once());
    const auto as_account = open_tftp_policy(config, {owner, SystemIdentity{geteuid(), getegid(), {}}}, warnings);
    ASSERT_TRUE(as_account) << as_account.error().message;
    EXPECT_EQ(as_account->trees.at(0).user->name, "boot");
    EXPECT_FALSE(as_account->trees.at(0).user->filesystem->can_answer_at_once());
}

TEST_F(TftpTrees, FoldersAreMadeByWhoMayUploadIntoThem) {
    config.tftp.roots = {folder.path()};
    const auto without = open_tftp_policy(config, {}, warnings);
    EXPECT_FALSE(without->trees[0].user->permissions_for("/"_p).has('m'));
    config.tftp.settings.write.make_folders = true;
    const auto with = open_tftp_policy(config, {}, warnings);
    EXPECT_TRUE(with->trees[0].user->permissions_for("/"_p).has('m'));
}

TEST_F(TftpTrees, WhatIsOffAsksForNoFolderAndNoUser) {
    config.tftp.roots = {missing};
    config.tftp.user = "nobody";
    config.tftp.enabled = false;
    const auto users = UserSources::load(config);
    ASSERT_TRUE(users) << users.error().message;
    EXPECT_TRUE(tftp_owner(config, *users, nullptr));
    const auto policy = open_tftp_policy(config, {}, warnings);
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_THAT(policy->trees, IsEmpty());
    EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(TftpTrees, UploadsAreOnTheDiskIfTheConfigurationSaysSo) {
    config.tftp.roots = {folder.path()};
    config.tftp.settings.rules.emplace_back().root = folder.path();
    const auto uploaded = [&](const tftp::Tree& tree) {
        const int before = synced;
        EXPECT_TRUE(testing::put(*tree.user->filesystem, "/up"_p, "content"));
        return synced - before;
    };
    const auto without = open_tftp_policy(config, {}, warnings);
    ASSERT_TRUE(without) << without.error().message;
    EXPECT_EQ(uploaded(without->trees[0]), 0);
    config.tftp.fsync = true;
    const auto with = open_tftp_policy(config, {}, warnings);
    ASSERT_TRUE(with) << with.error().message;
    EXPECT_GE(uploaded(with->trees[0]), 1);
    EXPECT_GE(uploaded(with->rule_trees.at(0)), 1);
}

TEST_F(TftpTrees, ALeaseFileThatIsNotThereYetIsNoMistake) {
    config.tftp.roots = {folder.path()};
    EXPECT_FALSE(open_tftp_policy(config, {}, warnings)->other_macs);
    config.tftp.lease_file = folder.path("leases");
    const auto policy = open_tftp_policy(config, {}, warnings);
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("tftp.names.lease_file: reading the leases of dnsmasq from")));
    folder.write("leases", "0 00:1b:21:0a:0b:0c 10.0.0.5 pc5 *\n");
    const auto mac = policy->other_macs(net::Address::parse_ip("10.0.0.5", 2070).value(), 1);
    ASSERT_TRUE(mac && *mac);
    EXPECT_EQ((*mac)->text(), "00-1b-21-0a-0b-0c");
}

TEST_F(TftpTrees, AMapIsReadAsTheSettingsSay) {
    config.tftp.roots = {folder.path()};
    config.tftp.map_file = folder.write("map", "r (.)\\1 \\m\n");
    EXPECT_FALSE(open_tftp_policy(config, {}, warnings));
    config.tftp.settings.map = {.macros = tftp::Macros::extended, .engine = tftp::RegexEngine::posix};
    const auto policy = open_tftp_policy(config, {}, warnings);
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_TRUE(policy->map->uses('m'));
}

}  // namespace
}  // namespace wherry
