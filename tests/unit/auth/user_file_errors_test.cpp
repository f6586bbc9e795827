#include "auth/user_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "unit/auth/user_file_fixture.h"

namespace wherry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::UserFile;

// --- what is wrong, line by line -----------------------------------------------------------------

struct Bad {
    const char* what;
    const char* text;       // GOOD: two lines with a password and a home
    const char* complaint;  // a part of it
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.what; }

class BadUserFile : public UserFile, public ::testing::WithParamInterface<Bad> {};

TEST_P(BadUserFile, IsRefusedWithLineAndReason) {
    std::string text = GetParam().text;
    replace(text, "GOOD", "password = \"HASH\"\nhome = \"@/alice\"");
    EXPECT_THAT(complaint(text), HasSubstr(expand(GetParam().complaint)));
}

constexpr Bad bad_files[] = {
    {"empty", "", "users.toml: there is no user in it; add one, like [users.alice]"},
    {"header_without_key", "[[[\n", "users.toml:1: not valid TOML"},
    {"no_user", "[users]\n", "users.toml: there is no user in it"},
    {"comment_only", "# later\n\n", "users.toml: there is no user in it"},
    {"users_no_table", "\nusers = 3\n", "users.toml:2: users: must hold tables, like [users.alice]"},
    {"user_no_table", "[users]\nalice = \"x\"\n", "users.toml:2: users.alice: must be a table, like [users.alice]"},
    {"top_level_key", "[user.alice]\nGOOD\n", "users.toml:1: user: unknown key; did you mean \"users\"?"},
    {"strange_top_level_key", "[users.a]\nGOOD\n[server]\n", "users.toml:4: server: unknown key; "},
    {"not_toml", "[users.alice]\nGOOD\npermissions = elr\n",
     "users.toml:4: not valid TOML: Error while parsing value: could not determine value type; write text in quotation "
     "marks"},
    {"open_header", "\n\n[users.alice\n", "users.toml:3: not valid TOML: "},
    {"user_twice", "[users.alice]\nGOOD\n[users.alice]\nGOOD\n", "users.toml:4: not valid TOML: "},
    {"key_twice", "[users.alice]\nGOOD\nhome = \"/\"\n", "users.toml:4: not valid TOML: "},
    {"not_utf8", "[users.alice]\nGOOD\n# \xff\n", "users.toml:4: not valid TOML: "},
    {"unknown_key", "[users.alice]\nGOOD\npermision = \"elr\"\n",
     "users.toml:4: users.alice.permision: unknown key; did you mean \"permissions\"?"},
    {"key_far_from_all", "[users.alice]\nGOOD\ncolour = 1\n",
     "users.toml:4: users.alice.colour: unknown key; known are password, anonymous, group, home, "},
    {"unknown_limit", "[users.alice]\nGOOD\nlimits = { session = 4 }\n",
     "users.toml:4: users.alice.limits.session: unknown key; did you mean \"sessions\"?"},
    {"unknown_key_of_rule", "[users.alice]\nGOOD\nrules = [\n { dir = \"/\", letters = \"e\" } ]\n",
     "users.toml:5: users.alice.rules[0].dir: unknown key; known are directory, letters, recursive"},
    {"no_password", "\n[users.alice]\nhome = \"@/alice\"\n",
     "users.toml:2: users.alice: has no password; write the output of \"wherry hash-password\""},
    {"no_home", "[users.alice]\npassword = \"HASH\"\n",
     "users.toml:1: users.alice: has no \"home\"; add one, like home = \"/srv/alice\""},
    {"plain_password", "[users.alice]\nhome = \"@/alice\"\npassword = \"hunter2\"\n",
     "users.toml:3: users.alice.password: is not a hash, and plain text is not accepted; write the output of"},
    {"des_password", "[users.alice]\nhome = \"@/alice\"\npassword = \"abhfCpXqd4GrI\"\n",
     "users.toml:3: users.alice.password: is not a hash, and plain text is not accepted"},
    {"empty_password", "[users.alice]\nhome = \"@/alice\"\npassword = \"\"\n",
     "users.toml:3: users.alice.password: nobody can log in with this"},
    {"star_password", "[users.alice]\npassword = \"*\"\n",
     "users.toml:2: users.alice.password: nobody can log in with this"},
    {"bang_password", "[users.alice]\npassword = \"!\"\n",
     "users.toml:2: users.alice.password: nobody can log in with this"},
    {"x_password", "[users.alice]\npassword = \"x\"\n",
     "users.toml:2: users.alice.password: nobody can log in with this"},
    {"locked_password", "[users.alice]\npassword = \"!HASH\"\n",
     "users.toml:2: users.alice.password: nobody can log in with this"},
    {"cut_hash", "[users.alice]\npassword = \"$2b$04$abcdefghijklmnopqrstuujydOTSfIH\"\n",
     "users.toml:2: users.alice.password: is not a whole hash of a known form"},
    {"foreign_hash", "[users.alice]\npassword = \"$apr1$abcdefgh$kZ2pXj6qPWvJsJW6Kj0Vv1\"\n",
     "users.toml:2: users.alice.password: is not a whole hash of a known form"},
    {"number_password", "[users.alice]\npassword = 12345\n",
     "users.toml:2: users.alice.password: must be text; write it in quotation marks"},
    {"missing_home", "[users.alice]\npassword = \"HASH\"\nhome = \"@/nowhere\"\n",
     "users.toml:3: users.alice.home: cannot be opened as a folder ("},
    {"home_is_a_file", "[users.alice]\npassword = \"HASH\"\nhome = \"@/file\"\n",
     "users.toml:3: users.alice.home: cannot be opened as a folder ("},
    {"relative_home", "[users.alice]\npassword = \"HASH\"\nhome = \"alice\"\n",
     "users.toml:3: users.alice.home: must be the full path of a folder of this machine"},
    {"home_with_nul", "[users.alice]\npassword = \"HASH\"\nhome = \"@/alice\\u0000x\"\n",
     "users.toml:3: users.alice.home: must be the full path"},
    {"letters", "[users.alice]\nGOOD\npermissions = \"e,l\"\n",
     "users.toml:4: users.alice.permissions: may hold letters only"},
    {"start_missing", "[users.alice]\nGOOD\nstart = \"/outbox\"\n",
     "users.toml:4: users.alice.start: is no directory in the user's tree; make it, or drop this key"},
    {"start_relative", "[users.alice]\nGOOD\nstart = \"inbox\"\n",
     "users.toml:4: users.alice.start: must be a path as the user sees it"},
    {"symlinks", "[users.alice]\nGOOD\nsymlinks = \"always\"\n",
     "users.toml:4: users.alice.symlinks: must be \"inside\" or \"never\""},
    {"umask_number", "[users.alice]\nGOOD\numask = 22\n",
     "users.toml:4: users.alice.umask: must be three octal digits"},
    {"umask_digits", "[users.alice]\nGOOD\numask = \"028\"\n",
     "users.toml:4: users.alice.umask: must be three octal digits"},
    {"umask_long", "[users.alice]\nGOOD\numask = \"7777\"\n",
     "users.toml:4: users.alice.umask: must be three octal digits"},
    {"read_only", "[users.alice]\nGOOD\nread_only = \"yes\"\n",
     "users.toml:4: users.alice.read_only: must be true or false, without quotation marks"},
    {"message", "[users.alice]\nGOOD\nlogin_message = \"a\\u001Bb\"\n",
     "users.toml:4: users.alice.login_message: holds control characters; leave them out"},
    {"message_bare_cr", "[users.alice]\nGOOD\nquit_message = \"a\\rb\"\n",
     "users.toml:4: users.alice.quit_message: holds control characters"},
    {"rules_no_list", "[users.alice]\nGOOD\nrules = { directory = \"/\", letters = \"e\" }\n",
     "users.toml:4: users.alice.rules: must be a list of tables"},
    {"rule_no_table", "[users.alice]\nGOOD\nrules = [ \"/inbox\" ]\n",
     "users.toml:4: users.alice.rules[0]: must be a table, like { ... }"},
    {"rule_without_letters", "[users.alice]\nGOOD\nrules = [ { directory = \"/inbox\" } ]\n",
     "users.toml:4: users.alice.rules[0]: has no \"letters\"; add one, like letters = \"elrw\""},
    {"rule_relative", "[users.alice]\nGOOD\nrules = [ { directory = \"a\", letters = \"e\" } ]\n",
     "users.toml:4: users.alice.rules[0].directory: must be a path as the user sees it"},
    {"mount_at_root", "[users.alice]\nGOOD\nmounts = [ { at = \"/\", folder = \"@/pub\" } ]\n",
     "users.toml:4: users.alice.mounts[0].at: \"/\" is the home; name a place below it"},
    {"mount_twice",
     "[users.alice]\nGOOD\nmounts = [ { at = \"/p\", folder = \"@/pub\" },\n { at = \"/p/\", folder = \"@/pub\" } ]\n",
     "users.toml:5: users.alice.mounts[1].at: is the place of another mount of this user; choose another"},
    {"mount_missing", "[users.alice]\nGOOD\nmounts = [ { at = \"/p\", folder = \"@/nowhere\" } ]\n",
     "users.toml:4: users.alice.mounts[0].folder: cannot be opened as a folder ("},
    {"mount_without_folder", "[users.alice]\nGOOD\nmounts = [ { at = \"/p\" } ]\n",
     "users.toml:4: users.alice.mounts[0]: has no \"folder\""},
    {"limits_no_table", "[users.alice]\nGOOD\nlimits = 4\n", "users.toml:4: users.alice.limits: must be a table"},
    {"limit_negative", "[users.alice]\nGOOD\nlimits = { sessions = -1 }\n",
     "users.toml:4: users.alice.limits.sessions: must be a whole number from 0 to 4294967294"},
    {"limit_too_large", "[users.alice]\nGOOD\nlimits = { sessions = 4294967296 }\n",
     "users.toml:4: users.alice.limits.sessions: must be a whole number from 0 to 4294967294"},
    {"limit_size", "[users.alice]\nGOOD\n[users.alice.limits]\nstorage = \"10 Gulden\"\n",
     "users.toml:5: users.alice.limits.storage: must be a number of bytes"},
    {"anonymous_without_flag", "[users.anonymous]\nhome = \"@/pub\"\n",
     "users.toml:1: users.anonymous: has no password; to let everybody in, add anonymous = true"},
    {"anonymous_with_password", "[users.anonymous]\nanonymous = true\nGOOD\n",
     "users.toml:3: users.anonymous.password: the anonymous user has no password"},
    {"anonymous_elsewhere", "[users.guest]\nanonymous = true\nhome = \"@/pub\"\n",
     "users.toml:1: users.guest: anonymous = true is for [users.anonymous] alone; give this user a password"},
    {"anonymous_false", "[users.anonymous]\nanonymous = false\nhome = \"@/pub\"\n",
     "users.toml:1: users.anonymous: has no password"},
    {"name_empty", "[users.\"\"]\nGOOD\n", "users.toml:1: users.\"\": is not a valid name"},
    {"name_with_line_end", "[users.\"a\\nb\"]\nGOOD\n", "users.toml:1: users.\"a\\x0Ab\": is not a valid name"},
};

