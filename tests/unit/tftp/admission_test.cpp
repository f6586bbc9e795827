#include "tftp/admission.h"

#include <gtest/gtest.h>

namespace wherry::tftp {
namespace {

using namespace std::chrono_literals;

net::Address ip(const std::string& text) { return net::Address::parse_ip(text, 2000).value(); }
constexpr Time start{1h};

TEST(Admission, requests_of_one_source_have_a_rate) {
    Admission admission({.requests_per_second_address = 10});
    int admitted = 0;
    for (int i = 0; i < 1000; ++i) admitted += admission.request(start, ip("203.0.113.1")) ? 1 : 0;
    EXPECT_EQ(admitted, 40);
    EXPECT_TRUE(admission.request(start, ip("203.0.113.2")));
    EXPECT_FALSE(admission.request(start + 50ms, ip("203.0.113.1")));
    EXPECT_TRUE(admission.request(start + 100ms, ip("203.0.113.1")));
}

TEST(Admission, a_network_of_IPv6_is_one_source) {
    Admission admission({.unverified_per_address = 2});
    const auto first = admission.begin(start, ip("2001:db8::1"));
    const auto second = admission.begin(start, ip("2001:db8::ffff:1"));
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(admission.begin(start, ip("2001:db8::2")));
    EXPECT_TRUE(admission.begin(start, ip("2001:db8:0:1::2")));
}

TEST(Admission, seats_are_given_back) {
    Admission admission({.max_transfers = 3, .max_per_address = 2, .unverified_per_address = 1});
    auto first = admission.begin(start, ip("10.0.0.1"));
    EXPECT_FALSE(admission.begin(start, ip("10.0.0.1")));
    first.verify();
    first.verify();
    auto second = admission.begin(start, ip("10.0.0.1"));
    EXPECT_TRUE(second);
    second.verify();
    EXPECT_FALSE(admission.begin(start, ip("10.0.0.1")));
    const auto third = admission.begin(start, ip("10.0.0.2"));
    EXPECT_FALSE(admission.begin(start, ip("10.0.0.3")));
    EXPECT_EQ(admission.transfers(), 3U);
    first = {};
    EXPECT_EQ(admission.transfers(), 2U);
    EXPECT_TRUE(admission.begin(start, ip("10.0.0.3")));
}

// Each loop has a time of its own turn: one that lagged behind another filled the levels up.
TEST(Admission, a_clock_that_lags_behind_gives_nothing_away) {
    Admission admission({.requests_per_second_address = 1});
    while (admission.request(start + 5ms, ip("192.0.2.1"))) continue;
    EXPECT_FALSE(admission.request(start, ip("192.0.2.1")));
    EXPECT_FALSE(admission.request(start + 5ms, ip("192.0.2.1")));
    EXPECT_TRUE(admission.request(start + 5s, ip("192.0.2.1")));
}

TEST(Admission, sources_take_bounded_memory) {
    Admission admission({});
    for (std::uint32_t i = 0; i < 70000; ++i) {
        const std::string text =
            std::to_string(i % 200 + 1) + "." + std::to_string(i / 200 % 250) + "." + std::to_string(i / 50000) + ".1";
        admission.request(start, ip(text));
    }
    EXPECT_LE(admission.sources(), Admission::most_sources + 1);
    // Later those who are gone are forgotten: a few with each newcomer, and not all of them while a packet waits.
    for (std::uint32_t i = 0; i < 10000; ++i) {
        const std::string text = "250." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".1";
        admission.request(start + 1min, ip(text));
    }
    EXPECT_LE(admission.sources(), Admission::most_sources - 20000);
}

TEST(Admission, S55_the_budget_for_clients_without_a_sign_of_life) {
    Admission admission({.unverified_per_second = 100, .unverified_per_second_address = 20});
    int sent = 0;
    for (int i = 0; i < 1000; ++i) sent += admission.unverified_reply(start, ip("10.0.0.1")) ? 1 : 0;
    EXPECT_EQ(sent, 20);
    for (int i = 0; i < 1000; ++i)
        sent += admission.unverified_reply(start, ip("10.0.1." + std::to_string(i % 250))) ? 1 : 0;
    EXPECT_EQ(sent, 200);
}

}  // namespace
}  // namespace wherry::tftp
