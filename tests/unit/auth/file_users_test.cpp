#include "auth/file_users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/temp_folder.h"

namespace wherry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempFolder;

constexpr PasswordCost cheap = PasswordCost::minimal();

class FileUsersTest : public ::testing::Test {
protected:
    void SetUp() override { folder_.make_directory("home"); }

    std::string user(const std::string& name, const std::string& password) const {
        return "[users." + name + "]\nhome = \"" + folder_.path("home") + "\"\npassword = \"" +
               hash_password(Password(password), cheap).value_or("") + "\"\n";
    }
    std::string anonymous() const {
        return "[users.anonymous]\nanonymous = true\nhome = \"" + folder_.path("home") + "\"\n";
    }
    std::shared_ptr<FileUsers> load(const std::string& content, PasswordVerifier verifier = {}) {
        auto users = FileUsers::load(folder_.write("users.toml", content), {cheap, std::move(verifier)});
        EXPECT_TRUE(users) << users.error().message;
        return users.value_or(nullptr);
    }
    static Login attempt(std::string name, std::string password) {
        return {std::move(name), Password(std::move(password)), "192.0.2.1", "ftp"};
    }
    static Code code_of(FileUsers& users, std::string name, std::string password) {
        const auto answer = users.authenticate(attempt(std::move(name), std::move(password)));
        return answer ? Code::ok : answer.error().code;
    }

    TempFolder folder_;
};

TEST_F(FileUsersTest, LetsInWhoIsInTheFile) {
    const auto users = load(user("alice", "s3cret") + user("bob", "b0b"));
    EXPECT_EQ(code_of(*users, "alice", "s3cret"), Code::ok);
    EXPECT_EQ(code_of(*users, "alice", "b0b"), Code::denied);
    EXPECT_EQ(code_of(*users, "alice", ""), Code::denied);
    EXPECT_EQ(code_of(*users, "bob", "b0b"), Code::ok);
    EXPECT_EQ(code_of(*users, "Bob", "b0b"), Code::not_mine);
    EXPECT_EQ(code_of(*users, "carol", "s3cret"), Code::not_mine);
    EXPECT_EQ(code_of(*users, "", ""), Code::not_mine);
    EXPECT_EQ(code_of(*users, "ftp", ""), Code::not_mine);
    EXPECT_THAT(users->names(), ElementsAre("alice", "bob"));
}

TEST_F(FileUsersTest, ImportedHashesWork) {
    const auto users = load("[users.alice]\nhome = \"" + folder_.path("home") +
                            "\"\npassword = \"$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e\"\n");
    EXPECT_EQ(code_of(*users, "alice", "correct horse"), Code::ok);
    EXPECT_EQ(code_of(*users, "alice", "correct hors"), Code::denied);
}

TEST_F(FileUsersTest, AnonymousComesInByItsNames) {
    const auto users = load(anonymous() + user("alice", "s3cret"));
    for (const std::string name : {"anonymous", "ftp", "FTP", "Anonymous"}) {
        EXPECT_EQ(code_of(*users, name, "me@example.com"), Code::ok) << name;
        EXPECT_EQ(code_of(*users, name, ""), Code::ok) << name;
    }
    EXPECT_EQ((*users->authenticate(attempt("FTP", "")))->name, "anonymous");
}

TEST_F(FileUsersTest, UserCalledAnonymousWithAPasswordHasNoOtherNames) {
    const auto users = load(user("anonymous", "s3cret"));
    EXPECT_EQ(code_of(*users, "anonymous", ""), Code::denied);
    EXPECT_EQ(code_of(*users, "anonymous", "s3cret"), Code::ok);
    EXPECT_EQ(code_of(*users, "ftp", "s3cret"), Code::not_mine);
}

TEST_F(FileUsersTest, UserCalledFtpComesBeforeTheAnonymousOne) {
    const auto users = load(anonymous() + user("ftp", "s3cret"));
    EXPECT_EQ(code_of(*users, "ftp", "wrong"), Code::denied);
    EXPECT_EQ((*users->authenticate(attempt("ftp", "s3cret")))->name, "ftp");
    EXPECT_EQ(code_of(*users, "Ftp", "wrong"), Code::ok);
}

TEST_F(FileUsersTest, LoadFailsWithTheReason) {
    const auto users = FileUsers::load(folder_.write("users.toml", "[users.alice]\n"), {cheap, {}});
    ASSERT_FALSE(users);
    EXPECT_EQ(users.error().code, Code::invalid);
    EXPECT_THAT(users.error().message, HasSubstr("users.toml:1: users.alice: has no password"));
}

TEST_F(FileUsersTest, ReloadTakesTheNewUsersAndOpenSessionsKeepTheirs) {
    const auto users = load(user("alice", "old") + user("bob", "b0b"));
    const auto session = users->authenticate(attempt("bob", "b0b"));
    ASSERT_TRUE(session);
    folder_.write("users.toml", user("alice", "new") + user("carol", "c"));
    ASSERT_TRUE(users->reload());
    EXPECT_EQ(code_of(*users, "alice", "old"), Code::denied);
    EXPECT_EQ(code_of(*users, "alice", "new"), Code::ok);
    EXPECT_EQ(code_of(*users, "bob", "b0b"), Code::not_mine);
    EXPECT_EQ(code_of(*users, "carol", "c"), Code::ok);
    EXPECT_TRUE((*session)->filesystem->stat(Path()));
}

