#include "access/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace wherry {
namespace {

using testing::HasSubstr;

User member(const std::string& name, const std::string& group = "") {
    User user;
    user.name = name;
    user.group = group;
    return user;
}

TEST(LimitsAddressKey, IPv4AddressesCountOneByOne) {
    EXPECT_EQ(Limits::address_key("192.0.2.1"), "192.0.2.1");
    EXPECT_NE(Limits::address_key("192.0.2.1"), Limits::address_key("192.0.2.2"));
}

TEST(LimitsAddressKey, IPv6AddressesCountByTheirNetwork) {
    EXPECT_EQ(Limits::address_key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    EXPECT_EQ(Limits::address_key("2001:DB8:1:2::1"), "2001:db8:1:2::/64");
    EXPECT_EQ(Limits::address_key("2001:db8:1:3::1"), "2001:db8:1:3::/64");
    EXPECT_EQ(Limits::address_key("::1"), "::/64");
    EXPECT_EQ(Limits::address_key("fe80::1%eth0"), "fe80::/64");
}

TEST(LimitsAddressKey, WhatIsNoAddressIsItsOwnKey) {
    EXPECT_EQ(Limits::address_key("client-1"), "client-1");
    EXPECT_EQ(Limits::address_key(""), "");
}

TEST(LimitsSession, IsRefusedAtTheLimitAndAdmittedAfterARelease) {
    Limits limits({.sessions = 2});
    auto one = limits.session("192.0.2.1");
    auto two = limits.session("192.0.2.2");
    ASSERT_TRUE(one && *one && two && *two);
    const auto three = limits.session("192.0.2.3");
    ASSERT_FALSE(three);
    EXPECT_EQ(three.error().code, Code::busy);
    EXPECT_EQ(three.error().message, "too many sessions (limit 2)");
    EXPECT_EQ(limits.sessions(), 2U);
    one->release();
    EXPECT_EQ(limits.sessions(), 1U);
    EXPECT_TRUE(limits.session("192.0.2.3"));
}

TEST(LimitsSession, AddressesHaveALimitOfTheirOwn) {
    Limits limits({.sessions = 0, .sessions_per_address = 1});
    const auto one = limits.session("2001:db8::1");
    ASSERT_TRUE(one);
    const auto neighbour = limits.session("2001:db8::ffff");
    ASSERT_FALSE(neighbour);
    EXPECT_EQ(neighbour.error().code, Code::busy);
    EXPECT_EQ(neighbour.error().message, "too many sessions from this address (limit 1)");
    EXPECT_TRUE(limits.session("2001:db8:0:1::1"));
    EXPECT_TRUE(limits.session("192.0.2.1"));
}

TEST(LimitsSession, ZeroIsNoLimit) {
    Limits limits({.sessions = 0, .sessions_per_address = 0, .transfers = 0});
    std::vector<Permit> permits;
    for (int i = 0; i < 3000; ++i) {
        auto permit = limits.session("192.0.2.1");
        ASSERT_TRUE(permit);
        permits.push_back(std::move(*permit));
    }
    EXPECT_EQ(limits.sessions(), 3000U);
    permits.clear();
    EXPECT_EQ(limits.sessions(), 0U);
}

// A server whose table was full forgot to count by address.
TEST(LimitsSession, AFullTableStillCountsByAddress) {
    Limits limits({.sessions = 3, .sessions_per_address = 2});
    const auto a1 = limits.session("192.0.2.1");
    auto a2 = limits.session("192.0.2.1");
    auto b1 = limits.session("192.0.2.2");
    ASSERT_TRUE(a1 && a2 && b1);
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(limits.session("192.0.2.1"));
        EXPECT_FALSE(limits.session("192.0.2.3"));
    }
    b1->release();
    const auto over = limits.session("192.0.2.1");
    ASSERT_FALSE(over);
    EXPECT_THAT(over.error().message, HasSubstr("address"));
    a2->release();  // the refusals above have left nothing behind: one place each is free
    EXPECT_TRUE(limits.session("192.0.2.1"));
    EXPECT_TRUE(limits.session("192.0.2.3"));
}

TEST(LimitsSession, NewLimitsHoldForThoseWhoAreHere) {
    Limits limits({.sessions = 0});
    const auto one = limits.session("192.0.2.1");
    const auto two = limits.session("192.0.2.1");
    limits.set({.sessions = 0, .sessions_per_address = 2});
    EXPECT_FALSE(limits.session("192.0.2.1"));
    EXPECT_TRUE(limits.session("192.0.2.2"));
    limits.set({.sessions = 1});
    EXPECT_EQ(limits.sessions(), 2U);
    EXPECT_FALSE(limits.session("192.0.2.2"));
    limits.set({.sessions = 3});
    EXPECT_TRUE(limits.session("192.0.2.1"));
}

TEST(LimitsSession, AScanOfManyAddressesLeavesNothingBehind) {
    Limits limits({.sessions = 2, .sessions_per_address = 1, .sessions_per_user = 1});
    const auto stays = limits.session("192.0.2.1");
    for (int i = 0; i < 1000; ++i) {
        const std::string name = "198.51.100." + std::to_string(i);
        const auto permit = limits.session(name);
        ASSERT_TRUE(permit);
        ASSERT_FALSE(limits.session("203.0.113." + std::to_string(i)));
        const auto user = limits.user_session(member(name));
        ASSERT_FALSE(limits.user_session(member(name)));
        ASSERT_EQ(limits.counters(), 3U);
    }
    EXPECT_EQ(limits.counters(), 1U);
}

TEST(LimitsUserSession, EachUserHasTheLimit) {
    Limits limits({.sessions_per_user = 1});
    auto one = limits.user_session(member("alice"));
    ASSERT_TRUE(one);
    const auto two = limits.user_session(member("alice"));
    ASSERT_FALSE(two);
    EXPECT_EQ(two.error().code, Code::busy);
    EXPECT_EQ(two.error().message, "too many sessions of this user (limit 1)");
    EXPECT_TRUE(limits.user_session(member("bob")));
    one->release();
    EXPECT_TRUE(limits.user_session(member("alice")));
}

TEST(LimitsUserSession, UnlimitedOnesAreCountedAsWell) {
    Limits limits;
    const auto one = limits.user_session(member("alice"));
    ASSERT_TRUE(one);
    limits.set({.sessions_per_user = 1});
    EXPECT_FALSE(limits.user_session(member("alice")));
}

TEST(LimitsChecksum, IsOneForEachUserUnlessItIsSet) {
    Limits limits;
    auto one = limits.checksum(member("alice"));
    ASSERT_TRUE(one);
    const auto two = limits.checksum(member("alice"));
    ASSERT_FALSE(two);
    EXPECT_EQ(two.error().message, "too many checksums for this user (limit 1)");
    EXPECT_TRUE(limits.checksum(member("bob")));
    limits.set({.checksums_per_user = 0});
    EXPECT_TRUE(limits.checksum(member("alice")));
}

TEST(LimitsTransfer, HasItsLimit) {
    Limits limits({.transfers = 1});
    auto one = limits.transfer(member("alice"), "192.0.2.1");
    ASSERT_TRUE(one);
    const auto two = limits.transfer(member("alice"), "192.0.2.1");
    ASSERT_FALSE(two);
    EXPECT_EQ(two.error().code, Code::busy);
    EXPECT_EQ(two.error().message, "too many transfers (limit 1)");
    one->release();
    EXPECT_TRUE(limits.transfer(member("alice"), "192.0.2.1"));
}

TEST(Permit, ReleasesExactlyOnceHoweverItIsMoved) {
    Limits limits({.sessions = 4});
    const auto other = limits.session("192.0.2.9");
    {
        auto taken = limits.session("192.0.2.1");
        Permit first = std::move(*taken);
        EXPECT_FALSE(*taken);  // NOLINT(bugprone-use-after-move): that it is empty is what is tested
        Permit second(std::move(first));
        Permit third;
        EXPECT_FALSE(third);
        third = std::move(second);
        EXPECT_TRUE(third);
        EXPECT_EQ(limits.sessions(), 2U);
        third.release();
        third.release();
        EXPECT_EQ(limits.sessions(), 1U);
    }
    EXPECT_EQ(limits.sessions(), 1U);
}

TEST(Permit, AssigningOverOneReleasesIt) {
    Limits limits({.sessions = 1, .transfers = 1});
    auto session = limits.session("192.0.2.1");
    auto transfer = limits.transfer(member("alice"), "192.0.2.1");
    ASSERT_TRUE(session && transfer);
    Permit& same = *transfer;
    *transfer = std::move(same);
    EXPECT_FALSE(limits.transfer(member("alice"), "192.0.2.1")) << "assigned to itself";
    *session = std::move(*transfer);
    EXPECT_EQ(limits.sessions(), 0U);
    EXPECT_FALSE(limits.transfer(member("alice"), "192.0.2.1"));
    *session = Permit();
    EXPECT_TRUE(limits.transfer(member("alice"), "192.0.2.1"));
}

TEST(LimitsStress, ManyThreadsNeverPassTheLimits) {
    Limits limits({.sessions = 3, .sessions_per_address = 2, .transfers = 2});
    std::atomic<int> here = 0;
    std::atomic<int> most = 0;
    std::atomic<int> admitted = 0;
    {
        std::vector<std::jthread> threads;
        for (int who = 0; who < 4; ++who) {
            threads.emplace_back([&, who] {
                const std::string address = who < 3 ? "192.0.2.1" : "192.0.2.2";
                for (int i = 0; i < 3000; ++i) {
                    const auto permit = limits.session(address);
                    if (!permit) continue;
                    const int now = ++here;
                    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
                    ++admitted;
                    const auto user = limits.user_session(member(address));
                    const auto transfer = limits.transfer(member("alice"), "192.0.2.1");
                    --here;
                }
            });
        }
    }
    EXPECT_LE(most, 3);
    EXPECT_GT(admitted, 0);
    EXPECT_EQ(limits.sessions(), 0U);
    limits.set({.sessions = 1, .sessions_per_address = 1, .transfers = 1});
    EXPECT_TRUE(limits.session("192.0.2.1"));
    EXPECT_TRUE(limits.user_session(member("192.0.2.1")));
    EXPECT_TRUE(limits.transfer(member("alice"), "192.0.2.1"));
}

TEST(LimitsOfUsers, TheUsersWordWinsOverTheServers) {
    Limits limits({.sessions_per_user = 1, .transfers_per_user = 1});
    User alice = member("alice");
    const auto one = limits.user_session(alice);
    EXPECT_THAT(limits.user_session(alice).error().message, HasSubstr("sessions of this user (limit 1)"));
    alice.limits.sessions = 2;
    const auto two = limits.user_session(alice);
    EXPECT_TRUE(two);
    EXPECT_FALSE(limits.user_session(alice));
    alice.limits.sessions = UserLimits::any_number;
    EXPECT_TRUE(limits.user_session(alice)) << "no limit at all";
    const auto moving = limits.transfer(alice, "192.0.2.1");
    EXPECT_THAT(limits.transfer(alice, "192.0.2.1").error().message, HasSubstr("transfers of this user (limit 1)"));
    alice.limits.transfers = 2;
    EXPECT_TRUE(limits.transfer(alice, "192.0.2.1"));
}

TEST(LimitsOfGroups, CountAllMembersTogether) {
    Limits limits;
    User alice = member("alice", "staff");
    User bob = member("bob", "staff");
    for (User* user : {&alice, &bob}) user->group_limits = {.sessions = 1, .transfers = 1};
    auto session = limits.user_session(alice);
    EXPECT_THAT(limits.user_session(bob).error().message, HasSubstr("sessions of this group (limit 1)"));
    EXPECT_TRUE(limits.user_session(member("carol", "guests")));
    session->release();
    EXPECT_TRUE(limits.user_session(bob));
    const auto transfer = limits.transfer(alice, "192.0.2.1");
    EXPECT_THAT(limits.transfer(bob, "192.0.2.2").error().message, HasSubstr("transfers of this group (limit 1)"));
}

TEST(LimitsOfAddresses, CountTransfersBySlash64) {
    Limits limits({.transfers_per_address = 1});
    const auto one = limits.transfer(member("a"), "2001:db8::1");
    EXPECT_FALSE(limits.transfer(member("b"), "2001:db8::ffff"));
    EXPECT_TRUE(limits.transfer(member("b"), "2001:db8:0:1::1"));
}

// One that is refused must not keep the places it got before the refusal.
TEST(LimitsOfUsers, ARefusalTakesNothing) {
    Limits limits({.transfers = 10, .transfers_per_user = 1});
    const auto one = limits.transfer(member("alice"), "192.0.2.1");
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(limits.transfer(member("alice"), "192.0.2.1"));
    std::vector<Permit> others;
    for (int i = 0; i < 9; ++i) {
        auto other = limits.transfer(member("u" + std::to_string(i)), "192.0.2.1");
        ASSERT_TRUE(other);
        others.push_back(std::move(*other));
    }
    EXPECT_FALSE(limits.transfer(member("last"), "192.0.2.1"));
}

TEST(LimitsOfUsers, CommandsPerSecond) {
    Limits limits({.commands_per_second = 5});
    User alice = member("alice");
    EXPECT_EQ(limits.commands_per_second(nullptr), 5U);
    EXPECT_EQ(limits.commands_per_second(&alice), 5U);
    alice.limits.commands_per_second = 9;
    EXPECT_EQ(limits.commands_per_second(&alice), 9U);
    alice.limits.commands_per_second = UserLimits::any_number;
    EXPECT_EQ(limits.commands_per_second(&alice), 0U);
}

}  // namespace
}  // namespace wherry
