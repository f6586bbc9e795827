#include "service/user_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "auth/chain.h"
#include "auth/password.h"
#include "support/temp_folder.h"

namespace wherry {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TempFolder;

std::string user(const TempFolder& folder, const std::string& name, const std::string& password) {
    return "[users." + name + "]\nhome = \"" + folder.path() + "\"\npassword = \"" +
           hash_password(Password(password), PasswordCost::minimal()).value() + "\"\n";
}

bool admits(const UserSources& sources, const std::string& name, const std::string& password) {
    const Chain chain(sources.authenticators());
    return chain.authenticate({name, Password(password), "192.0.2.1", "ftp", false}).user.has_value();
}

TEST(UserSources, OfAnEmptyConfigurationAreNobody) {
    const auto sources = UserSources::load(Config());
    ASSERT_TRUE(sources);
    EXPECT_THAT(sources->authenticators(), IsEmpty());
    EXPECT_THAT(sources->warnings(), IsEmpty());
    EXPECT_THAT(sources->reload(), IsEmpty());
}

TEST(UserSources, KeysAreThoseOfAllFilesAndReadAnew) {
    const TempFolder folder;
    const auto with_key = [&](const std::string& name, const std::string& digits) {
        const std::string key = folder.write(name + ".key", digits);
        std::filesystem::permissions(key, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        return "[users." + name + "]\nhome = \"" + folder.path() + "\"\ni2ftp_key_file = \"" + key + "\"\n";
    };
    Config config;
    config.file = folder.write("w.toml", with_key("alice", "61"));
    config.users_inline = true;
    config.users_files = {folder.write("users.toml", with_key("bob", "62") + user(folder, "carol", "x"))};
    const auto sources = UserSources::load(config);
    ASSERT_TRUE(sources) << sources.error().message;
    auto keys = sources->keys();
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(keys[0].user->name, "alice");
    EXPECT_EQ(keys[1].user->name, "bob");
    EXPECT_EQ(keys[1].key.bytes(), "b");
    with_key("bob", "63");
    EXPECT_THAT(sources->reload(), IsEmpty());
    EXPECT_EQ(sources->keys()[1].key.bytes(), "c");
}

TEST(UserSources, AreTheTablesOfTheConfigurationAndTheUsersFiles) {
    const TempFolder folder;
    Config config;
    config.file = folder.write("w.toml", "[ftp]\npassive = true\n" + user(folder, "alice", "in config"));
    config.users_inline = true;
    config.users_files = {folder.write("users.toml", user(folder, "bob", "in file") + user(folder, "alice", "hidden"))};
    const auto sources = UserSources::load(config);
    ASSERT_TRUE(sources) << sources.error().message;
    EXPECT_TRUE(admits(*sources, "alice", "in config"));
    EXPECT_TRUE(admits(*sources, "bob", "in file"));
    EXPECT_FALSE(admits(*sources, "alice", "hidden"));  // the configuration's own users come first
    EXPECT_FALSE(admits(*sources, "carol", "x"));
}

TEST(UserSources, ReportTheMistakesOfAllFiles) {
    const TempFolder folder;
    Config config;
    config.file = folder.write("w.toml", "[users.alice]\nhome = \"/no/such/folder\"\n");
    config.users_inline = true;
    config.users_files = {folder.path("none.toml"), folder.write("users.toml", "[user.bob]\n")};
    const auto sources = UserSources::load(config);
    ASSERT_FALSE(sources);
    EXPECT_EQ(sources.error().code, Code::invalid);
    EXPECT_THAT(sources.error().message, HasSubstr("w.toml:2: users.alice.home: cannot be opened as a folder"));
    EXPECT_THAT(sources.error().message, HasSubstr("none.toml: No such file"));
    EXPECT_THAT(sources.error().message, HasSubstr("users.toml:1: user: unknown key; did you mean \"users\"?"));
}

TEST(UserSources, ReloadReplacesUsersAndKeepsThemWhereTheFileIsWrong) {
    const TempFolder folder;
    Config config;
    config.file = folder.write("w.toml", "[ftp]\nfuture = 1\n" + user(folder, "alice", "old"));
    config.users_inline = true;
    config.users_files = {folder.write("users.toml", user(folder, "bob", "old"))};
    const auto sources = UserSources::load(config);
    ASSERT_TRUE(sources) << sources.error().message;

    folder.write("w.toml", user(folder, "alice", "new"));
    folder.write("users.toml", "[users.bob]\n");
    const auto errors = sources->reload();
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_THAT(errors[0].message, HasSubstr("users.toml:1: users.bob: has no"));
    EXPECT_TRUE(admits(*sources, "alice", "new"));
    EXPECT_FALSE(admits(*sources, "alice", "old"));
    EXPECT_TRUE(admits(*sources, "bob", "old"));
}

}  // namespace
}  // namespace wherry
