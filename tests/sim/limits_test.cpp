// Limits, bans and rates, as clients meet them: a whole server with a manual clock.
#include <gtest/gtest.h>

#include <string>

#include "testing/harness.h"

namespace wherry {
namespace {

using namespace std::chrono_literals;
using testing::Harness;

net::Address from(std::string_view ip) { return net::Address::parse_ip(ip, 40000).value(); }

User member(const std::string& name, const std::string& group) {
    User user;
    user.name = name;
    user.permissions = perm::all;
    user.group = group;
    return user;
}

// One wrong password from that address.
void fail_once(Harness& harness, const std::string& address) {
    const auto client = harness.connect(from(address));
    client->code();
    client->say("USER alice");
    client->say("PASS wrong");
    harness.wait(60s);
}

TEST(Bans, an_address_that_guesses_is_turned_away_and_nobody_else) {
    Harness harness;
    harness.add_user("alice", "x");
    harness.bans = {.failures = 3, .duration = 900s};
    for (int i = 0; i < 3; ++i) fail_once(harness, "198.51.100.7");
    EXPECT_EQ(harness.connect(from("198.51.100.7"))->code(), 421);
    EXPECT_TRUE(harness.connect(from("198.51.100.8"))->log_in("alice", "x")) << "the user is not locked out";
    EXPECT_EQ(harness.metrics().value(Metric::bans_total), 1);
    harness.wait(900s);
    EXPECT_TRUE(harness.connect(from("198.51.100.7"))->log_in("alice", "x"));
}

// Whoever has a /64 has 2^64 addresses to guess from.
TEST(Bans, count_ipv6_by_its_network) {
    Harness harness;
    harness.add_user("alice", "x");
    harness.bans = {.failures = 2};
    fail_once(harness, "2001:db8::1");
    fail_once(harness, "2001:db8::2");
    EXPECT_EQ(harness.connect(from("2001:db8::3"))->code(), 421);
    EXPECT_EQ(harness.connect(from("2001:db8:0:1::3"))->code(), 220);
}

TEST(Bans, end_the_session_that_guesses) {
    Harness harness;
    harness.add_user("alice", "x");
    harness.logins.attempts = 100;
    harness.bans = {.failures = 2};
    const auto client = harness.connect();
    client->code();
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(client->ask("USER alice"), 331);
        client->say("PASS wrong");
        harness.wait(10s);
        EXPECT_EQ(client->code(), 530);
    }
    EXPECT_TRUE(client->closed());
}

// A session that was there before the ban learns no more than the others.
TEST(Bans, hold_for_the_right_password_as_well) {
    Harness harness;
    harness.add_user("alice", "x");
    harness.bans = {.failures = 1};
    const auto waiting = harness.connect();
    waiting->code();
    fail_once(harness, "198.51.100.7");
    const auto other = harness.connect(from("198.51.100.9"));
    EXPECT_EQ(waiting->ask("USER alice"), 421) << "its login timeout";
    EXPECT_TRUE(other->log_in("alice", "x"));
}

TEST(Bans, spare_the_networks_that_are_never_banned) {
    Harness harness;
    harness.add_user("alice", "x");
    harness.bans = {.failures = 1};
    harness.logins.never_ban = {net::Subnet::parse("198.51.100.0/24").value()};
    for (int i = 0; i < 5; ++i) fail_once(harness, "198.51.100.7");
    EXPECT_TRUE(harness.connect()->log_in("alice", "x"));
}

// Who has the right password and no place is not guessing.
TEST(Bans, do_not_count_logins_that_only_found_no_place) {
    Harness harness;
    User alice = member("alice", "");
    alice.limits.sessions = 1;
    harness.add_user(std::move(alice), "x");
    harness.bans = {.failures = 1};
    const auto first = harness.connect();
    EXPECT_TRUE(first->log_in("alice", "x"));
    const auto second = harness.connect();
    second->code();
    second->say("USER alice");
    second->say("PASS x");
    harness.wait(4s);
    EXPECT_EQ(harness.metrics().value(Metric::bans_total), 0);
    EXPECT_EQ(harness.connect()->code(), 220);
}

TEST(Limits, a_groups_sessions_are_counted_together) {
    Harness harness;
    for (const char* name : {"alice", "bob"}) {
        User user = member(name, "staff");
        user.group_limits.sessions = 1;
        harness.add_user(std::move(user), "x");
    }
    const auto alice = harness.connect();
    EXPECT_TRUE(alice->log_in("alice", "x"));
    const auto bob = harness.connect();
    bob->code();
    EXPECT_EQ(bob->ask("USER bob"), 331);
    bob->say("PASS x");
    harness.wait(4s);
    EXPECT_EQ(bob->code(), 530);
    EXPECT_EQ(alice->ask("QUIT"), 221);
    EXPECT_EQ(bob->ask("USER bob"), 331);
    EXPECT_EQ(bob->ask("PASS x"), 230);
}

TEST(Limits, a_users_transfers) {
    Harness harness;
    User user = member("alice", "");
    user.limits.transfers = 1;
    harness.add_user(std::move(user), "x");
    harness.put("/a", "content");
    const auto first = harness.connect();
    const auto second = harness.connect();
    for (testing::Client* client : {first.get(), second.get()}) {
        EXPECT_TRUE(client->log_in("alice", "x"));
        EXPECT_EQ(client->ask("EPSV"), 229);
    }
    EXPECT_EQ(first->ask("STOR b"), 150);
    EXPECT_EQ(second->ask("RETR a"), 450);
    first->open_data()->end_sending();
    EXPECT_EQ(first->code(), 226);
    second->open_data();
    EXPECT_EQ(second->ask("RETR a"), 125);
}

TEST(Limits, commands_above_the_rate_wait_and_are_all_answered) {
    Harness harness;
    harness.add_user("alice", "x");
    harness.limits.commands_per_second = 10;
    const auto client = harness.connect();
    EXPECT_TRUE(client->log_in("alice", "x"));
    std::string noops;
    for (int i = 0; i < 30; ++i) noops += "NOOP\r\n";
    client->send(noops);
    int answered = 0;
    while (client->code() == 200) ++answered;
    EXPECT_LE(answered, 10);
    harness.wait(1s);
    while (client->code() == 200) ++answered;
    EXPECT_LE(answered, 20);
    harness.wait(2s);
    while (client->code() == 200) ++answered;
    EXPECT_EQ(answered, 30);
}

TEST(Limits, a_users_idle_timeout_may_be_none) {
    Harness harness;
    User user = member("alice", "");
    user.limits.idle_timeout = UserLimits::any_time;
    harness.add_user(std::move(user), "x");
    harness.settings.idle_timeout = 10s;
    const auto client = harness.connect();
    EXPECT_TRUE(client->log_in("alice", "x"));
    harness.wait(100s);
    EXPECT_EQ(client->ask("NOOP"), 200);
}

TEST(Limits, a_users_stall_timeout_wins) {
    Harness harness;
    User user = member("alice", "");
    user.limits.stall_timeout = 5s;
    harness.add_user(std::move(user), "x");
    const auto client = harness.connect();
    EXPECT_TRUE(client->log_in("alice", "x"));
    EXPECT_EQ(client->ask("EPSV"), 229);
    client->open_data();
    EXPECT_EQ(client->ask("STOR a"), 125);
    harness.wait(4s);
    EXPECT_EQ(client->code(), 0);
    harness.wait(2s);
    EXPECT_EQ(client->code() / 100, 4);
}

// The delay of a refusal waited on the same side of the stream as replies that the client did not take, and one of the
// two was never woken.
TEST(Limits, a_refused_login_of_a_client_that_does_not_read) {
    Harness harness;
    harness.add_user("alice", "x");
    const auto client = harness.connect();
    client->code();
    client->control().window = 10;
    client->send("NOOP\r\nNOOP\r\nUSER alice\r\nPASS wrong\r\n");
    harness.wait(10s);
    client->control().window = 10'000;
    for (const int code : {200, 200, 331, 530}) EXPECT_EQ(client->code(), code);
    EXPECT_EQ(client->ask("NOOP"), 200);
}

// A client that asks for ever and never reads must not fill our memory.
TEST(Limits, replies_that_nobody_reads_are_bounded_and_end_the_session) {
    Harness harness;
    harness.add_user("alice", "x");
    harness.settings.reply_limit = 4096;
    harness.settings.idle_timeout = 60s;
    const auto client = harness.connect();
    EXPECT_TRUE(client->log_in("alice", "x"));
    client->control().window = 100;
    std::string helps;
    for (int i = 0; i < 100'000; ++i) helps += "HELP\r\n";
    client->send(helps);
    harness.wait(30s);
    EXPECT_LT(harness.metrics().value(Metric::commands_total), 100);
    harness.wait(60s);
    EXPECT_EQ(harness.sessions(), 0U);
}

}  // namespace
}  // namespace wherry
