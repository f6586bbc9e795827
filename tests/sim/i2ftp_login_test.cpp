// Who comes in by I2FTP: keys of users, wrong keys, bans.
#include <gtest/gtest.h>

#include <algorithm>

#include "i2ftp/dyn_key.h"
#include "support/i2ftp_server.h"
#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

using namespace std::chrono_literals;

class I2ftpLogin : public I2ftpServer {
protected:
    void SetUp() override {
        harness.base.bans = {.failures = 3, .window = 600s, .duration = 900s};
        harness.base.logins = {.failure_delay = 2s, .longest_failure_delay = 16s};
    }
    // The beginning of a client with a wrong key.
    void guess(testing::I2ftpClient& client, std::string_view key = "a wrong key") {
        ClientHandshake handshake(SharedKey(std::string(key)), {}, system_random());
        handshake.begin(harness.unix_time());
        client.send(handshake.take_output());
    }
    bool is_refused_at_once(testing::I2ftpClient& client) { return client.receive().empty() && client.closed(); }
    const net::Address elsewhere = net::Address::parse_ip("203.0.113.9", 4000).value();
};

TEST_F(I2ftpLogin, AWrongKeyIsAnsweredByNothingAndLater) {
    harness.server();
    const auto client = harness.dial();
    guess(*client);
    EXPECT_FALSE(client->closed());
    harness.base.wait(1900ms);
    EXPECT_FALSE(client->closed());
    harness.base.wait(200ms);
    EXPECT_TRUE(client->receive().empty());
    EXPECT_TRUE(client->closed());
}

TEST_F(I2ftpLogin, TheDelayGrowsWithTheFailuresOfTheAddress) {
    harness.server();
    harness.base.wait(1s);
    const auto first = harness.dial();
    guess(*first);
    harness.base.wait(3s);
    EXPECT_TRUE(first->closed());
    const auto second = harness.dial();
    guess(*second);
    harness.base.wait(3s);
    EXPECT_FALSE(second->closed());
    harness.base.wait(2s);
    EXPECT_TRUE(second->closed());
}

TEST_F(I2ftpLogin, WrongKeysBanAnAddressAndNoOther) {
    harness.server();
    for (int i = 0; i < 3; ++i) {
        const auto client = harness.dial();
        guess(*client);
        harness.base.wait(20s);
        EXPECT_TRUE(client->closed());
    }
    EXPECT_EQ(harness.base.metrics().value(Metric::bans_total), 1);
    const auto banned = harness.dial();
    EXPECT_TRUE(is_refused_at_once(*banned));
    EXPECT_FALSE(harness.connect());
    const auto other = harness.dial(elsewhere);
    EXPECT_TRUE(other->shake_hands(harness.key));
    harness.base.wait(901s);
    EXPECT_TRUE(harness.connect());
}

TEST_F(I2ftpLogin, AWrongAnswerToTheChallengeCountsToo) {
    harness.settings.preauth = Preauth::off;
    harness.server();
    for (int i = 0; i < 3; ++i) {
        const auto client = harness.dial();
        EXPECT_EQ(client->receive().size(), 64U);
        client->send(Bytes(64, 7));
        harness.base.wait(20s);
        EXPECT_TRUE(client->closed());
    }
    const auto banned = harness.dial();
    EXPECT_TRUE(is_refused_at_once(*banned));
}

TEST_F(I2ftpLogin, ARightKeyTakesBackItsOwnFailuresAlone) {
    harness.server();
    for (int i = 0; i < 2; ++i) {
        const auto client = harness.dial();
        guess(*client);
        harness.base.wait(20s);
    }
    EXPECT_TRUE(harness.connect());
    const auto client = harness.dial();
    guess(*client);
    harness.base.wait(20s);
    const auto banned = harness.dial();
    EXPECT_TRUE(is_refused_at_once(*banned));
}

// None of these is a guess at a key.
TEST_F(I2ftpLogin, ALostConnectionOrAWrongClockIsNobodysGuess) {
    harness.server();
    for (int i = 0; i < 10; ++i) {
        const auto gone = harness.dial();
        gone->hang_up();
        ClientHandshake late(harness.key, {}, system_random());
        late.begin(harness.unix_time() - 600);
        const auto client = harness.dial();
        client->send(late.take_output());
        EXPECT_TRUE(client->closed());
    }
    EXPECT_TRUE(harness.connect());
}

TEST_F(I2ftpLogin, WhoIsNeverBannedIsNotDelayedFurther) {
    harness.base.logins.never_ban = {net::Subnet::parse("198.51.100.0/24").value()};
    harness.server();
    for (int i = 0; i < 10; ++i) {
        const auto client = harness.dial();
        guess(*client);
        harness.base.wait(2100ms);
        EXPECT_TRUE(client->closed());
    }
    EXPECT_TRUE(harness.connect());
}

TEST_F(I2ftpLogin, EachKeyHasItsOwnTreeRightsAndName) {
    User alice;
    alice.name = "alice";
    alice.permissions = perm::all;
    alice.filesystem = memory_filesystem();
    User bob = alice;
    bob.name = "bob";
    bob.permissions = perm::read;
    bob.filesystem = memory_filesystem();
    const SharedKey of_alice("the key of alice");
    const SharedKey of_bob("the key of bob");
    harness.add_user(of_alice, alice);
    harness.add_user(of_bob, bob);
    for (const bool preauth : {true, false}) {
        auto first = harness.dial();
        auto second = harness.dial();
        ASSERT_TRUE(first->shake_hands(of_alice, preauth));
        ASSERT_TRUE(second->shake_hands(of_bob, preauth));
        const std::string id = open(*first, "PULF,file");
        EXPECT_EQ(first->ask("CLOZ," + id), done(""));
        EXPECT_TRUE(first->ask("LIST,.").contains("file"));
        EXPECT_EQ(second->ask("LIST,."), done("{}"));
        EXPECT_EQ(second->ask("PULF,file"), refused(says::denied));
    }
    std::vector<std::string> names;
    for (const Event& event : harness.base.events()) {
        if (const auto* in = std::get_if<event::LoggedIn>(&event)) names.push_back(in->session.user);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"alice", "bob", "alice", "bob"}));
}

TEST_F(I2ftpLogin, KeysThatAreTakenAwayLetNobodyInAnyMore) {
    const auto before = harness.connect();
    ASSERT_TRUE(before);
    const auto user = std::make_shared<User>(User{.name = "bob", .filesystem = memory_filesystem()});
    ASSERT_TRUE(harness.server().set_identities({{SharedKey("another key"), user}}));
    EXPECT_FALSE(harness.connect());
    EXPECT_TRUE(harness.connect(SharedKey("another key")));
    EXPECT_EQ(before->ask("LIST,."), done("{}"));  // sessions keep the key they came in with
}

TEST_F(I2ftpLogin, AUserWhoMustUseTlsDoesNotComeInWithoutIt) {
    User alice;
    alice.name = "alice";
    alice.tls_required = true;
    harness.add_user(harness.key, alice);
    EXPECT_FALSE(harness.connect());
}

}  // namespace
}  // namespace wherry::i2ftp
