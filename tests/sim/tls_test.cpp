// Attacks on FTPS, against a whole server without sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "testing/harness.h"

namespace wherry::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::unique_ptr<Harness> harness_with_tls() {
    auto harness = std::make_unique<Harness>();
    harness->tls = true;
    harness->add_user("alice", "x");
    return harness;
}

bool log_in_under_tls(Client& client) {
    return client.code() == 220 && client.ask("AUTH TLS") == 234 && client.begin_tls() &&
           client.ask("USER alice") == 331 && client.ask("PASS x") == 230 && client.ask("PBSZ 0") == 200 &&
           client.ask("PROT P") == 200 && client.ask("TYPE I") == 200;
}

// Security row 6: none of it runs, none of it is kept.
TEST(FtpsSim, AMillionBytesAfterAuthNeverRun) {
    const auto harness = harness_with_tls();
    auto client = harness->connect();
    EXPECT_EQ(client->code(), 220);
    std::string flood = "AUTH TLS\r\n";
    while (flood.size() < 1'000'000) flood += "MKD /d\r\nUSER alice\r\nPASS x\r\n";
    client->send(flood);
    EXPECT_EQ(client->code(), 234);
    harness->wait(std::chrono::seconds(20));
    EXPECT_EQ(harness->sessions(), 0U);
    EXPECT_FALSE(harness->exists("/d"));
    EXPECT_EQ(harness->metrics().value(Metric::logins_total), 0);
    EXPECT_EQ(harness->metrics().value(Metric::tls_failures_total), 1);
}

// Security row 14: sessions in mid-handshake do nothing until their deadline, and then they are gone.
TEST(FtpsSim, AThousandHalfOpenHandshakesEndAtTheirDeadline) {
    const auto harness = harness_with_tls();
    harness->limits.sessions = 2000;
    harness->put("/a", "content");
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 1000; ++i) {
        clients.push_back(harness->connect());
        EXPECT_EQ(clients.back()->ask("AUTH TLS"), 220);
        if (i % 2 == 0) clients.back()->send("\x16\x03\x01\x02");  // the beginning of a ClientHello
    }
    EXPECT_EQ(harness->sessions(), 1000U);
    harness->wait(std::chrono::seconds(14));
    EXPECT_EQ(harness->sessions(), 1000U);
    EXPECT_FALSE(harness->loop().run_until_idle());
    // Whoever comes meanwhile is served as if they were not there.
    auto alice = harness->connect();
    ASSERT_TRUE(log_in_under_tls(*alice));
    alice->protect_data = true;
    ASSERT_EQ(alice->ask("EPSV"), 229);
    alice->open_data();
    ASSERT_EQ(alice->ask("RETR /a"), 125);
    EXPECT_TRUE(alice->data_ended());
    EXPECT_EQ(alice->received, "content");
    EXPECT_EQ(alice->code(), 226);
    EXPECT_EQ(harness->sessions(), 1001U);
    harness->wait(std::chrono::seconds(4));
    EXPECT_EQ(harness->sessions(), 1U);
    EXPECT_EQ(harness->metrics().value(Metric::tls_failures_total), 1000);
    EXPECT_EQ(alice->ask("NOOP"), 200);
}

// Security row 4: somebody else behind the same router, with a TLS session of his own.
TEST(FtpsSim, AnotherSessionsTicketDoesNotOpenADataConnection) {
    const auto harness = harness_with_tls();
    harness->settings.tls.reuse = TlsReuse::require;
    harness->put("/secret", "for alice");
    for (const int version : {12, 13}) {
        auto alice = harness->connect();
        auto thief = harness->connect();
        alice->tls_options.version = thief->tls_options.version = version;
        ASSERT_TRUE(log_in_under_tls(*alice));
        ASSERT_EQ(thief->code(), 220);
        ASSERT_EQ(thief->ask("AUTH TLS"), 234);
        ASSERT_TRUE(thief->begin_tls());
        ASSERT_EQ(alice->ask("EPSV"), 229);
        TlsClientOptions options = alice->tls_options;
        options.resume = thief->tls->session();
        ASSERT_TRUE(options.resume);
        const auto stolen = alice->open_data();
        TlsClient fake(stolen, options);
        EXPECT_EQ(alice->ask("RETR /secret"), 125);
        for (int i = 0; i < 10; ++i) {
            harness->run();
            fake.step();
        }
        EXPECT_EQ(fake.receive(), "");
        EXPECT_EQ(alice->code(), 522);
        alice->protect_data = true;
        ASSERT_EQ(alice->ask("EPSV"), 229);
        alice->open_data();
        EXPECT_EQ(alice->ask("RETR /secret"), 125);
        EXPECT_TRUE(alice->data_ended());
        EXPECT_EQ(alice->received, "for alice");
        EXPECT_EQ(alice->code(), 226);
    }
}

// User-asks row 12: tickets do not run out, however many transfers a session has.
TEST(FtpsSim, ASessionOfManyTransfersResumesEachOfThem) {
    for (const int version : {12, 13}) {
        const auto harness = harness_with_tls();
        harness->settings.tls.reuse = TlsReuse::require;
        harness->put("/a", "content");
        auto client = harness->connect();
        client->tls_options.version = version;
        ASSERT_TRUE(log_in_under_tls(*client));
        client->protect_data = true;
        for (int i = 0; i < 100; ++i) {
            const std::size_t tickets = client->tls->tickets();
            ASSERT_EQ(client->ask("EPSV"), 229);
            client->open_data();
            ASSERT_EQ(client->ask("RETR /a"), 125) << i;
            ASSERT_TRUE(client->data_ended());
            EXPECT_EQ(client->received, "content");
            EXPECT_TRUE(client->data_tls->heard_end());
            ASSERT_EQ(client->code(), 226);
            if (version == 13) EXPECT_EQ(client->tls->tickets(), tickets + 1);
        }
        EXPECT_EQ(harness->metrics().value(Metric::tls_resumed_total), 100);
    }
}

