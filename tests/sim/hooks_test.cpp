// What an embedder may say at the greeting, about a name, before a command, and at a login and a farewell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "testing/harness.h"

namespace wherry::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Hooks : public ::testing::Test {
protected:
    Hooks() {
        harness_.logins.failure_delay = {};
        harness_.add_user("alice", "x");
    }
    std::unique_ptr<Client> alice() {
        auto client = harness_.connect();
        EXPECT_TRUE(client->log_in("alice", "x")) << client->last();
        return client;
    }
    template <class Kind>
    std::vector<Kind> told() {
        std::vector<Kind> found;
        for (const Event& event : harness_.events()) {
            if (const auto* one = std::get_if<Kind>(&event)) found.push_back(*one);
        }
        return found;
    }

    Harness harness_;
};

TEST_F(Hooks, EachConnectionHasItsGreeting) {
    harness_.hooks.greeting = [](const SessionInfo& session) {
        return FtpWelcome::greet(session.peer + " to " + session.local + ":" + std::to_string(session.local_port) +
                                 "\nnumber " + std::to_string(session.id));
    };
    const auto first = harness_.connect();
    EXPECT_EQ(first->reply(), "220-198.51.100.7 to 192.0.2.1:21\r\n220 number 1");
    const auto second = harness_.connect();
    EXPECT_THAT(second->reply().value_or(""), HasSubstr("number 2"));
}

TEST_F(Hooks, AGreetingWithoutWordsIsThatOfTheServer) {
    harness_.hooks.greeting = [](const SessionInfo&) { return FtpWelcome::greet(); };
    EXPECT_EQ(harness_.connect()->reply(), "220 " + harness_.settings.greeting);
}

TEST_F(Hooks, AConnectionMayBeRefused) {
    std::string text = "Not you";
    harness_.hooks.greeting = [&](const SessionInfo&) { return FtpWelcome::refuse(text); };
    const auto client = harness_.connect();
    EXPECT_EQ(client->reply(), "421 Not you");
    EXPECT_TRUE(client->closed());
    text.clear();
    EXPECT_EQ(harness_.connect()->code(), 421);
    EXPECT_EQ(harness_.sessions(), 0U);
    EXPECT_EQ(harness_.metrics().value(Metric::connections_refused_total), 2);
    EXPECT_EQ(told<event::Disconnected>().size(), 2U);
}

TEST_F(Hooks, AGreetingThatThrowsLetsNobodyIn) {
    harness_.hooks.greeting = [](const SessionInfo&) -> FtpWelcome { throw std::runtime_error("out of words"); };
    const auto client = harness_.connect();
    EXPECT_EQ(client->reply(), "421 Local error in processing");
    EXPECT_TRUE(client->closed());
    EXPECT_THAT(harness_.log(), Contains(HasSubstr("out of words")));
}

TEST_F(Hooks, ARefusedNameIsAFailedLogin) {
    std::vector<std::string> asked;
    harness_.logins.attempts = 2;
    harness_.hooks.allow_name = [&](const SessionInfo&, const std::string& name) {
        asked.push_back(name);
        return name == "alice" ? Verdict::allow() : Verdict::refuse(name == "bob" ? "" : "Not\r\n230 here");
    };
    const auto client = harness_.connect();
    EXPECT_EQ(client->code(), 220);
    EXPECT_EQ(client->ask("USER root"), 530);
    EXPECT_EQ(client->last().find("\r\n230"), std::string::npos) << client->last();
    EXPECT_EQ(client->ask("PASS x"), 503) << "the name was not taken";
    EXPECT_EQ(client->ask("USER alice"), 331);
    EXPECT_EQ(client->ask("PASS x"), 230);
    EXPECT_EQ(client->ask("USER bob"), 530);
    EXPECT_EQ(client->last(), "530 This name is not accepted");
    EXPECT_TRUE(client->closed()) << "that was the second failure";
    EXPECT_THAT(asked, ElementsAre("root", "alice", "bob"));
    ASSERT_EQ(told<event::LoginFailed>().size(), 2U);
    EXPECT_EQ(told<event::LoginFailed>().at(0).name, "root");
}

TEST_F(Hooks, ANameThatCannotBeAskedAboutIsNotTaken) {
    harness_.hooks.allow_name = [](const SessionInfo&, const std::string&) -> Verdict {
        throw std::runtime_error("no answer");
    };
    const auto client = harness_.connect();
    EXPECT_EQ(client->code(), 220);
    EXPECT_EQ(client->ask("USER alice"), 451);
    EXPECT_EQ(client->ask("PASS x"), 503);
}

TEST_F(Hooks, LoginAndFarewellHaveTheirTexts) {
    std::string words;
    harness_.hooks.login_message = [&](const SessionInfo& session, const User& user) {
        return words.empty() ? words : words + " " + user.name + " " + session.user;
    };
    harness_.hooks.quit_message = [&](const SessionInfo&) { return words; };
    const auto plain = alice();
    EXPECT_EQ(plain->last(), "230 " + harness_.settings.login_message);
    EXPECT_EQ(plain->ask("QUIT"), 221);
    EXPECT_EQ(plain->last(), "221 " + harness_.settings.quit_message);
    words = "So";
    const auto client = alice();
    EXPECT_EQ(client->last(), "230 So alice alice");
    EXPECT_EQ(client->ask("QUIT"), 221);
    EXPECT_EQ(client->last(), "221 So");
}

