// What the embedder hears at the door: who was turned away and by what, and whether TLS came up.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "testing/harness.h"

namespace wherry::testing {
namespace {

using Why = event::Refused::Why;

net::Address from(std::string_view ip) { return net::Address::parse_ip(ip, 40000).value(); }

class DoorEvents : public ::testing::Test {
protected:
    DoorEvents() {
        harness_.add_user("alice", "x");
        harness_.logins.failure_delay = {};
    }
    template <class Kind>
    std::vector<Kind> told() {
        std::vector<Kind> found;
        for (const Event& event : harness_.events()) {
            if (const auto* one = std::get_if<Kind>(&event)) found.push_back(*one);
        }
        return found;
    }
    // Of the one client that was turned away so far.
    event::Refused refused() {
        const auto all = told<event::Refused>();
        EXPECT_EQ(all.size(), 1U);
        EXPECT_EQ(harness_.metrics().value(Metric::connections_refused_total), static_cast<std::int64_t>(all.size()));
        return all.empty() ? event::Refused() : all.back();
    }

    Harness harness_;
};

TEST_F(DoorEvents, ALimitOfTheServer) {
    harness_.limits.sessions = 1;
    const auto first = harness_.connect();
    EXPECT_TRUE(told<event::Refused>().empty());
    EXPECT_EQ(harness_.connect(from("198.51.100.8"))->code(), 421);
    const event::Refused told_of = refused();
    EXPECT_EQ(told_of.why, Why::sessions);
    EXPECT_EQ(told_of.session.peer, "198.51.100.8");
    EXPECT_EQ(told_of.reason, "too many sessions (limit 1)");
}

TEST_F(DoorEvents, ALimitOfTheAddress) {
    harness_.limits.sessions_per_address = 1;
    const auto first = harness_.connect();
    EXPECT_EQ(harness_.connect()->code(), 421);
    EXPECT_EQ(refused().why, Why::address_sessions);
    EXPECT_EQ(harness_.connect(from("198.51.100.8"))->code(), 220);
}

TEST_F(DoorEvents, ABan) {
    harness_.bans = {.failures = 1};
    const auto guesser = harness_.connect();
    guesser->code();
    guesser->ask("USER alice");
    guesser->ask("PASS wrong");
    EXPECT_EQ(harness_.connect()->code(), 421);
    EXPECT_EQ(refused().why, Why::banned);
}

TEST_F(DoorEvents, AGreetingThatSaysNo) {
    harness_.hooks.greeting = [](const SessionInfo&) { return FtpWelcome::refuse("Not you"); };
    harness_.connect();
    EXPECT_EQ(refused().why, Why::program);
    EXPECT_EQ(refused().reason, "the greeting refused it: Not you");
}

TEST_F(DoorEvents, AServerThatCloses) {
    const auto first = harness_.connect();
    harness_.server().drain();
    EXPECT_EQ(harness_.connect()->code(), 421);
    EXPECT_EQ(refused().why, Why::draining);
}

TEST_F(DoorEvents, StandBetweenTheConnectionAndItsEnd) {
    harness_.limits.sessions = 1;
    const auto first = harness_.connect();
    harness_.events().clear();
    harness_.connect();
    ASSERT_EQ(harness_.events().size(), 3U);
    EXPECT_TRUE(std::holds_alternative<event::Connected>(harness_.events()[0]));
    EXPECT_TRUE(std::holds_alternative<event::Refused>(harness_.events()[1]));
    EXPECT_TRUE(std::holds_alternative<event::Disconnected>(harness_.events()[2]));
}

TEST_F(DoorEvents, TlsThatCameUp) {
    harness_.tls = true;
    const auto client = harness_.connect();
    client->code();
    ASSERT_EQ(client->ask("AUTH TLS"), 234);
    EXPECT_TRUE(told<event::TlsHandshake>().empty());
    ASSERT_TRUE(client->begin_tls());
    const auto all = told<event::TlsHandshake>();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_TRUE(all[0].complete());
    EXPECT_TRUE(all[0].session.secure);
    EXPECT_EQ(all[0].version, "TLSv1.3");
    EXPECT_FALSE(all[0].cipher.empty());
    EXPECT_TRUE(all[0].reason.empty());
}

// The session said that it was in clear for as long as it lived.
TEST_F(DoorEvents, WhatFollowsUnderTlsIsToldAsSecure) {
    harness_.tls = true;
    harness_.settings.tls.clear_again = true;
    const auto client = harness_.connect();
    client->code();
    EXPECT_FALSE(told<event::Connected>().at(0).session.secure);
    ASSERT_EQ(client->ask("AUTH TLS"), 234);
    ASSERT_TRUE(client->begin_tls());
    EXPECT_EQ(client->ask("USER alice"), 331);
    EXPECT_EQ(client->ask("PASS x"), 230);
    EXPECT_TRUE(told<event::LoggedIn>().at(0).session.secure);
    EXPECT_TRUE(harness_.commons().sessions.list().at(0).secure);
    EXPECT_EQ(client->ask("CCC"), 200);
    client->end_tls();
    EXPECT_EQ(client->ask("NOOP"), 200);
    EXPECT_FALSE(told<event::Command>().back().session.secure);
    EXPECT_FALSE(harness_.commons().sessions.list().at(0).secure);
}

TEST_F(DoorEvents, TlsThatFailed) {
    harness_.tls = true;
    const auto client = harness_.connect();
    client->code();
    ASSERT_EQ(client->ask("AUTH TLS"), 234);
    client->send("this is no handshake\r\n");
    const auto all = told<event::TlsHandshake>();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_FALSE(all[0].complete());
    EXPECT_FALSE(all[0].session.secure);
    EXPECT_FALSE(all[0].reason.empty());
    EXPECT_TRUE(all[0].version.empty());
}

TEST_F(DoorEvents, TlsThatNeverCame) {
    harness_.tls = true;
    harness_.implicit_tls = true;
    const auto client = harness_.connect();
    harness_.wait(std::chrono::seconds(60));
    const auto all = told<event::TlsHandshake>();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].cause, Code::timeout);
}

}  // namespace
}  // namespace wherry::testing