// vsftpd 2.2.1: a session that lives for days keeps resuming; a ticket is good for a week.
TEST(FtpsSim, AClientThatWasAwayForDaysGetsANewTicketWithTheNextReply) {
    const auto harness = harness_with_tls();
    harness->settings.idle_timeout = std::chrono::seconds(0);
    harness->settings.tls.reuse = TlsReuse::require;
    harness->put("/a", "content");
    auto client = harness->connect();
    ASSERT_TRUE(log_in_under_tls(*client));
    client->protect_data = true;
    const std::size_t tickets = client->tls->tickets();
    const auto pass = [&](std::chrono::hours span) { harness->clock().advance(span), harness->run(); };
    pass(std::chrono::hours(23));
    EXPECT_EQ(client->ask("NOOP"), 200);
    EXPECT_EQ(client->tls->tickets(), tickets);
    for (std::size_t days = 1; days <= 3; ++days) {
        pass(std::chrono::hours(24));
        ASSERT_EQ(client->ask("EPSV"), 229);
        EXPECT_EQ(client->tls->tickets(), tickets + days);
        EXPECT_EQ(client->ask("NOOP"), 200);
        EXPECT_EQ(client->tls->tickets(), tickets + days) << "one a day is enough";
    }
    client->open_data();
    ASSERT_EQ(client->ask("RETR /a"), 125);
    ASSERT_TRUE(client->data_ended());
    EXPECT_EQ(client->received, "content");
    EXPECT_EQ(client->code(), 226);
}

// User-asks row 24: the same on connections that the server makes; it is the TLS server there too.
TEST(FtpsSim, ActiveDataConnectionsAreProtectedToo) {
    const auto harness = harness_with_tls();
    harness->put("/a", "active");
    auto client = harness->connect();
    ASSERT_TRUE(log_in_under_tls(*client));
    const auto there = net::Address::parse_ip("198.51.100.7", 50001).value();
    harness->network().listen_as_client(there);
    EXPECT_EQ(client->ask("EPRT |1|198.51.100.7|50001|"), 200);
    EXPECT_EQ(client->ask("RETR /a"), 150);
    const auto connection = harness->network().accepted_by_client(there);
    ASSERT_TRUE(connection);
    TlsClientOptions options;
    options.resume = client->tls->session();
    TlsClient data(connection, options);
    for (int i = 0; i < 10; ++i) {
        harness->run();
        data.step();
    }
    EXPECT_TRUE(data.resumed());
    EXPECT_EQ(data.receive(), "active");
    EXPECT_TRUE(data.heard_end());
    EXPECT_EQ(client->code(), 226);
}

// User-asks row 17, all the way: segments of random sizes, and what is in the file.
TEST(FtpsSim, UploadsOfRandomSegmentsAreStoredWhole) {
    const auto harness = harness_with_tls();
    auto client = harness->connect();
    ASSERT_TRUE(log_in_under_tls(*client));
    client->protect_data = true;
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937 random(seed);
        std::string content(random() % 200'000, '\0');
        for (char& c : content) c = static_cast<char>(random());
        ASSERT_EQ(client->ask("EPSV"), 229);
        client->open_data();
        ASSERT_EQ(client->ask("STOR /up"), 125);
        ASSERT_TRUE(client->data_secured());
        const std::string wire = client->data_tls->sealed(content);
        for (std::size_t at = 0; at < wire.size();) {
            const std::size_t size = std::min<std::size_t>(wire.size() - at, 1 + random() % 30'000);
            client->data->send(std::string_view(wire).substr(at, size));
            at += size;
            if (random() % 2 == 0) harness->run();
        }
        client->end_data();
        EXPECT_EQ(client->code(), 226);
        EXPECT_EQ(harness->content("/up"), content) << seed;
    }
}

TEST(FtpsSim, AControlConnectionIsEndedWithCloseNotify) {
    const auto harness = harness_with_tls();
    auto client = harness->connect();
    ASSERT_TRUE(log_in_under_tls(*client));
    EXPECT_EQ(client->ask("QUIT"), 221);
    EXPECT_TRUE(client->closed());
    EXPECT_TRUE(client->tls->heard_end());
}

// An event of an upload that was cut off says so.
TEST(FtpsSim, ATruncatedUploadIsToldAsSuch) {
    const auto harness = harness_with_tls();
    auto client = harness->connect();
    ASSERT_TRUE(log_in_under_tls(*client));
    client->protect_data = true;
    ASSERT_EQ(client->ask("EPSV"), 229);
    client->open_data();
    ASSERT_EQ(client->ask("STOR /up"), 125);
    client->send_data("half");
    client->data->end_sending();
    EXPECT_EQ(client->code(), 426);
    const Event& last = harness->events().back();
    ASSERT_TRUE(std::holds_alternative<event::Command>(last));
    bool told = false;
    for (const Event& event : harness->events()) {
        const auto* received = std::get_if<event::Received>(&event);
        told = told || (received != nullptr && received->cause == Code::tls_truncated && !received->complete());
    }
    EXPECT_TRUE(told);
}

}  // namespace
}  // namespace wherry::testing
