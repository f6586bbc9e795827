#include "access/sessions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>

namespace wherry {
namespace {

SessionInfo from(const std::string& peer) { return {0, "ftp", peer, 4000, ""}; }
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
    entry.set_user("alice");
    const SessionInfo info = sessions.list().at(0);
    EXPECT_EQ(info.user, "alice");
    EXPECT_EQ(info.peer, "192.0.2.1");
    EXPECT_EQ(info.peer_port, 4000);
    EXPECT_EQ(info.protocol, "ftp");
}

TEST(Sessions, AnEntryLeavesOnceHoweverItIsMoved) {
    Sessions sessions;
    {
        auto one = sessions.enter(from("192.0.2.1"), ignore);
        Sessions::Entry moved(std::move(one));
        EXPECT_EQ(one.id(), 0U);  // NOLINT(bugprone-use-after-move): that it is empty is what is tested
        one.set_user("nobody");
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
                    entry.set_user("alice");
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
