// Commands of an embedder: they pass the gates that ours pass, HELP and FEAT know them, and nothing they answer can
// break the conversation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "testing/harness.h"

namespace wherry::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class OwnCommands : public ::testing::Test {
protected:
    void add(FtpCommand row, FtpFunction run) {
        const auto added = ftp::add_command(harness_.hooks, {std::move(row), std::move(run)});
        ASSERT_TRUE(added) << added.error().message;
    }
    // A command that tells what it was called with.
    void add_echo(FtpCommand row) {
        add(std::move(row), [](const FtpCall& call) {
            return FtpReply{.text = call.verb + "|" + call.argument + "|" + call.directory.string() + "|" +
                                    (call.user ? call.user->name : "nobody")};
        });
    }
    std::unique_ptr<Client> client() {
        auto fresh = harness_.connect();
        EXPECT_EQ(fresh->code(), 220);
        return fresh;
    }
    std::unique_ptr<Client> user(const std::string& name, Perm letters) {
        harness_.add_user(name, "x", letters);
        auto fresh = harness_.connect();
        EXPECT_TRUE(fresh->log_in(name, "x"));
        return fresh;
    }

    Harness harness_;
};

TEST_F(OwnCommands, AreCalledWithWhatTheClientMeant) {
    add_echo({.verb = "xecho"});
    add_echo({.verb = "SITE ECHO"});
    const auto alice = user("alice", perm::all);
    EXPECT_EQ(alice->ask("MKD /d"), 257);
    EXPECT_EQ(alice->ask("CWD d"), 250);
    EXPECT_EQ(alice->ask("XEcho  two words "), 200);
    EXPECT_EQ(alice->last(), "200 XECHO| two words |/d|alice");
    EXPECT_EQ(alice->ask("SITE echo a"), 200);
    EXPECT_EQ(alice->last(), "200 SITE ECHO|a|/d|alice");
}

TEST_F(OwnCommands, PassTheGatesOfTheirRow) {
    add_echo({.verb = "XOPEN", .login = false});
    add_echo({.verb = "XARG", .help = "XARG <something>", .argument = true});
    add_echo({.verb = "SITE OURS", .permission = 'Z'});
    const auto stranger = client();
    EXPECT_EQ(stranger->ask("XOPEN"), 200);
    EXPECT_EQ(stranger->last(), "200 XOPEN||/|nobody");
    EXPECT_EQ(stranger->ask("XARG a"), 530);
    EXPECT_EQ(stranger->ask("SITE OURS"), 530);
    const auto alice = user("alice", perm::all);
    EXPECT_EQ(alice->ask("XARG"), 501);
    EXPECT_EQ(alice->last(), "501 Syntax: XARG <something>");
    EXPECT_EQ(alice->ask("SITE OURS"), 550);
    const auto boss = user("boss", perm::all | Perm("Z"));
    EXPECT_EQ(boss->ask("SITE OURS"), 200);
}

TEST_F(OwnCommands, TheirLetterIsAskedWhereTheSessionStands) {
    add_echo({.verb = "SITE OURS", .permission = 'Z'});
    User who{.name = "alice", .permissions = perm::all};
    who.rules.push_back({.directory = Path().child("d"), .letters = perm::all | Perm("Z")});
    harness_.add_user(std::move(who), "x");
    const auto alice = client();
    EXPECT_EQ(alice->ask("USER alice"), 331);
    EXPECT_EQ(alice->ask("PASS x"), 230);
    EXPECT_EQ(alice->ask("MKD d"), 257);
    EXPECT_EQ(alice->ask("SITE OURS"), 550);
    EXPECT_EQ(alice->ask("CWD d"), 250);
    EXPECT_EQ(alice->ask("SITE OURS"), 200);
}

TEST_F(OwnCommands, StandInHelpAndFeat) {
    add_echo({.verb = "XECHO", .help = "XECHO <text> (says it)", .feature = "XECHO"});
    add_echo({.verb = "SITE OURS", .feature = "SITE OURS"});
    const auto alice = user("alice", perm::all);
    EXPECT_EQ(alice->ask("HELP"), 214);
    EXPECT_THAT(alice->last(), HasSubstr("XECHO"));
    EXPECT_EQ(alice->ask("HELP XECHO"), 214);
    EXPECT_EQ(alice->last(), "214 Syntax: XECHO <text> (says it)");
    EXPECT_EQ(alice->ask("SITE HELP"), 214);
    EXPECT_THAT(alice->last(), HasSubstr("OURS"));
    EXPECT_EQ(alice->ask("SITE HELP OURS"), 214);
    EXPECT_EQ(alice->last(), "214 Syntax: SITE OURS");
    EXPECT_EQ(alice->ask("FEAT"), 211);
    EXPECT_THAT(alice->last(), HasSubstr("\r\n XECHO\r\n"));
    EXPECT_THAT(alice->last(), HasSubstr("\r\n SITE OURS\r\n"));
}

