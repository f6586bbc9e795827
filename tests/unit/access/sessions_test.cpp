#include "access/sessions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>

namespace wherry {
namespace {

SessionInfo from(const std::string& peer, const std::string& user = {}) {
    return {.protocol = "ftp", .peer = peer, .peer_port = 4000, .user = user};
}
void ignore(Code) {}

std::vector<std::uint64_t> ids(const Sessions& sessions) {
    std::vector<std::uint64_t> all;
    for (const SessionInfo& info : sessions.list()) all.push_back(info.id);
    return all;
}

TEST(Sessions, IdsAreGivenInOrderAndNeverAgain) {
    Sessions sessions;
    SessionInfo info = from("192.0.2.1");
    info.id = 999;
    auto one = sessions.enter(info, ignore);
    auto two = sessions.enter(from("192.0.2.2"), ignore);
    EXPECT_EQ(one.id(), 1U);
    EXPECT_EQ(two.id(), 2U);
    EXPECT_EQ(ids(sessions), (std::vector<std::uint64_t>{1, 2}));
    two.leave();
    EXPECT_EQ(sessions.enter(from("192.0.2.3"), ignore).id(), 3U);
    EXPECT_EQ(sessions.size(), 1U);
}

TEST(Sessions, TheListShowsWhoTheyAre) {
    Sessions sessions;
    auto entry = sessions.enter(from("192.0.2.1"), ignore);
    EXPECT_EQ(sessions.list().at(0).user, "");
    entry.set_info(from("192.0.2.1", "alice"));
    const SessionInfo info = sessions.list().at(0);
    EXPECT_EQ(info.user, "alice");
    EXPECT_EQ(info.peer, "192.0.2.1");
    EXPECT_EQ(info.peer_port, 4000);
    EXPECT_EQ(info.protocol, "ftp");
    EXPECT_EQ(info.id, entry.id()) << "whatever the session thinks";
}

TEST(Sessions, TheirStatusTellsWhatTheyDo) {
    using std::chrono::milliseconds;
    Sessions sessions;
    const Sessions::Time start{std::chrono::hours(7)};
    auto entry = sessions.enter(from("192.0.2.1"), ignore, start);
    const auto status = [&](milliseconds later) { return sessions.status(start + later).at(0); };
    EXPECT_EQ(status(milliseconds(10)).command, "");
    EXPECT_EQ(status(milliseconds(10)).idle, milliseconds(10));

    entry.set_command({.verb = "EPSV", .prepares_data = true, .at = start + milliseconds(20)});
    entry.set_command({.verb = "RETR", .argument = "a file", .busy = true, .at = start + milliseconds(30)});
    EXPECT_EQ(status(milliseconds(100)).command, "RETR a file");
    EXPECT_EQ(status(milliseconds(100)).data_command, "EPSV");
    EXPECT_TRUE(status(milliseconds(100)).busy);
    EXPECT_EQ(status(milliseconds(100)).idle, milliseconds(0));
    EXPECT_EQ(status(milliseconds(100)).connected, milliseconds(100));

    entry.set_command({.verb = "RETR", .argument = "a file", .at = start + milliseconds(200)});
    EXPECT_FALSE(status(milliseconds(250)).busy);
    EXPECT_EQ(status(milliseconds(250)).idle, milliseconds(50));
}

TEST(Sessions, ALongCommandIsKeptInPart) {
    Sessions sessions;
    auto entry = sessions.enter(from("192.0.2.1"), ignore);
    entry.set_command({.verb = "CWD", .argument = std::string(5000, 'x')});
    EXPECT_EQ(sessions.status({}).at(0).command.size(), Sessions::command_limit);
    entry.set_command({.verb = std::string(32, 'V'), .argument = ""});
    EXPECT_EQ(sessions.status({}).at(0).command, std::string(32, 'V'));
}

TEST(Sessions, AnEntryLeavesOnceHoweverItIsMoved) {
    Sessions sessions;
    {
        auto one = sessions.enter(from("192.0.2.1"), ignore);
        Sessions::Entry moved(std::move(one));
        EXPECT_EQ(one.id(), 0U);  // NOLINT(bugprone-use-after-move): that it is empty is what is tested
        one.set_info(from("nobody"));
        one.set_command({.verb = "NOOP"});
        auto other = sessions.enter(from("192.0.2.2"), ignore);
        EXPECT_EQ(sessions.size(), 2U);
        other = std::move(moved);
        EXPECT_EQ(ids(sessions), (std::vector<std::uint64_t>{1}));
        Sessions::Entry& same = other;
        other = std::move(same);
        EXPECT_EQ(sessions.size(), 1U);
        other.leave();
        other.leave();
        EXPECT_EQ(sessions.size(), 0U);
    }
    EXPECT_EQ(sessions.size(), 0U);
}

TEST(Sessions, KillPassesTheWordToTheOneSession) {
    Sessions sessions;
    std::vector<std::pair<int, Code>> killed;
    auto one = sessions.enter(from("a"), [&](Code cause) { killed.emplace_back(1, cause); });
    auto two = sessions.enter(from("b"), [&](Code cause) { killed.emplace_back(2, cause); });
    EXPECT_TRUE(sessions.kill(two.id(), Code::killed));
    EXPECT_EQ(killed, (std::vector<std::pair<int, Code>>{{2, Code::killed}}));
    EXPECT_FALSE(sessions.kill(77, Code::killed));
    sessions.kill_all(Code::timeout);
    EXPECT_EQ(killed, (std::vector<std::pair<int, Code>>{{2, Code::killed}, {1, Code::timeout}, {2, Code::timeout}}));
    EXPECT_EQ(sessions.size(), 2U) << "killing is telling: they leave by themselves";
    const std::uint64_t gone = two.id();
    two.leave();
    EXPECT_FALSE(sessions.kill(gone, Code::killed));
}

TEST(Sessions, WhatAKillFunctionHoldsMayComeBackWhenItGoes) {
    Sessions sessions;
    struct LooksBack {
        Sessions& sessions;
        std::size_t& saw;
        ~LooksBack() { saw = sessions.size(); }
    };
    std::size_t saw = 99;
    auto held = std::make_shared<LooksBack>(sessions, saw);
    auto entry = sessions.enter(from("a"), [held](Code) {});
    held.reset();
    entry.leave();
    EXPECT_EQ(saw, 0U);
}

// The kill function of a session touches the session, which is gone right after its entry.
TEST(SessionsStress, KillWhileLeaving) {
    struct Session {
        std::atomic<bool> alive = true;
        std::atomic<int> kills = 0;
    };
    Sessions sessions;
    std::atomic<int> late = 0;
    std::atomic<std::uint64_t> kills = 0;
    std::atomic<bool> done = false;
    std::atomic<std::uint64_t> newest = 0;
    std::jthread killer([&] {
        while (!done) {
            for (std::uint64_t back = 0; back < 4; ++back)
                sessions.kill(newest - std::min(back, newest.load()), Code::killed);
        }
    });
    std::jthread killer_of_all([&] {
        while (!done) {
            sessions.kill_all(Code::killed);
            static_cast<void>(sessions.status({}));
            for (const SessionInfo& info : sessions.list()) newest = std::max(newest.load(), info.id);
        }
    });
    {
        std::vector<std::jthread> threads;
        for (int who = 0; who < 3; ++who) {
            threads.emplace_back([&] {
                for (int i = 0; i < 2000; ++i) {
                    auto session = std::make_unique<Session>();
                    auto entry = sessions.enter(from("a"), [&late, it = session.get()](Code) {
                        if (!it->alive) ++late;
                        ++it->kills;
                    });
                    entry.set_info(from("a", "alice"));
                    entry.set_command({.verb = "NOOP"});
                    if (i % 8 == 0) {
                        while (session->kills == 0) std::this_thread::yield();
                    }
                    entry.leave();
                    session->alive = false;
                    kills += static_cast<std::uint64_t>(session->kills);
                }
            });
        }
    }
    done = true;
    EXPECT_EQ(late, 0);
    EXPECT_GT(kills, 0U);
    EXPECT_EQ(sessions.size(), 0U);
}

}  // namespace
}  // namespace wherry
