#include "auth/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace wherry {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Answers what it is told to, and writes down that it was asked.
class Scripted final : public Authenticator {
public:
    using Answer = std::function<Result<UserPtr>(const Login&)>;
    Scripted(std::string name, std::vector<std::string>& calls, Answer answer)
        : name_(std::move(name)), calls_(calls), answer_(std::move(answer)) {}
    Result<UserPtr> authenticate(const Login& login) override {
        calls_.push_back(name_);
        return answer_(login);
    }
    void pretend(const Login&) override { calls_.push_back(name_ + " pretends"); }

private:
    std::string name_;
    std::vector<std::string>& calls_;
    Answer answer_;
};

UserPtr some_user(bool with_files = true) {
    auto user = std::make_shared<User>();
    user->name = "alice";
    if (with_files) user->filesystem = memory_filesystem();
    return user;
}

class ChainTest : public ::testing::Test {
protected:
    AuthenticatorPtr scripted(std::string name, Scripted::Answer answer) {
        return std::make_shared<Scripted>(std::move(name), calls_, std::move(answer));
    }
    AuthenticatorPtr failing(std::string name, Code code, std::string text = "because") {
        return scripted(std::move(name), [=](const Login&) -> Result<UserPtr> { return fail(code, text); });
    }
    AuthenticatorPtr knowing(std::string name) {
        return scripted(std::move(name), [](const Login&) -> Result<UserPtr> { return some_user(); });
    }
    static Login login(std::string name = "alice") { return {std::move(name), Password("x"), "192.0.2.1", "ftp"}; }
    static void expect_refused(const ChainAnswer& answer) {
        ASSERT_FALSE(answer.user);
        EXPECT_EQ(answer.user.error().code, Code::denied);
        EXPECT_EQ(answer.user.error().message, "login incorrect");
        EXPECT_EQ(answer.user.error().system, 0);
    }

    std::vector<std::string> calls_;
};

TEST_F(ChainTest, AsksInOrderUntilOneKnowsTheUser) {
    const Chain chain({failing("a", Code::not_mine), knowing("b"), knowing("c")});
    const ChainAnswer answer = chain.authenticate(login());
    ASSERT_TRUE(answer.user);
    EXPECT_EQ((*answer.user)->name, "alice");
    EXPECT_THAT(calls_, ElementsAre("a", "b"));
}

TEST_F(ChainTest, WrongPasswordEndsTheSearchAndTheOthersPretend) {
    const Chain chain({failing("a", Code::not_mine), failing("b", Code::denied, "wrong password"), knowing("c")});
    const ChainAnswer answer = chain.authenticate(login());
    expect_refused(answer);
    EXPECT_EQ(answer.reason.code, Code::denied);
    EXPECT_EQ(answer.reason.message, "wrong password");
    EXPECT_THAT(calls_, ElementsAre("a", "b", "a pretends", "c pretends"));
}

TEST_F(ChainTest, UnknownUserMakesEverybodyPretend) {
    const Chain chain({failing("a", Code::not_mine), failing("b", Code::not_mine)});
    const ChainAnswer answer = chain.authenticate(login());
    expect_refused(answer);
    EXPECT_EQ(answer.reason.code, Code::not_found);
    EXPECT_THAT(calls_, ElementsAre("a", "b", "a pretends", "b pretends"));
}

TEST_F(ChainTest, FaultOfAnAuthenticatorEndsTheLogin) {
    const Chain chain({failing("a", Code::io, "database down"), knowing("b")});
    const ChainAnswer answer = chain.authenticate(login());
    expect_refused(answer);
    EXPECT_EQ(answer.reason.code, Code::io);
    EXPECT_EQ(answer.reason.message, "database down");
    EXPECT_THAT(calls_, ElementsAre("a", "b pretends"));
}

TEST_F(ChainTest, ExceptionsEndTheLoginOnly) {
    const Chain with_text({scripted("a", [](const Login&) -> Result<UserPtr> { throw std::runtime_error("boom"); })});
    const ChainAnswer first = with_text.authenticate(login());
    expect_refused(first);
    EXPECT_EQ(first.reason.code, Code::internal);
    EXPECT_THAT(first.reason.message, HasSubstr("boom"));

    const Chain with_number({scripted("a", [](const Login&) -> Result<UserPtr> { throw 7; })});
    const ChainAnswer second = with_number.authenticate(login());
    expect_refused(second);
    EXPECT_EQ(second.reason.code, Code::internal);
}

TEST_F(ChainTest, ExceptionWhilePretendingChangesNothing) {
    struct Thrower final : Authenticator {
        Result<UserPtr> authenticate(const Login&) override { return fail(Code::not_mine); }
        void pretend(const Login&) override { throw std::runtime_error("boom"); }
    };
    const Chain chain({std::make_shared<Thrower>(), failing("b", Code::not_mine)});
    const ChainAnswer answer = chain.authenticate(login());
    expect_refused(answer);
    EXPECT_EQ(answer.reason.code, Code::not_found);
    EXPECT_THAT(calls_, ElementsAre("b", "b pretends"));
}

TEST_F(ChainTest, UserThatIsNoneIsAFault) {
    const Chain null_user({scripted("a", [](const Login&) -> Result<UserPtr> { return UserPtr(); })});
    const Chain no_files({scripted("a", [](const Login&) -> Result<UserPtr> { return some_user(false); })});
    for (const Chain* chain : {&null_user, &no_files}) {
        const ChainAnswer answer = chain->authenticate(login());
        expect_refused(answer);
        EXPECT_EQ(answer.reason.code, Code::internal);
    }
}

TEST_F(ChainTest, ImpossibleNamesReachNobody) {
    const Chain chain({knowing("a")});
    for (const auto& name : {""s, "a\0b"s, "a\nb"s, "\x7f"s, "\x1b[2J"s, std::string(256, 'a')}) {
        const ChainAnswer answer = chain.authenticate(login(name));
        expect_refused(answer);
        EXPECT_EQ(answer.reason.code, Code::name_not_allowed);
    }
    EXPECT_TRUE(calls_.empty());
}

TEST_F(ChainTest, EmptyChainAndNullPointersLetNobodyIn) {
    for (const Chain& chain : {Chain({}), Chain({nullptr})}) {
        const ChainAnswer answer = chain.authenticate(login());
        expect_refused(answer);
        EXPECT_EQ(answer.reason.code, Code::not_found);
    }
    EXPECT_TRUE(Chain({nullptr, knowing("a")}).authenticate(login()).user);
}

}  // namespace
}  // namespace wherry
