#include "ftp/nat.h"

#include <gtest/gtest.h>

#include "net/scope.h"

namespace wherry::ftp {
namespace {

using namespace std::chrono_literals;

net::Address ip(std::string_view text) { return net::Address::parse_ip(text, 0).value(); }

net::Task<void> ask_into(Nat& nat, net::Loop& loop, const Settings& settings, NatQuestion question,
                         Result<net::Address>& answer) {
    answer = co_await nat.ask(loop, settings, std::move(question));
}

struct NatTest : ::testing::Test {
    // The lane does its jobs at once.
    Result<net::Address> ask(const std::string& client = "203.0.113.1") {
        Result<net::Address> answer = fail(Code::internal, "never answered");
        {
            net::Scope scope(loop);
            scope.start(ask_into(nat, loop, settings, {client, "10.0.0.1", "alice"}, answer));
            loop.run_until_idle();
        }
        return answer;
    }
    ManualClock clock;
    Metrics metrics;
    net::Loop loop{clock, net::Loop::Kind::simulated};
    net::Lane lane{"resolve", 0, metrics};
    Nat nat{lane};
    Settings settings;
    int asked = 0;
};

TEST(NatRules, the_first_rule_for_the_client_then_that_for_our_address_then_the_fixed_one) {
    Settings settings;
    EXPECT_FALSE(announced_by_rule(settings, ip("192.0.2.1"), ip("10.0.0.1")));
    settings.nat_address = ip("203.0.113.1");
    settings.nat_for_local = {{ip("10.0.0.2"), ip("203.0.113.2")}};
    settings.nat_for_clients = {{net::Subnet::parse("10.0.0.0/8").value(), ip("10.0.0.9")},
                                {net::Subnet::parse("10.1.0.0/16").value(), ip("10.1.0.9")}};
    EXPECT_EQ(announced_by_rule(settings, ip("192.0.2.1"), ip("10.0.0.1"))->ip(), "203.0.113.1");
    EXPECT_EQ(announced_by_rule(settings, ip("192.0.2.1"), ip("10.0.0.2"))->ip(), "203.0.113.2");
    EXPECT_EQ(announced_by_rule(settings, ip("10.1.2.3"), ip("10.0.0.2"))->ip(), "10.0.0.9");
    settings.nat_host = "ftp.example.org";
    EXPECT_FALSE(announced_by_rule(settings, ip("192.0.2.1"), ip("10.0.0.1"))) << "to be asked for";
    EXPECT_TRUE(announced_by_rule(settings, ip("10.1.2.3"), ip("10.0.0.1")));
}

TEST_F(NatTest, asks_and_remembers_for_a_while) {
    settings.nat_cache = 60s;
    settings.nat_resolver = [this](const NatQuestion& question) -> Result<std::string> {
        EXPECT_EQ(question.user, "alice");
        return "203.0.113." + std::to_string(++asked);
    };
    EXPECT_EQ(ask()->ip(), "203.0.113.1");
    EXPECT_EQ(ask()->ip(), "203.0.113.1");
    EXPECT_EQ(ask("192.0.2.9")->ip(), "203.0.113.2") << "another client may get another answer";
    clock.advance(60s);
    loop.run_until_idle();
    EXPECT_EQ(ask()->ip(), "203.0.113.3");
}

// An address that was right a minute ago is better than none while the name server is away.
TEST_F(NatTest, the_last_good_answer_holds_while_there_is_no_new_one) {
    settings.nat_cache = 0s;
    bool works = true;
    settings.nat_resolver = [&](const NatQuestion&) -> Result<std::string> {
        ++asked;
        if (works) return "203.0.113.1";
        return fail(Code::timeout, "no name server");
    };
    EXPECT_EQ(ask()->ip(), "203.0.113.1");
    works = false;
    EXPECT_EQ(ask()->ip(), "203.0.113.1");
    EXPECT_EQ(asked, 2);
    EXPECT_EQ(ask("192.0.2.9").error().code, Code::timeout) << "nothing is known for that one";
}

TEST_F(NatTest, an_answer_that_is_no_address_is_an_error) {
    for (const char* answer : {"", "0.0.0.0", "2001:db8::1", "example.org"}) {
        settings.nat_resolver = [&](const NatQuestion&) -> Result<std::string> { return answer; };
        EXPECT_EQ(ask().error().code, Code::invalid) << answer;
    }
    settings.nat_resolver = [](const NatQuestion&) -> Result<std::string> { throw std::runtime_error("x"); };
    EXPECT_EQ(ask().error().code, Code::internal);
}

TEST_F(NatTest, what_is_remembered_is_bounded) {
    settings.nat_resolver = [](const NatQuestion&) -> Result<std::string> { return "203.0.113.1"; };
    for (std::size_t i = 0; i < Nat::most_answers + 100; ++i) EXPECT_TRUE(ask(std::to_string(i)));
    settings.nat_resolver = [](const NatQuestion&) -> Result<std::string> { return fail(Code::io); };
    clock.advance(1h);
    loop.run_until_idle();
    std::size_t known = 0;
    for (std::size_t i = 0; i < Nat::most_answers + 100; ++i) known += ask(std::to_string(i)) ? 1U : 0U;
    EXPECT_EQ(known, Nat::most_answers);
}

// A resolver that hangs: PASV goes on without it, and the answer that comes late serves the next one.
TEST(NatOnALane, waits_no_longer_than_it_may) {
    const SteadyClock clock;
    Metrics metrics;
    net::Loop loop(clock);
    Settings settings;
    std::atomic<bool> go{false};
    settings.nat_timeout = std::chrono::milliseconds(1);
    settings.nat_resolver = [&](const NatQuestion&) -> Result<std::string> {
        go.wait(false);
        return "203.0.113.1";
    };
    Result<net::Address> answer = fail(Code::internal, "never answered");
    {
        net::Lane lane("resolve", 1, metrics);
        Nat nat(lane);
        net::Scope scope(loop);
        scope.start(ask_into(nat, loop, settings, {"192.0.2.1", "10.0.0.1", "alice"}, answer));
        while (!scope.empty()) loop.turn(std::chrono::milliseconds(100));
        EXPECT_EQ(answer.error().code, Code::timeout);
        go = true;
        go.notify_all();
        settings.nat_timeout = std::chrono::seconds(20);
        scope.start(ask_into(nat, loop, settings, {"192.0.2.1", "10.0.0.1", "alice"}, answer));
        while (!scope.empty()) loop.turn(std::chrono::milliseconds(100));
    }
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->ip(), "203.0.113.1");
}

}  // namespace
}  // namespace wherry::ftp
