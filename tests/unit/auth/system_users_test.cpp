#include "auth/system_users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_folder.h"

namespace wherry {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;

// Accounts as the test wants them, of which ours may be acted as by anybody.
struct SystemUsersTest : ::testing::Test {
    SystemUsersTest() {
        std::vector<gid_t> groups(64);
        const int count = getgroups(64, groups.data());
        account = {.name = "alice",
                   .identity = {geteuid(), getegid(), {groups.begin(), groups.begin() + count}},
                   .home = home.path(),
                   .shell = "/bin/sh",
                   .hash = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"};
        home.write("file", "x");
        options.cost = PasswordCost::minimal();
        options.lowest_uid = 0;
        options.lookup = [this](const std::string& name) -> Result<SystemAccount> {
            if (broken) return fail(Code::denied, "cannot be read");
            if (name != account.name) return fail(Code::not_found, "no such account");
            return account;
        };
        options.shell_is_valid = [](const std::string& shell) { return shell == "/bin/sh"; };
        options.verifier = [this](std::string_view hash, const Password& password) {
            ++computed;
            return verify_password(hash, password, PasswordCost::minimal());
        };
    }
    Error refusal(const std::string& name = "alice", const std::string& password = "correct horse") {
        SystemUsers users(options);
        computed = 0;
        const auto user = users.authenticate({.name = name, .password = Password(password)});
        EXPECT_FALSE(user);
        return user ? Error() : user.error();
    }
    TempFolder home;
    SystemAccount account;
    SystemUsersOptions options;
    bool broken = false;
    int computed = 0;
};

TEST_F(SystemUsersTest, root_is_never_let_in) {
    account.identity.uid = 0;
    EXPECT_THAT(refusal().message, HasSubstr("not let in"));
}

TEST_F(SystemUsersTest, come_in_with_the_password_of_the_machine) {
    // Root is refused by its number: who runs this test as root acts as another one, which root may.
    if (account.identity.uid == 0) account.identity = {54321, 54321, {}};
    ASSERT_EQ(::chmod(home.path().c_str(), 0755), 0);
    SystemUsers users(options);
    const auto user = users.authenticate({.name = "alice", .password = Password("correct horse")});
    ASSERT_TRUE(user) << user.error().message;
    EXPECT_EQ((*user)->name, "alice");
    EXPECT_EQ((*user)->permissions, perm::all);
    EXPECT_TRUE((*user)->start.is_root());
    EXPECT_TRUE((*user)->filesystem->stat(*Path::resolve("/file")));
    EXPECT_FALSE((*user)->filesystem->can_answer_at_once());
}

TEST_F(SystemUsersTest, without_a_jail_see_the_machine_and_begin_at_home) {
    if (account.identity.uid == 0) account.identity = {54321, 54321, {}};
    ASSERT_EQ(::chmod(home.path().c_str(), 0755), 0);
    options.jail = false;
    SystemUsers users(options);
    const auto user = users.authenticate({.name = "alice", .password = Password("correct horse")});
    ASSERT_TRUE(user) << user.error().message;
    EXPECT_EQ((*user)->start.string(), home.path());
    EXPECT_TRUE((*user)->filesystem->stat(*Path::resolve(home.path("file"))));
}

TEST_F(SystemUsersTest, refusals_and_their_reasons) {
    account.identity.uid = 54321;
    EXPECT_EQ(refusal("bob").code, Code::not_mine);
    EXPECT_THAT(refusal("alice", "wrong").message, HasSubstr("wrong password"));
    options.rejected = {"alice"};
    EXPECT_THAT(refusal().message, HasSubstr("not let in"));
    options.rejected.clear();
    options.allowed = {"bob"};
    EXPECT_THAT(refusal().message, HasSubstr("not among those"));
    options.allowed.clear();
    options.lowest_uid = 60000;
    EXPECT_THAT(refusal().message, HasSubstr("lowest_uid"));
    options.lowest_uid = 0;
    account.shell = "/usr/sbin/nologin";
    EXPECT_THAT(refusal().message, HasSubstr("shell"));
    account.shell = "/bin/sh";
    account.expired = true;
    EXPECT_THAT(refusal().message, HasSubstr("expired"));
    account.expired = false;
    for (const char* locked : {"", "*", "!", "!!", "x", "*LK*"}) {
        account.hash = locked;
        EXPECT_EQ(refusal().code, Code::denied) << locked;
        EXPECT_EQ(refusal("alice", "").code, Code::denied) << locked;
    }
}

TEST_F(SystemUsersTest, come_in_by_a_certificate_unless_locked_or_kept_out) {
    if (account.identity.uid == 0) account.identity = {54321, 54321, {}};
    ASSERT_EQ(::chmod(home.path().c_str(), 0755), 0);
    account.hash = "*";  // no password at all
    const auto attempt = [&] { return SystemUsers(options).authenticate({.name = "alice", .by_certificate = true}); };
    const auto user = attempt();
    ASSERT_TRUE(user) << user.error().message;
    EXPECT_EQ((*user)->name, "alice");
    account.hash = "!$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
    EXPECT_THAT(attempt().error().message, HasSubstr("locked"));
    account.hash = "*";
    account.expired = true;
    EXPECT_THAT(attempt().error().message, HasSubstr("expired"));
    account.expired = false;
    account.shell = "/usr/sbin/nologin";
    EXPECT_THAT(attempt().error().message, HasSubstr("shell"));
}

TEST_F(SystemUsersTest, named_by_an_operator_need_no_login_and_stay_at_home) {
    if (account.identity.uid == 0) account.identity = {54321, 54321, {}};
    ASSERT_EQ(::chmod(home.path().c_str(), 0755), 0);
    account.hash = "!";
    account.shell = "/usr/sbin/nologin";
    account.expired = true;
    options.lowest_uid = 0xFFFF'FFFE;
    options.jail = false;
    const auto named = named_account(account, options);
    ASSERT_TRUE(named) << named.error().message;
    EXPECT_EQ(named->account, account.identity);
    EXPECT_TRUE(named->user->start.is_root());
    EXPECT_TRUE(named->user->filesystem->stat(*Path::resolve("/file")));
    EXPECT_FALSE(named->user->filesystem->stat(*Path::resolve(home.path("file"))));
    account.identity.uid = 0;
    EXPECT_EQ(named_account(account, options).error().code, Code::denied);
}

// CVE-2004-1602: whatever the reason, the same work is done.
TEST_F(SystemUsersTest, every_refusal_computes_one_hash) {
    account.identity.uid = 54321;
    refusal("alice", "wrong");
    EXPECT_EQ(computed, 1);
    account.hash = "!";
    refusal();
    EXPECT_EQ(computed, 1);
    broken = true;
    EXPECT_EQ(refusal().code, Code::denied);
    EXPECT_EQ(computed, 1);
}

}  // namespace
}  // namespace wherry
