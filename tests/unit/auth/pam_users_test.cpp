#include "auth/pam_users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "auth/chain.h"
#include "auth/pam_check.h"
#include "support/temp_folder.h"

namespace wherry {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using testing::TempFolder;

// The machine's PAM with its own modules and rules of the test, and accounts as the test wants them, of which ours may
// be acted as by anybody.
struct PamUsersTest : ::testing::Test {
    PamUsersTest() {
        std::vector<gid_t> groups(64);
        const int count = getgroups(64, groups.data());
        account = {.name = "alice",
                   .identity = {geteuid(), getegid(), {groups.begin(), groups.begin() + count}},
                   .home = home.path(),
                   .shell = "/bin/sh"};
        // Root is refused by its number: who runs this test as root acts as another one, which root may.
        if (account.identity.uid == 0) account.identity = {54321, 54321, {}};
        home.write("file", "x");
        EXPECT_EQ(::chmod(home.path().c_str(), 0755), 0);
        options.lowest_uid = 1;
        options.pam.folder = rules.path();
        options.lookup = [this](const std::string& name) -> Result<SystemAccount> {
            if (name != account.name) return fail(Code::not_found, "no such account");
            return account;
        };
        options.shell_is_valid = [](const std::string& shell) { return shell == "/bin/sh"; };
        serve(asking + "account required pam_permit.so\n");
    }
    void serve(const std::string& text) { rules.write("wherry", text); }
    // A module that runs a script: it gets the password on its standard input, and the rest in its environment. What it
    // was called with is in `seen`.
    std::string script(const std::string& condition) {
        const std::string file = rules.write("ask.sh",
                                             "#!/bin/sh\npassword=$(tr -d '\\0')\n"
                                             "echo \"$PAM_SERVICE $PAM_USER $PAM_RHOST $PAM_TTY $password\" >>" +
                                                 rules.path("seen") + "\n" + condition + "\n");
        EXPECT_EQ(::chmod(file.c_str(), 0755), 0);
        return "auth required pam_exec.so quiet expose_authtok " + file + "\n";
    }
    std::string seen() const {
        std::ifstream file(rules.path("seen"));
        return {std::istreambuf_iterator<char>(file), {}};
    }
    Result<UserPtr> attempt(const std::string& name = "alice", const std::string& password = "s3cret") {
        PamUsers users(options);
        return users.authenticate({.name = name, .password = Password(password), .peer = "192.0.2.1"});
    }
    Error refusal(const std::string& name = "alice", const std::string& password = "s3cret") {
        const auto user = attempt(name, password);
        EXPECT_FALSE(user);
        return user ? Error() : user.error();
    }
    TempFolder home;
    TempFolder rules;
    SystemAccount account;
    PamUsersOptions options;
    const std::string asking = script("[ \"$PAM_USER:$password\" = alice:s3cret ]");
};

TEST_F(PamUsersTest, come_in_if_pam_says_so) {
    const auto user = attempt();
    ASSERT_TRUE(user) << user.error().message;
    EXPECT_EQ((*user)->name, "alice");
    EXPECT_EQ((*user)->permissions, perm::all);
    EXPECT_TRUE((*user)->filesystem->stat(*Path::resolve("/file")));
    EXPECT_FALSE((*user)->filesystem->can_answer_at_once());
}

TEST_F(PamUsersTest, modules_hear_of_the_service_the_client_and_the_password) {
    ASSERT_TRUE(attempt());
    EXPECT_EQ(seen(), "wherry alice 192.0.2.1 ftp s3cret\n");
}

TEST_F(PamUsersTest, the_service_has_the_name_that_is_set) {
    options.pam.service = "transfers";
    rules.write("transfers", asking + "account required pam_permit.so\n");
    serve("auth required pam_deny.so\naccount required pam_deny.so\n");
    ASSERT_TRUE(attempt());
    EXPECT_THAT(seen(), HasSubstr("transfers alice"));
}

TEST_F(PamUsersTest, wrong_passwords_are_denied) {
    EXPECT_EQ(refusal("alice", "wrong").code, Code::denied);
    EXPECT_EQ(refusal("alice", "s3cre").code, Code::denied);
    EXPECT_EQ(refusal("alice", "s3cret ").code, Code::denied);
}

TEST_F(PamUsersTest, accounts_that_may_not_come_are_denied_with_the_reason) {
    const auto says = [&](const std::string& word) {
        serve(asking + "account required pam_debug.so acct=" + word + "\n");
        const Error error = refusal();
        EXPECT_EQ(error.code, Code::denied) << word << ": " << error.message;
        return error.message;
    };
    EXPECT_THAT(says("acct_expired"), HasSubstr("of the account: "));
    EXPECT_THAT(says("new_authtok_reqd"), HasSubstr("of the account: "));
    EXPECT_THAT(says("perm_denied"), HasSubstr("of the account: "));
    EXPECT_THAT(says("user_unknown"), HasSubstr("of the account: "));
    serve(asking + "account required pam_debug.so acct=success\n");
    EXPECT_TRUE(attempt());
}

// Nobody is banned for a directory server that is down.
TEST_F(PamUsersTest, what_pam_cannot_find_out_is_no_wrong_password) {
    for (const auto& word : {"authinfo_unavail"s, "service_err"s, "abort"s, "buf_err"s}) {
        serve("auth required pam_debug.so auth=" + word + "\naccount required pam_permit.so\n");
        EXPECT_EQ(refusal().code, Code::io) << word;
    }
    serve("auth required /no/such/module.so\naccount required pam_permit.so\n");
    EXPECT_EQ(refusal().code, Code::io);
    options.pam.folder = rules.path("nowhere");
    EXPECT_EQ(refusal().code, Code::io);
}

TEST_F(PamUsersTest, delays_of_modules_are_left_out) {
    serve("auth optional pam_faildelay.so delay=600000000\n" + asking + "account required pam_permit.so\n");
    EXPECT_EQ(refusal("alice", "wrong").code, Code::denied);
}

TEST_F(PamUsersTest, passwords_that_pam_cannot_be_given_are_wrong) {
    serve("auth required pam_permit.so\naccount required pam_permit.so\n");
    EXPECT_TRUE(attempt("alice", std::string(511, 'p')));
    for (const auto& password : {""s, "s3cret\0"s, "\0"s, std::string(512, 'p'), std::string(1U << 20U, 'p')}) {
        EXPECT_EQ(refusal("alice", password).code, Code::denied);
    }
}

TEST_F(PamUsersTest, a_certificate_is_in_place_of_the_password_and_of_nothing_else) {
    const auto attempt = [&] {
        return PamUsers(options).authenticate({.name = "alice", .peer = "192.0.2.1", .by_certificate = true});
    };
    const auto user = attempt();
    ASSERT_TRUE(user) << user.error().message;
    serve(asking + "account required pam_debug.so acct=acct_expired\n");
    EXPECT_THAT(attempt().error().message, HasSubstr("of the account: "));
    options.rejected = {"alice"};
    EXPECT_THAT(attempt().error().message, HasSubstr("not let in"));
    EXPECT_EQ(seen(), "") << "nobody was asked for a password";
}

// PAM may count failures: those of accounts that are not let in are not told as theirs.
TEST_F(PamUsersTest, rules_are_asked_before_pam) {
    options.rejected = {"alice"};
    EXPECT_THAT(refusal().message, HasSubstr("not let in"));
    options.rejected.clear();
    options.allowed = {"bob"};
    EXPECT_THAT(refusal().message, HasSubstr("not among those"));
    options.allowed.clear();
    options.lowest_uid = 0xFFFF'FFFE;
    EXPECT_THAT(refusal().message, HasSubstr("lowest_uid"));
    options.lowest_uid = 1;
    account.shell = "/usr/sbin/nologin";
    EXPECT_THAT(refusal().message, HasSubstr("shell"));
    account.shell = "/bin/sh";
    account.identity.uid = 0;
    EXPECT_THAT(refusal().message, HasSubstr("not let in"));
    EXPECT_THAT(seen(), ::testing::Not(HasSubstr("alice")));
    EXPECT_THAT(seen(), ::testing::Not(HasSubstr("s3cret")));
    EXPECT_THAT(seen(), HasSubstr("wherry - 192.0.2.1 ftp")) << "and yet the same work is done";
}

TEST_F(PamUsersTest, a_stranger_costs_a_question_to_pam) {
    const auto users = std::make_shared<PamUsers>(options);
    const Chain chain({users});
    const auto answer = chain.authenticate({.name = "bob", .password = Password("s3cret"), .peer = "192.0.2.1"});
    EXPECT_EQ(answer.user.error().code, Code::denied);
    EXPECT_THAT(seen(), HasSubstr("wherry bob 192.0.2.1 ftp"));
    EXPECT_THAT(seen(), ::testing::Not(HasSubstr("s3cret"))) << "modules may write down what they are given";
}

// A password was wrong elsewhere: the account of the same name is not to be locked for it.
TEST_F(PamUsersTest, pretending_names_no_account) {
    PamUsers users(options);
    users.pretend({.name = "alice", .password = Password("s3cret"), .peer = "192.0.2.1"});
    EXPECT_THAT(seen(), HasSubstr("wherry - 192.0.2.1 ftp"));
    EXPECT_THAT(seen(), ::testing::Not(HasSubstr("alice")));
}

// pam_ftp makes "anonymous" the account "ftp".
TEST_F(PamUsersTest, the_name_that_modules_give_is_the_one_that_counts) {
    serve("auth required pam_ftp.so\naccount required pam_permit.so\n");
    std::vector<SystemAccount> all{account, account};
    all[0].name = "anonymous";
    all[1].name = "ftp";
    options.lookup = [&](const std::string& name) -> Result<SystemAccount> {
        for (const SystemAccount& one : all) {
            if (one.name == name) return one;
        }
        return fail(Code::not_found, "no such account");
    };
    const auto user = attempt("anonymous", "me@example.org");
    ASSERT_TRUE(user) << user.error().message;
    EXPECT_EQ((*user)->name, "ftp");
    options.rejected = {"ftp"};
    EXPECT_THAT(refusal("anonymous", "me@example.org").message, HasSubstr("not let in"));
    options.rejected.clear();
    all.pop_back();
    EXPECT_THAT(refusal("anonymous", "me@example.org").message, HasSubstr("cannot be looked up"));
}

TEST_F(PamUsersTest, without_a_jail_see_the_machine_and_begin_at_home) {
    options.jail = false;
    const auto user = attempt();
    ASSERT_TRUE(user) << user.error().message;
    EXPECT_EQ((*user)->start.string(), home.path());
}

TEST_F(PamUsersTest, are_asked_about_by_many_at_once) {
    PamUsers users(options);
    std::vector<std::thread> threads;
    std::atomic<int> in = 0;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            const Login login{
                .name = "alice", .password = Password(i % 2 == 0 ? "s3cret" : "wrong"), .peer = "192.0.2.1"};
            for (int times = 0; times < 4; ++times) in += users.authenticate(login) ? 1 : 0;
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(in, 16);
}

TEST(PamAccounts, are_those_of_this_machine) {
    const TempFolder rules;
    rules.write("wherry", "auth required pam_permit.so\naccount required pam_permit.so\n");
    const auto users = pam_accounts({.lowest_uid = 1}, {.folder = rules.path()});
    const auto root = users->authenticate({.name = "root", .password = Password("x")});
    EXPECT_EQ(root.error().code, Code::denied);
    const auto nobody = users->authenticate({.name = "no-such-account-here", .password = Password("x")});
    EXPECT_EQ(nobody.error().code, Code::not_mine);
}

}  // namespace
}  // namespace wherry
