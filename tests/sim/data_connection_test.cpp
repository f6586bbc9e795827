// Data connections, where a dialogue cannot say it.
#include <gtest/gtest.h>

#include <algorithm>

#include "testing/harness.h"

namespace wherry {
namespace {

using testing::Harness;

net::Address address(std::string_view text) { return net::Address::parse(text).value(); }

struct DataConnection : ::testing::Test {
    DataConnection() {
        harness.add_user("alice", "x");
        harness.put("/a", "content");
    }
    std::unique_ptr<testing::Client> logged_in(std::string_view user = "alice") {
        auto client = harness.connect();
        EXPECT_TRUE(client->log_in(user, "x"));
        EXPECT_EQ(client->ask("TYPE I"), 200);
        return client;
    }
    Harness harness;
};

// Some proxies end their side at once: that is no reason to stop sending.
TEST_F(DataConnection, a_half_closed_peer_gets_the_whole_file) {
    const auto client = logged_in();
    EXPECT_EQ(client->ask("EPSV"), 229);
    const auto data = client->open_data();
    data->end_sending();
    EXPECT_EQ(client->ask("RETR a"), 125);
    EXPECT_TRUE(client->data_ended());
    EXPECT_EQ(client->received, "content");
    EXPECT_EQ(client->code(), 226);
}

// Closing with unread bytes resets the connection, and the client loses what it has not read yet.
TEST_F(DataConnection, what_the_client_sent_during_a_download_is_read_before_closing) {
    const auto client = logged_in();
    EXPECT_EQ(client->ask("EPSV"), 229);
    const auto data = client->open_data();
    data->send("noise");
    EXPECT_EQ(client->ask("RETR a"), 125);
    EXPECT_EQ(client->code(), 0) << "it waits for the client to end";
    data->end_sending();
    harness.run();
    EXPECT_EQ(client->code(), 226);
    EXPECT_TRUE(client->data_ended());
    EXPECT_EQ(client->received, "content");
}

TEST_F(DataConnection, a_second_pasv_replaces_the_first) {
    const auto client = logged_in();
    EXPECT_EQ(client->ask("PASV"), 227);
    EXPECT_EQ(client->ask("PASV"), 227);
    EXPECT_EQ(harness.network().listeners(), 1U);
    EXPECT_EQ(client->ask("PORT 198,51,100,7,200,0"), 200);
    EXPECT_EQ(harness.network().listeners(), 0U);
    EXPECT_EQ(client->ask("QUIT"), 221);
}

TEST_F(DataConnection, a_user_may_be_allowed_fxp_alone) {
    User user;
    user.name = "courier";
    user.permissions = perm::all;
    user.foreign_addresses = true;
    harness.add_user(std::move(user), "x");
    const auto other = address("203.0.113.9:51200");
    harness.network().listen_as_client(other);
    const auto client = logged_in("courier");
    EXPECT_EQ(client->ask("PORT 203,0,113,9,200,0"), 200);
    EXPECT_EQ(client->ask("RETR a"), 150);
    EXPECT_EQ(harness.network().accepted_by_client(other)->receive(), "content");
    EXPECT_EQ(client->code(), 226);
    EXPECT_EQ(client->ask("USER alice"), 331);
    EXPECT_EQ(client->ask("PASS x"), 230);
    EXPECT_EQ(client->ask("PORT 203,0,113,9,200,0"), 501) << "the next user of the session may not";
}

// Listings that hang behind a router are the most frequent question of all: the log says what to set.
TEST_F(DataConnection, a_private_address_for_a_public_client_is_logged) {
    const auto client = harness.connect(address("8.8.4.4:40000"), address("10.0.0.5:21"));
    EXPECT_TRUE(client->log_in("alice", "x"));
    EXPECT_EQ(client->ask("PASV"), 227);
    const auto& log = harness.log();
    EXPECT_TRUE(std::ranges::any_of(log, [](const auto& line) { return line.contains("set ftp.nat_address"); }));
}

TEST_F(DataConnection, pasv_asks_the_resolver) {
    harness.settings.nat_resolver = [](const NatQuestion& question) -> Result<std::string> {
        if (question.client == "198.51.100.7") return "203.0.113.5";
        return fail(Code::not_found, "nothing");
    };
    const auto client = logged_in();
    EXPECT_EQ(client->ask("PASV"), 227);
    EXPECT_NE(client->last().find("(203,0,113,5,"), std::string::npos) << client->last();
    const auto stranger = harness.connect(address("198.51.100.8:4000"));
    EXPECT_TRUE(stranger->log_in("alice", "x"));
    EXPECT_EQ(stranger->ask("PASV"), 425) << "no answer and no fixed address";
    EXPECT_EQ(stranger->ask("EPSV"), 229);
}

TEST_F(DataConnection, without_an_answer_of_the_resolver_the_fixed_address_holds) {
    harness.settings.nat_address = address("203.0.113.1:0");
    harness.settings.nat_resolver = [](const NatQuestion&) -> Result<std::string> { return fail(Code::timeout); };
    const auto client = logged_in();
    EXPECT_EQ(client->ask("PASV"), 227);
    EXPECT_NE(client->last().find("(203,0,113,1,"), std::string::npos) << client->last();
}

}  // namespace
}  // namespace wherry