INSTANTIATE_TEST_SUITE_P(Each, BadUserFile, ::testing::ValuesIn(bad_files),
                         [](const auto& info) { return std::string(info.param.what); });

TEST_F(UserFile, AllMistakesAreNamedAtOnceInOrder) {
    const std::string text = complaint("[users.zoe]\npassword = \"x\"\nhmoe = 1\n[users.alice]\nhome = 7\n");
    EXPECT_THAT(text, HasSubstr("users.toml:1: users.zoe: has no \"home\""));
    EXPECT_THAT(text, HasSubstr("\nusers.toml:2: users.zoe.password: "));
    EXPECT_THAT(text, HasSubstr("\nusers.toml:3: users.zoe.hmoe: unknown key; did you mean \"home\"?"));
    EXPECT_THAT(text, HasSubstr("\nusers.toml:4: users.alice: has no password"));
    EXPECT_THAT(text, HasSubstr("\nusers.toml:5: users.alice.home: must be text"));
    EXPECT_LT(text.find(":2:"), text.find(":5:"));
}

TEST_F(UserFile, NoComplaintRepeatsAPassword) {
    for (const std::string value : {"\"hunter2\"", "\"$hunter2$hunter2\"", "\"!hunter2\"", "hunter2", "'''hunter2",
                                    "\"hunter2\" \"hunter2\"", "[\"hunter2\"]", "{ hunter2 = \"hunter2\""}) {
        const std::string text = complaint("[users.alice]\nhome = \"@/alice\"\npassword = " + value + "\n");
        EXPECT_THAT(text, Not(HasSubstr("hunter2"))) << value;
    }
}