TEST_F(Hooks, ATextThatThrowsIsReplacedByTheUsual) {
    harness_.hooks.login_message = [](const SessionInfo&, const User&) -> std::string { throw std::logic_error("a"); };
    harness_.hooks.quit_message = [](const SessionInfo&) -> std::string { throw std::logic_error("b"); };
    const auto client = alice();
    EXPECT_EQ(client->last(), "230 " + harness_.settings.login_message);
    EXPECT_EQ(client->ask("QUIT"), 221);
    EXPECT_THAT(harness_.log(), Contains(HasSubstr("login_message: ")));
}

TEST_F(Hooks, EveryCommandIsAskedAboutWithoutItsSecrets) {
    std::vector<std::string> asked;
    harness_.hooks.before_command = [&](const FtpCall& call) -> std::optional<FtpReply> {
        asked.push_back(call.verb + " " + call.argument + (call.user ? " by " + call.user->name : ""));
        return std::nullopt;
    };
    const auto client = alice();
    EXPECT_EQ(client->ask("noop"), 200);
    EXPECT_EQ(client->ask("SITE help"), 214);
    EXPECT_EQ(client->ask("XYZZY now"), 500);
    EXPECT_THAT(asked,
                ElementsAre("USER alice", "PASS ****", "NOOP  by alice", "SITE help by alice", "XYZZY now by alice"));
}

TEST_F(Hooks, ACommandMayBeRefusedWithAReplyOfOnesOwn) {
    harness_.put("/a", "content");
    harness_.hooks.before_command = [](const FtpCall& call) -> std::optional<FtpReply> {
        if (call.verb == "RETR") return FtpReply{.code = 450, .text = "Later"};
        if (call.verb == "XYZZY") return FtpReply{.code = 202, .text = "Nothing happens"};
        if (call.verb == "NOOP") return FtpReply{.code = 421, .text = "Bored", .close = true};
        if (call.verb == "PWD") throw std::runtime_error("lost");
        return std::nullopt;
    };
    const auto client = alice();
    EXPECT_EQ(client->ask("TYPE I"), 200);
    EXPECT_EQ(client->ask("EPSV"), 229);
    EXPECT_EQ(client->ask("REST 3"), 350);
    EXPECT_EQ(client->ask("RETR a"), 450);
    EXPECT_EQ(told<event::Command>().back().reply, 450);
    EXPECT_EQ(client->ask("XYZZY"), 202);
    EXPECT_EQ(client->ask("PWD"), 451);
    EXPECT_EQ(client->ask("NOOP"), 421);
    EXPECT_TRUE(client->closed());
}

TEST_F(Hooks, DataOfTheEmbeddersGoWithTheSession) {
    const auto of_connection = std::make_shared<int>(1);
    const auto of_user = std::make_shared<int>(2);
    harness_.add_user(User{.name = "bob", .extra = of_user}, "x");
    harness_.hooks.greeting = [&](const SessionInfo&) {
        FtpWelcome welcome;
        welcome.extra = of_connection;
        return welcome;
    };
    std::vector<std::shared_ptr<void>> seen;
    harness_.guards.add<action::List>([&](const action::List& list) {
        seen.push_back(list.session.extra);
        return Verdict::refuse("that is all");
    });
    const auto client = harness_.connect();
    EXPECT_TRUE(client->log_in("bob", "x"));
    EXPECT_EQ(told<event::LoggedIn>().back().session.extra, of_user);
    EXPECT_EQ(client->ask("STAT /"), 550);
    EXPECT_EQ(client->ask("USER alice"), 331);
    EXPECT_EQ(client->ask("PASS x"), 230);
    EXPECT_EQ(client->ask("STAT /"), 550);
    EXPECT_THAT(seen, ElementsAre(std::shared_ptr<void>(of_user), std::shared_ptr<void>(of_connection)));
}

TEST_F(Hooks, TheListOfSessionsTellsWhatTheyDo) {
    harness_.put("/a", std::string(1000, 'a'));
    const auto status = [&] { return harness_.commons().sessions.status(harness_.clock().now()).at(0); };
    const auto client = harness_.connect();
    EXPECT_EQ(status().session.local, "192.0.2.1");
    EXPECT_EQ(status().session.local_port, 21);
    EXPECT_EQ(client->code(), 220);
    EXPECT_EQ(client->ask("CLNT Teapot"), 200);
    EXPECT_EQ(status().session.client, "Teapot");
    EXPECT_TRUE(client->ask("USER alice") == 331 && client->ask("PASS x") == 230);
    EXPECT_EQ(status().command, "PASS ****");
    EXPECT_EQ(status().session.user, "alice");
    EXPECT_EQ(client->ask("EPSV"), 229);
    ASSERT_TRUE(client->open_data());
    client->data->window = 10;
    EXPECT_EQ(client->ask("RETR a"), 125);
    EXPECT_TRUE(status().busy);
    EXPECT_EQ(client->ask("NOOP"), 200);
    EXPECT_EQ(status().command, "RETR a") << "a NOOP beside it is not what the session does";
    EXPECT_EQ(status().data_command, "EPSV");
    EXPECT_TRUE(status().busy);
    client->data->reset();
    harness_.run();
    EXPECT_EQ(client->code(), 426);
    EXPECT_FALSE(status().busy);
    harness_.clock().advance(std::chrono::seconds(3));
    EXPECT_EQ(status().idle, std::chrono::seconds(3));
    EXPECT_EQ(client->ask("REIN"), 220);
    EXPECT_EQ(status().session.user, "") << "the list forgets who has logged out";
}

}  // namespace
}  // namespace wherry::testing
