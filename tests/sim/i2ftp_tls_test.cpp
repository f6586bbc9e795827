// I2FTP inside TLS 1.3.
#include <gtest/gtest.h>

#include "i2ftp/channel.h"
#include "net/self_signed.h"
#include "net/tls_context.h"
#include "support/i2ftp_server.h"
#include "support/i2ftp_vectors.h"
#include "testing/tls_client.h"

namespace wherry::i2ftp {
namespace {

using testing::TlsClient;
using testing::TlsClientOptions;

class I2ftpTls : public I2ftpServer {
protected:
    void SetUp() override {
        harness.base.put("/a", "hello");
        net::TlsOptions options;
        options.certificates.push_back({file.path(), {}});
        harness.server().set_tls(net::TlsContext::load(options).value());
    }
    testing::ConnectionPtr dial() {
        const auto from = net::Address::parse_ip("198.51.100.7", 40000).value();
        const auto to = net::Address::parse_ip("192.0.2.1", 26843).value();
        auto [connection, stream] =
            testing::MemoryNetwork::pair(harness.base.loop(), from, to, net::Watch::Class::control);
        auto& post = harness.base.commons().runtime.first();
        post.connections.fetch_add(1);
        harness.server().serve(post, std::move(stream), Door{.tls = true});
        harness.base.run();
        return connection;
    }
    void pump(TlsClient& client) {
        do {
            harness.base.run();
        } while (client.step());
    }
    std::string exchange(TlsClient& client, View bytes) {
        client.send(text(bytes));
        pump(client);
        return client.receive();
    }
    // The handshake of I2TCP through TLS, and the greeting.
    std::optional<Channel> come_in(TlsClient& client) {
        ClientHandshake handshake(harness.key, {}, system_random());
        handshake.begin(harness.unix_time());
        std::string came;
        for (int turn = 0; turn < 6 && !handshake.done() && !handshake.failed(); ++turn) {
            came += exchange(client, handshake.take_output());
            View rest = view(came);
            handshake.feed(rest, harness.unix_time());
            came = std::string(text(rest));
        }
        if (!handshake.done()) return std::nullopt;
        Channel channel = handshake.take_channel();
        View rest = view(came);
        const auto hello = channel.next(rest);
        if (!hello || text(hello->body) != greeting) return std::nullopt;
        return channel;
    }
    std::string ask(TlsClient& client, Channel& channel, std::string_view request) {
        Bytes out;
        channel.send(out, request);
        const std::string came = exchange(client, out);
        View rest = view(came);
        const auto reply = channel.next(rest);
        return reply ? string_of(reply->body) : "";
    }
    testing::MemoryFile file{net::make_self_signed({"localhost"}).value()};
};

TEST_F(I2ftpTls, TheWholeProtocolGoesInsideIt) {
    TlsClient client(dial(), {.server_name = "localhost", .protocols = {"i2ftp"}});
    pump(client);
    ASSERT_TRUE(client.established()) << client.failure();
    EXPECT_EQ(client.protocol(), "i2ftp");
    auto channel = come_in(client);
    ASSERT_TRUE(channel);
    EXPECT_TRUE(ask(client, *channel, "LIST,a").starts_with(done("{\"a\": ")));
    const std::string id = ask(client, *channel, "GETF,a").substr(2);
    EXPECT_EQ(ask(client, *channel, testing::down(id, 0, 0)), done(testing::u64(0) + ",hello"));
    EXPECT_EQ(ask(client, *channel, "CLOZ," + id), done(hex(md5("hello"))));
}

TEST_F(I2ftpTls, ALargeReplyComesWhole) {
    const std::string content(3 * piece + 17, 'x');
    harness.base.put("/big", content);
    TlsClient client(dial(), {});
    pump(client);
    auto channel = come_in(client);
    ASSERT_TRUE(channel);
    const std::string id = ask(client, *channel, "GETF,big").substr(2);
    Bytes out;
    channel->send(out, testing::down(id, 0, 0));
    const std::string came = exchange(client, out);
    std::string got;
    View rest = view(came);
    while (const auto reply = channel->next(rest)) got += string_of(View(reply->body).subspan(11));
    EXPECT_EQ(got, content);
}

TEST_F(I2ftpTls, OlderVersionsAreRefused) {
    TlsClient client(dial(), {.version = 12});
    pump(client);
    EXPECT_FALSE(client.established());
    EXPECT_EQ(harness.base.metrics().value(Metric::tls_failures_total), 1);
}

// What was meant for another protocol stays away (ALPACA).
TEST_F(I2ftpTls, AClientOfAnotherProtocolIsRefused) {
    for (const char* other : {"ftp", "http/1.1", "i2ftp-data"}) {
        TlsClient client(dial(), {.protocols = {other}});
        pump(client);
        EXPECT_FALSE(client.established()) << other;
    }
}

TEST_F(I2ftpTls, AClientWithoutItIsRefusedAndHearsNoChallenge) {
    const auto connection = dial();
    ClientHandshake handshake(harness.key, {}, system_random());
    handshake.begin(harness.unix_time());
    connection->send(text(handshake.take_output()));
    harness.base.wait(std::chrono::seconds(11));
    EXPECT_LT(connection->receive().size(), 64U);
    EXPECT_TRUE(connection->ended());
}

TEST_F(I2ftpTls, AUserWhoMustUseTlsComesInByIt) {
    User alice;
    alice.name = "alice";
    alice.tls_required = true;
    alice.filesystem = harness.base.files;
    ASSERT_TRUE(harness.server().set_identities({{harness.key, std::make_shared<const User>(alice)}}));
    TlsClient client(dial(), {});
    pump(client);
    EXPECT_TRUE(come_in(client));
}

TEST_F(I2ftpTls, ItsEndIsToldBeforeTheConnectionEnds) {
    const auto connection = dial();
    TlsClient client(connection, {});
    pump(client);
    ASSERT_TRUE(come_in(client));
    harness.server().drain();
    harness.base.wait(std::chrono::seconds(2));
    pump(client);
    EXPECT_TRUE(client.heard_end());
}

}  // namespace
}  // namespace wherry::i2ftp