TEST_F(UserFile, AKeyFileThatCannotBeUsedIsTold) {
    const auto with = [](const std::string& file) {
        return "[users.alice]\nhome = \"@/alice\"\ni2ftp_key_file = " + file + "\n";
    };
    EXPECT_THAT(complaint(with("5")), HasSubstr("users.toml:3: users.alice.i2ftp_key_file: must be text"));
    EXPECT_THAT(complaint(with("\"key\"")), HasSubstr("must be the full path of a file"));
    EXPECT_THAT(complaint(with("\"@/none\"")), HasSubstr("users.toml:3: users.alice.i2ftp_key_file: "));
    folder_.write("secret", "not hexadecimal");
    ASSERT_EQ(::chmod(folder_.path("secret").c_str(), 0600), 0);
    const std::string text = complaint(with("\"@/secret\""));
    EXPECT_THAT(text, HasSubstr("hexadecimal digits"));
    EXPECT_THAT(text, Not(HasSubstr("not hexadecimal")));
    folder_.write("open", "616263");
    ASSERT_EQ(::chmod(folder_.path("open").c_str(), 0644), 0);
    EXPECT_THAT(complaint(with("\"@/open\"")), HasSubstr("can be read by everybody"));
}

TEST_F(UserFile, TheAnonymousUserHasNoKey) {
    folder_.write("key", "616263");
    ASSERT_EQ(::chmod(folder_.path("key").c_str(), 0600), 0);
    EXPECT_THAT(complaint("[users.anonymous]\nanonymous = true\nhome = \"@/pub\"\ni2ftp_key_file = \"@/key\"\n"),
                HasSubstr("the anonymous user has no key"));
}

TEST_F(UserFile, AGroupHasNoKeyForItsUsers) {
    EXPECT_THAT(complaint("[groups.staff]\ni2ftp_key_file = \"/k\"\n[users.alice]\nhome = \"@/alice\"\n"),
                HasSubstr("groups.staff.i2ftp_key_file: unknown key"));
}

}  // namespace
}  // namespace wherry