TEST_F(OwnCommands, ReplaceOursWithAllItsTraces) {
    add_echo({.verb = "SIZE", .help = "SIZE of what?"});
    const auto alice = user("alice", perm::all);
    EXPECT_EQ(alice->ask("SIZE a"), 200);
    EXPECT_EQ(alice->last(), "200 SIZE|a|/|alice");
    EXPECT_EQ(alice->ask("FEAT"), 211);
    EXPECT_THAT(alice->last(), Not(HasSubstr("SIZE")));
}

TEST_F(OwnCommands, AreGoneWhereSiteIsSwitchedOff) {
    add_echo({.verb = "SITE OURS", .feature = "SITE OURS"});
    harness_.settings.disabled_commands = {"SITE"};
    const auto alice = user("alice", perm::all);
    EXPECT_EQ(alice->ask("SITE OURS"), 502);
    EXPECT_EQ(alice->ask("FEAT"), 211);
    EXPECT_THAT(alice->last(), Not(HasSubstr("OURS")));
}

TEST_F(OwnCommands, CannotSayWhatIsNoReply) {
    add({.verb = "XLINES"}, [](const FtpCall&) { return FtpReply{.text = "one\r\n226 two\nthree"}; });
    add({.verb = "XCODE"}, [](const FtpCall& call) { return FtpReply{.code = std::stoi(call.argument)}; });
    const auto alice = user("alice", perm::all);
    EXPECT_EQ(alice->ask("XLINES"), 200);
    EXPECT_EQ(alice->last(), "200-one\r\n 226 two\r\n200 three");
    for (const char* code : {"-1", "0", "150", "199", "600", "20000"}) {
        EXPECT_EQ(alice->ask("XCODE " + std::string(code)), 451) << code;
    }
    EXPECT_EQ(alice->ask("XCODE 200"), 200);
    EXPECT_EQ(alice->ask("XCODE 599"), 599);
    EXPECT_EQ(alice->ask("XCODE nonsense"), 451);  // it throws
    EXPECT_EQ(alice->ask("NOOP"), 200);
    EXPECT_THAT(harness_.log(), ::testing::Contains(HasSubstr("XCODE: its function answered with the code 20000")));
    EXPECT_THAT(harness_.log(), ::testing::Contains(HasSubstr("XCODE: on lane disk: ")));
}

TEST_F(OwnCommands, MayEndTheSession) {
    add({.verb = "XBYE"}, [](const FtpCall&) { return FtpReply{.code = 221, .text = "Bye", .close = true}; });
    const auto alice = user("alice", perm::all);
    EXPECT_EQ(alice->ask("XBYE"), 221);
    EXPECT_TRUE(alice->closed());
    EXPECT_EQ(harness_.sessions(), 0U);
}

TEST_F(OwnCommands, AreToldAsEventsWithTheirReply) {
    add({.verb = "XNO"}, [](const FtpCall&) { return FtpReply{.code = 553, .text = "No"}; });
    const auto alice = user("alice", perm::all);
    EXPECT_EQ(alice->ask("XNO way"), 553);
    const auto* told = std::get_if<event::Command>(&harness_.events().back());
    ASSERT_NE(told, nullptr);
    EXPECT_EQ(told->verb + " " + told->argument, "XNO way");
    EXPECT_EQ(told->reply, 553);
}

TEST_F(OwnCommands, SlowOnesLeaveTheControlConnectionFree) {
    harness_.disk_threads = 1;
    std::promise<void> go;
    add({.verb = "SITE SLOW", .slow = true}, [wait = go.get_future().share()](const FtpCall&) {
        wait.wait();
        return FtpReply{.text = "At last"};
    });
    const auto alice = user("alice", perm::all);
    alice->say("SITE SLOW");
    EXPECT_EQ(alice->ask("NOOP"), 200);
    EXPECT_EQ(alice->ask("STAT"), 211);
    EXPECT_THAT(alice->last(), HasSubstr("SITE SLOW"));
    EXPECT_EQ(alice->ask("PWD"), 0) << "it waits for its turn";
    go.set_value();
    harness_.run_disk();
    EXPECT_EQ(alice->code(), 200);
    EXPECT_EQ(alice->last(), "200 At last");
    EXPECT_EQ(alice->code(), 257);
}

TEST_F(OwnCommands, ASessionThatEndsMeanwhileWaitsForThem) {
    harness_.disk_threads = 1;
    std::promise<void> go;
    add({.verb = "XSLOW"}, [wait = go.get_future().share()](const FtpCall&) {
        wait.wait();
        return FtpReply{};
    });
    auto alice = user("alice", perm::all);
    alice->say("XSLOW");
    alice->reset();
    EXPECT_EQ(harness_.sessions(), 1U);
    go.set_value();
    harness_.run_disk();
    EXPECT_EQ(harness_.sessions(), 0U);
}

}  // namespace
}  // namespace wherry::testing