TEST_F(FileUsersTest, ReloadOfABadFileKeepsTheOldUsers) {
    const auto users = load(user("alice", "s3cret"));
    for (const std::string bad : {"", "[users", "[users.alice]\n"}) {
        folder_.write("users.toml", bad);
        const auto reloaded = users->reload();
        ASSERT_FALSE(reloaded);
        EXPECT_EQ(reloaded.error().code, Code::invalid);
        EXPECT_EQ(code_of(*users, "alice", "s3cret"), Code::ok);
    }
    std::filesystem::remove(folder_.path("users.toml"));
    EXPECT_FALSE(users->reload());
    EXPECT_EQ(code_of(*users, "alice", "s3cret"), Code::ok);
}

TEST_F(FileUsersTest, WarningsAreThoseOfTheLastGoodReading) {
    const auto users = load(user("alice", "s3cret"));
    EXPECT_TRUE(users->warnings().empty());
    folder_.write("users.toml", anonymous() + "permissions = \"elrw\"\n");
    ASSERT_TRUE(users->reload());
    EXPECT_THAT(users->warnings(), ElementsAre(HasSubstr("users.anonymous: anyone may change files")));
    folder_.write("users.toml", "");
    EXPECT_FALSE(users->reload());
    EXPECT_EQ(users->warnings().size(), 1U);
}

TEST_F(FileUsersTest, PretendingChecksAHashOfTheSameCost) {
    std::vector<std::string> costs;
    const auto users = load(user("alice", "s3cret"), [&](std::string_view hash, const Password& password) {
        costs.emplace_back(cost_of_hash(hash));
        return verify_password(hash, password, cheap);
    });
    EXPECT_EQ(code_of(*users, "alice", "wrong"), Code::denied);
    EXPECT_EQ(code_of(*users, "nobody", "wrong"), Code::not_mine);
    users->pretend(attempt("nobody", "wrong"));
    EXPECT_THAT(costs, ElementsAre("$argon2id$v=19$m=8,t=1,p=1$", "$argon2id$v=19$m=8,t=1,p=1$"));
}

// The decoy is the hash of somebody: his password must not open other names.
TEST_F(FileUsersTest, PasswordOfTheDecoyLetsNobodyIn) {
    const auto users = load(user("alice", "s3cret"));
    users->pretend(attempt("nobody", "s3cret"));
    EXPECT_EQ(code_of(*users, "nobody", "s3cret"), Code::not_mine);
}

TEST_F(FileUsersTest, HashThatCannotBeComputedIsNotAWrongPassword) {
    const auto users = load(user("alice", "s3cret"),
                            [](std::string_view, const Password&) { return PasswordVerdict{.failed = true}; });
    EXPECT_EQ(code_of(*users, "alice", "s3cret"), Code::io);
}

TEST_F(FileUsersTest, WhoHasAKeyAloneLogsInByNoPassword) {
    const std::string key = folder_.write("key", "616263");
    ASSERT_EQ(::chmod(key.c_str(), 0600), 0);
    const std::string bob = "[users.bob]\nhome = \"" + folder_.path("home") + "\"\ni2ftp_key_file = \"" + key + "\"\n";
    const auto users = load(user("alice", "s3cret") + bob);
    EXPECT_EQ(code_of(*users, "bob", ""), Code::denied);
    EXPECT_EQ(code_of(*users, "bob", "s3cret"), Code::denied);
    EXPECT_EQ(code_of(*users, "bob", "616263"), Code::denied);
    ASSERT_EQ(users->keys().size(), 1U);
    EXPECT_EQ(users->keys().front().user->name, "bob");
    EXPECT_EQ(users->keys().front().key.bytes(), "abc");
}

// Else the time would tell which users have a key and no password.
TEST_F(FileUsersTest, ARefusalForWantOfAPasswordComputesAHashToo) {
    const std::string key = folder_.write("key", "616263");
    ASSERT_EQ(::chmod(key.c_str(), 0600), 0);
    int computed = 0;
    const auto users = load("[users.bob]\nhome = \"" + folder_.path("home") + "\"\ni2ftp_key_file = \"" + key + "\"\n",
                            [&](std::string_view hash, const Password&) {
                                computed += hash.empty() ? 0 : 1;
                                return PasswordVerdict{};
                            });
    EXPECT_EQ(code_of(*users, "bob", "x"), Code::denied);
    EXPECT_EQ(computed, 1);
}

TEST_F(FileUsersTest, ReloadsWhileOthersLogIn) {
    const std::string one = user("alice", "s3cret");
    const std::string two = user("alice", "s3cret") + user("bob", "b0b");
    const auto users = load(one);
    std::atomic<bool> done = false;
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            while (!done) {
                EXPECT_EQ(code_of(*users, "alice", "s3cret"), Code::ok);
                const Code bob = code_of(*users, "bob", "b0b");
                EXPECT_TRUE(bob == Code::ok || bob == Code::not_mine);
                users->pretend(attempt("nobody", "x"));
                EXPECT_FALSE(users->names().empty());
            }
        });
    }
    for (int i = 0; i < 50; ++i) {
        // Renamed into place as editors do, for a half-written file is a bad one.
        folder_.write("new.toml", i % 2 == 0 ? two : one);
        std::filesystem::rename(folder_.path("new.toml"), folder_.path("users.toml"));
        EXPECT_TRUE(users->reload());
    }
    done = true;
}

}  // namespace
}  // namespace wherry
