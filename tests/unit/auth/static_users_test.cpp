#include "auth/static_users.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "auth/anonymous.h"
#include "auth/password.h"

namespace wherry {
namespace {

using namespace std::string_literals;

User user_called(std::string name) {
    User user;
    user.name = std::move(name);
    user.filesystem = memory_filesystem();
    return user;
}

Login attempt(std::string name, std::string password) {
    return {std::move(name), Password(std::move(password)), "192.0.2.1", "ftp"};
}

class StaticUsersTest : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(users_.add(user_called("alice"), Password("s3cret"))); }

    Code code_of(std::string name, std::string password) {
        const auto answer = users_.authenticate(attempt(std::move(name), std::move(password)));
        return answer ? Code::ok : answer.error().code;
    }
    StaticUsers users_;
};

TEST_F(StaticUsersTest, GivesTheUserForTheRightPassword) {
    const auto answer = users_.authenticate(attempt("alice", "s3cret"));
    ASSERT_TRUE(answer);
    EXPECT_EQ((*answer)->name, "alice");
    EXPECT_NE((*answer)->filesystem, nullptr);
}

TEST_F(StaticUsersTest, TellsWrongPasswordFromUnknownUser) {
    for (const auto& wrong : {""s, "s3cre"s, "s3cret "s, "S3CRET"s, "s3cret\0"s, std::string(100'000, 's')}) {
        EXPECT_EQ(code_of("alice", wrong), Code::denied) << wrong.size();
    }
    for (const auto& name : {""s, "bob"s, "Alice"s, "alice "s, "alice\0"s, "anonymous"s}) {
        EXPECT_EQ(code_of(name, "s3cret"), Code::not_mine) << name;
    }
}

TEST_F(StaticUsersTest, RefusesUsersThatCannotLogIn) {
    const auto code = [&](User user, const std::string& password) {
        const auto added = users_.add(std::move(user), Password(password));
        return added ? Code::ok : added.error().code;
    };
    EXPECT_EQ(code(user_called(""), "x"), Code::invalid);
    EXPECT_EQ(code(user_called("a\nb"), "x"), Code::invalid);
    EXPECT_EQ(code(user_called(std::string(256, 'a')), "x"), Code::invalid);
    EXPECT_EQ(code(user_called("bob"), ""), Code::invalid);
    EXPECT_EQ(code(user_called("bob"), std::string(max_password + 1, 'a')), Code::invalid);
    EXPECT_EQ(code(anonymous_user(memory_filesystem()).user, "x"), Code::invalid);
    User homeless = user_called("bob");
    homeless.filesystem = nullptr;
    EXPECT_EQ(code(std::move(homeless), "x"), Code::invalid);
    EXPECT_FALSE(users_.has("bob"));
    EXPECT_EQ(code(user_called("bob"), std::string(max_password, 'a')), Code::ok);
}

TEST_F(StaticUsersTest, NameIsTakenOnce) {
    const auto again = users_.add(user_called("alice"), Password("other"));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::exists);
    EXPECT_EQ(code_of("alice", "other"), Code::denied);
    EXPECT_EQ(code_of("alice", "s3cret"), Code::ok);
}

TEST_F(StaticUsersTest, RemovedUserIsUnknownAndMayComeBackWithANewPassword) {
    const auto session = users_.authenticate(attempt("alice", "s3cret"));
    EXPECT_TRUE(users_.remove("alice"));
    EXPECT_FALSE(users_.remove("alice"));
    EXPECT_FALSE(users_.has("alice"));
    EXPECT_EQ(code_of("alice", "s3cret"), Code::not_mine);
    ASSERT_TRUE(users_.add(user_called("alice"), Password("new")));
    EXPECT_EQ(code_of("alice", "s3cret"), Code::denied);
    EXPECT_EQ(code_of("alice", "new"), Code::ok);
    ASSERT_TRUE(session);
    EXPECT_EQ((*session)->name, "alice");
}

TEST_F(StaticUsersTest, AnonymousComesInByItsNamesWithAnyPassword) {
    EXPECT_FALSE(users_.has("ftp"));
    ASSERT_TRUE(users_.add_anonymous(anonymous_user(memory_filesystem()).user));
    for (const std::string name : {"anonymous", "ftp", "FTP", "Anonymous"}) {
        EXPECT_TRUE(users_.has(name)) << name;
        EXPECT_EQ(code_of(name, ""), Code::ok) << name;
        EXPECT_EQ(code_of(name, "me@example.com"), Code::ok) << name;
    }
    const auto second = users_.add_anonymous(anonymous_user(memory_filesystem()).user);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::exists);
    EXPECT_TRUE(users_.remove("ftp"));
    EXPECT_FALSE(users_.remove("anonymous"));
    EXPECT_EQ(code_of("anonymous", ""), Code::not_mine);
}

TEST_F(StaticUsersTest, AnonymousNeedsAFilesystem) {
    const auto added = users_.add_anonymous(anonymous_user(nullptr).user);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, Code::invalid);
}

TEST_F(StaticUsersTest, UserCalledFtpComesBeforeTheAnonymousOne) {
    ASSERT_TRUE(users_.add_anonymous(anonymous_user(memory_filesystem()).user));
    ASSERT_TRUE(users_.add(user_called("ftp"), Password("s3cret")));
    EXPECT_EQ(code_of("ftp", "wrong"), Code::denied);
    EXPECT_EQ(code_of("ftp", "s3cret"), Code::ok);
    EXPECT_EQ(code_of("FTP", "wrong"), Code::ok);
    EXPECT_TRUE(users_.remove("ftp"));
    EXPECT_TRUE(users_.has("ftp"));
}

TEST_F(StaticUsersTest, MessagesHoldNoPassword) {
    EXPECT_EQ(users_.add(user_called("alice"), Password("hunter2")).error().message.find("hunter2"), std::string::npos);
    EXPECT_EQ(users_.authenticate(attempt("alice", "hunter2")).error().message.find("hunter2"), std::string::npos);
}

// Logins while users come and go: each attempt sees the user or does not, nothing between.
TEST_F(StaticUsersTest, UsersChangeWhileOthersLogIn) {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) {
                EXPECT_EQ(code_of("alice", "s3cret"), Code::ok);
                const Code bob = code_of("bob", "b");
                EXPECT_TRUE(bob == Code::ok || bob == Code::not_mine);
                static_cast<void>(users_.has("bob"));
                users_.pretend(attempt("nobody", "x"));
            }
        });
    }
    for (int i = 0; i < 500; ++i) {
        EXPECT_TRUE(users_.add(user_called("bob"), Password("b")));
        EXPECT_TRUE(users_.remove("bob"));
    }
}

}  // namespace
}  // namespace wherry
