#include "access/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "unit/access/access_fixture.h"

namespace wherry {
namespace {

using namespace std::chrono_literals;
using testing::AccessTest;

class LoginTest : public AccessTest {
protected:
    LoginTest() {
        User one;
        one.name = "alice";
        one.limits.sessions = 1;
        harness.add_user(std::move(one), "secret");
    }
    ~LoginTest() override {
        if (stream) stream->abort(Code::killed);
        harness.run();
    }
    void ask(const std::string& name, const std::string& password) {
        if (!stream) std::tie(client, stream) = connection();
        admission.reset();
        scope.emplace(harness.loop());
        scope->start(
            testing::keep_result(log_in(harness.commons(), *stream, SessionInfo{7, "ftp", "198.51.100.7", 40000, {}},
                                        Login{name, Password(password), "198.51.100.7", "ftp", false}),
                                 admission));
        harness.run();
    }
    // When the answer comes, in steps of 100 ms.
    std::chrono::milliseconds answer_after() {
        auto span = 0ms;
        for (; !admission && span < 10s; span += 100ms) harness.wait(100ms);
        return span;
    }
    testing::ConnectionPtr client;
    net::StreamPtr stream;
    std::optional<Result<Admission>> admission;
    std::optional<net::Scope> scope;
};

TEST_F(LoginTest, WhoKnowsThePasswordIsIn) {
    ask("alice", "secret");
    ASSERT_TRUE(admission);  // at once
    ASSERT_TRUE(*admission);
    EXPECT_EQ((*admission)->user->name, "alice");
    EXPECT_TRUE((*admission)->permit);
    EXPECT_EQ(metric(Metric::logins_total), 1);
    EXPECT_EQ(metric(Metric::login_failures_total), 0);
    ASSERT_EQ(told<event::LoggedIn>().size(), 1U);
    EXPECT_EQ(told<event::LoggedIn>()[0].session.user, "alice");
}

// A wrong password, an unknown user and too many sessions: the same words after the same time; only the log can tell.
TEST_F(LoginTest, EveryRefusalLooksTheSame) {
    harness.logins.failure_delay = 2s;
    ask("alice", "secret");
    auto first = std::move(**admission);
    struct Attempt {
        const char* name;
        const char* password;
    };
    for (const Attempt& attempt : {Attempt{"alice", "wrong"}, Attempt{"nobody", "secret"}, Attempt{"alice", "secret"},
                                   Attempt{"alice", ""}, Attempt{"anonymous", "a@b"}}) {
        ask(attempt.name, attempt.password);
        EXPECT_FALSE(admission) << attempt.name;
        EXPECT_EQ(answer_after(), 2s) << attempt.name;
        ASSERT_TRUE(admission && !*admission);
        EXPECT_EQ(admission->error().code, Code::denied);
        EXPECT_EQ(admission->error().message, "login incorrect");
    }
    EXPECT_EQ(metric(Metric::login_failures_total), 5);
    const auto failures = told<event::LoginFailed>();
    ASSERT_EQ(failures.size(), 5U);
    EXPECT_EQ(failures[1].name, "nobody");
    EXPECT_NE(failures[0].reason, failures[1].reason);
    EXPECT_NE(failures[0].reason, failures[2].reason);
    for (const auto& failure : failures) EXPECT_FALSE(failure.reason.empty());
}

TEST_F(LoginTest, AFreedPlaceCanBeTakenAgain) {
    ask("alice", "secret");
    ASSERT_TRUE(admission && *admission);
    auto first = std::move(**admission);
    ask("alice", "secret");
    EXPECT_FALSE(admission);
    answer_after();
    EXPECT_FALSE(*admission);
    first.permit.release();
    ask("alice", "secret");
    ASSERT_TRUE(admission);
    EXPECT_TRUE(*admission);
}

TEST_F(LoginTest, AClientThatHangsUpIsNotWaitedFor) {
    ask("alice", "wrong");
    EXPECT_FALSE(admission);
    stream->abort(Code::killed);
    harness.run();
    ASSERT_TRUE(admission);
    EXPECT_FALSE(*admission);
}

TEST_F(LoginTest, AnonymousNeedsNoPasswordWhereItIsAllowed) {
    harness.anonymous = true;
    ask("FTP", "anything");
    ASSERT_TRUE(admission && *admission);
    EXPECT_TRUE((*admission)->user->anonymous);
}

}  // namespace
}  // namespace wherry
