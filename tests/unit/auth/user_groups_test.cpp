#include "auth/user_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/auth/user_file_fixture.h"

namespace wherry {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class UserGroups : public testing::UserFile {
protected:
    // Two members of a group; `group` and `bob` are further lines of theirs.
    UserSet set_of(const std::string& group, const std::string& bob) {
        auto set = parse("[groups.staff]\nhome = \"@/{user}\"\n" + group +
                         "\n[users.alice]\ngroup = \"staff\"\npassword = \"HASH\"\n"
                         "[users.bob]\ngroup = \"staff\"\npassword = \"HASH\"\nhome = \"@/drop\"\n" +
                         bob);
        EXPECT_TRUE(set) << set.error().message;
        return set ? std::move(*set) : UserSet();
    }
};

TEST_F(UserGroups, UsersGetWhatTheySayNothingAbout) {
    const auto set = set_of("permissions = \"elrw\"\nlogin_message = \"Hello.\"\n", "permissions = \"el\"\n");
    const User& alice = *set.users.at("alice").user;
    const User& bob = *set.users.at("bob").user;
    EXPECT_EQ(alice.group, "staff");
    EXPECT_EQ(alice.permissions, Perm("elrw"));
    EXPECT_EQ(alice.login_message, "Hello.");
    EXPECT_TRUE(alice.filesystem->stat(*Path::resolve("/inbox"))) << "the home has the user's name in it";
    EXPECT_EQ(bob.permissions, Perm("el")) << "the user's own word wins";
    EXPECT_EQ(bob.login_message, "Hello.");
    EXPECT_FALSE(bob.filesystem->stat(*Path::resolve("/inbox")));
}

// What must be under TLS is a matter of the group, too.
TEST_F(UserGroups, RulesOfTlsAreInherited) {
    const auto set =
        set_of("tls_required = true\ntls_reuse_required = true\n", "tls_required = false\ntls_login_required = true\n");
    const User& alice = *set.users.at("alice").user;
    const User& bob = *set.users.at("bob").user;
    EXPECT_TRUE(alice.tls_required && alice.tls_reuse_required && !alice.tls_login_required);
    EXPECT_TRUE(!bob.tls_required && bob.tls_reuse_required && bob.tls_login_required);
}

TEST_F(UserGroups, LimitsAreInheritedOneByOne) {
    const auto set = set_of("limits = { sessions = 4, upload_rate = \"2M\", storage = \"1G\", idle_timeout = 600 }\n",
                            "limits = { sessions = 9, upload_rate = \"unlimited\", idle_timeout = \"unlimited\" }\n");
    const UserLimits& alice = set.users.at("alice").user->limits;
    const UserLimits& bob = set.users.at("bob").user->limits;
    EXPECT_EQ(alice.sessions, 4U);
    EXPECT_EQ(alice.upload_rate, 2U << 20U);
    EXPECT_EQ(bob.sessions, 9U);
    EXPECT_EQ(bob.upload_rate, UserLimits::any_rate);
    EXPECT_EQ(bob.idle_timeout, UserLimits::any_time);
    EXPECT_EQ(bob.storage, 1U << 30U) << "not named, so that of the group";
}

TEST_F(UserGroups, EveryLimit) {
    const auto set = set_of(
        "limits = { transfers = 1, session_upload_rate = 2, session_download_rate = 3, transfer_upload_rate = 4, "
        "transfer_download_rate = 5, burst = 6, commands_per_second = 7, stall_timeout = 8, files = 9 }\n"
        "shared = { sessions = 10, transfers = 11, upload_rate = 12, download_rate = 13 }\n",
        "limits = { storage = \"unlimited\", files = \"unlimited\" }\n");
    const User& alice = *set.users.at("alice").user;
    EXPECT_EQ(alice.limits.transfers, 1U);
    EXPECT_EQ(alice.limits.session_upload_rate, 2U);
    EXPECT_EQ(alice.limits.session_download_rate, 3U);
    EXPECT_EQ(alice.limits.transfer_upload_rate, 4U);
    EXPECT_EQ(alice.limits.transfer_download_rate, 5U);
    EXPECT_EQ(alice.limits.burst, std::chrono::milliseconds(6));
    EXPECT_EQ(alice.limits.commands_per_second, 7U);
    EXPECT_EQ(alice.limits.stall_timeout, std::chrono::seconds(8));
    EXPECT_EQ(alice.limits.files, 9U);
    EXPECT_EQ(alice.group_limits.sessions, 10U);
    EXPECT_EQ(alice.group_limits.transfers, 11U);
    EXPECT_EQ(alice.group_limits.upload_rate, 12U);
    EXPECT_EQ(alice.group_limits.download_rate, 13U);
    EXPECT_EQ(set.users.at("bob").user->limits.files, 0U);
}

TEST_F(UserGroups, RulesOfTheUserComeAfterThoseOfTheGroup) {
    const auto set =
        set_of("rules = [ { directory = \"/a\", letters = \"el\" }, { directory = \"/b\", letters = \"e\" } ]",
               "rules = [ { directory = \"/a\", letters = \"elr\" } ]");
    const User& bob = *set.users.at("bob").user;
    EXPECT_EQ(bob.permissions_for(*Path::resolve("/a")), Perm("elr"));
    EXPECT_EQ(bob.permissions_for(*Path::resolve("/b")), Perm("e"));
    EXPECT_EQ(set.users.at("alice").user->permissions_for(*Path::resolve("/a")), Perm("el"));
}

TEST_F(UserGroups, AMountOfTheUserReplacesThatOfTheGroup) {
    const auto set = set_of("mounts = [ { at = \"/m\", folder = \"@/pub\" }, { at = \"/n\", folder = \"@/pub\" } ]",
                            "mounts = [ { at = \"/m\", folder = \"@/alice\" } ]");
    EXPECT_TRUE(set.users.at("bob").user->filesystem->stat(*Path::resolve("/m/inbox")));
    EXPECT_TRUE(set.users.at("bob").user->filesystem->stat(*Path::resolve("/n")));
    EXPECT_FALSE(set.users.at("alice").user->filesystem->stat(*Path::resolve("/m/inbox")));
}

TEST_F(UserGroups, UploadsAndNames) {
    const auto set = set_of(
        "uploads = { atomic = true, keep_partial = true, drop_broken = true, overwrite = false, free_space_floor = "
        "\"1G\", file_mode = \"640\", directory_mode = \"750\" }\nhide = [\"*.tmp\"]\ndeny = \"*.exe\"\n",
        "uploads = { overwrite = true }\ndot_files = \"deny\"\nforeign_addresses = true\n");
    const User& alice = *set.users.at("alice").user;
    const User& bob = *set.users.at("bob").user;
    EXPECT_EQ(alice.uploads.atomic, true);
    EXPECT_EQ(alice.uploads.keep_partial, true);
    EXPECT_EQ(alice.uploads.drop_broken, true);
    EXPECT_EQ(alice.uploads.overwrite, false);
    EXPECT_EQ(alice.uploads.free_space_floor, 1U << 30U);
    EXPECT_EQ(alice.uploads.file_mode, 0640U);
    EXPECT_EQ(alice.uploads.directory_mode, 0750U);
    EXPECT_EQ(bob.uploads.atomic, true);
    EXPECT_EQ(bob.uploads.overwrite, true);
    ASSERT_TRUE(bob.names);
    EXPECT_THAT(bob.names->hide, ElementsAre("*.tmp"));
    EXPECT_THAT(bob.names->deny, ElementsAre("*.exe"));
    EXPECT_EQ(bob.names->dot_files, DotFiles::deny);
    EXPECT_TRUE(bob.foreign_addresses);
    EXPECT_FALSE(alice.foreign_addresses);
}

TEST_F(UserGroups, MistakesOfAGroupAreReportedOnce) {
    const std::string text = complaint(
        "[groups.staff]\nhome = \"@/alice\"\npermissions = 7\npassword = \"x\"\nhide = [\"a/b\"]\n"
        "[users.alice]\ngroup = \"staff\"\npassword = \"HASH\"\n"
        "[users.bob]\ngroup = \"staff\"\npassword = \"HASH\"\n");
    EXPECT_THAT(text, HasSubstr("users.toml:3: groups.staff.permissions"));
    EXPECT_THAT(text, HasSubstr("users.toml:4: groups.staff.password: unknown key"));
    EXPECT_THAT(text, HasSubstr("users.toml:5: groups.staff.hide: must hold patterns"));
    EXPECT_THAT(text, Not(HasSubstr("users.alice.permissions")));
    EXPECT_EQ(std::ranges::count(text, '\n'), 2) << text;
}

TEST_F(UserGroups, AGroupThatIsNotThere) {
    const std::string text = complaint(
        "[groups.staff]\nhome = \"@/alice\"\n[users.alice]\ngroup = \"stuff\"\nhome = \"@/alice\"\npassword = "
        "\"HASH\"\n");
    EXPECT_THAT(text, HasSubstr("users.alice.group: there is no such group; did you mean \"staff\"?"));
}

// {user} must not become a way out of the folder that the operator meant.
TEST_F(UserGroups, ANameThatIsNoFolderIsNotPutIntoAPath) {
    for (const char* name : {"..", ".", "a/b", "../alice"}) {
        const std::string text = complaint("[groups.staff]\nhome = \"@/{user}\"\n[users.\"" + std::string(name) +
                                           "\"]\ngroup = \"staff\"\npassword = \"HASH\"\n");
        EXPECT_THAT(text, HasSubstr("{user} cannot be replaced")) << name;
    }
}

TEST_F(UserGroups, WithoutAHomeAnywhere) {
    EXPECT_THAT(complaint("[groups.staff]\n[users.alice]\ngroup = \"staff\"\npassword = \"HASH\"\n"),
                HasSubstr("has no \"home\""));
}

}  // namespace
}  // namespace wherry
