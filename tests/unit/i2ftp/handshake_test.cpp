#include "i2ftp/handshake.h"

#include <gtest/gtest.h>

#include <memory>

#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

// One recorded conversation, and the randomness that one side of it had.
struct Recorded {
    explicit Recorded(const std::string& name) : json(vectors(name)), key(string_of(unhex(json["key"]))) {
        if (json["secured"].get<bool>()) rsa = RsaKey::from_pem(json["private_pem"].get<std::string>()).value();
    }
    void script(ScriptedRandom& random, std::string_view side) const {
        if (side == "server") random.will_give(unhex(json["challenge"]));
        if (side == "client" && rsa) {
            random.will_give(unhex(json["session_key"]));
            random.will_give(unhex(json["rsa_padding"]));
        }
        if (side == "server" && rsa) random.will_give(Bytes(64));  // what would take the place of a bad block
        for (const Json& step : json["steps"]) {
            if (step["from"] == side && step["kind"] == "message") random.will_give(Bytes{step["id"].get<Byte>()});
        }
    }
    double now() const { return json["unix_time"].get<double>(); }
    Json json;
    SharedKey key;
    std::optional<RsaKey> rsa;
};

// Plays both sides by our machines, cut into pieces of `cut` bytes, and compares with what was recorded.
void replay(const std::string& name, std::size_t cut) {
    const Recorded recorded(name);
    ScriptedRandom of_server;
    ScriptedRandom of_client;
    recorded.script(of_server, "server");
    recorded.script(of_client, "client");
    const KeyRing ring({recorded.key});
    ServerHandshake server(ring, {.preauth = Preauth::required, .rsa = recorded.rsa ? &*recorded.rsa : nullptr},
                           of_server);
    ClientHandshake client(recorded.key, {}, of_client);
    Bytes from_client;
    Bytes from_server;
    const auto give = [&](auto& machine, const Bytes& bytes) {
        for (View rest = bytes; !rest.empty();) {
            View part = rest.first(std::min(cut, rest.size()));
            rest = rest.subspan(part.size());
            machine.feed(part, recorded.now());
            EXPECT_TRUE(part.empty());
        }
    };
    client.begin(recorded.now());
    while (!server.done() || !client.done()) {
        const Bytes said = client.take_output();
        append(from_client, View(said));
        give(server, said);
        if (server.must_decrypt()) server.decrypted(recorded.rsa->open(server.block(), of_server));
        const Bytes answered = server.take_output();
        append(from_server, View(answered));
        give(client, answered);
        ASSERT_FALSE(server.failed()) << server.reason();
        ASSERT_FALSE(client.failed()) << client.reason();
        ASSERT_FALSE(said.empty() && answered.empty());
    }
    Channel channel_s = server.take_channel();
    Channel channel_c = client.take_channel();
    EXPECT_EQ(channel_s.coded(), recorded.rsa.has_value());
    bool greeted = false;
    for (const Json& step : recorded.json["steps"]) {
        const bool by_client = step["from"] == "client";
        Bytes wire;
        if (step["kind"] == "heartbeat") {
            append(wire, heartbeat);
        } else if (step["kind"] == "message") {
            Bytes body = body_of(step["body"]);
            greeted = greeted || text(body) == "I2FTP 1.0";
            if (!greeted) continue;  // of the handshake
            (by_client ? channel_c : channel_s).send(wire, body);
        } else {
            continue;
        }
        append(by_client ? from_client : from_server, View(wire));
        // And the other side understands it.
        View rest = wire;
        const auto received = (by_client ? channel_s : channel_c).next(rest);
        ASSERT_TRUE(received);
        if (step["kind"] == "message") {
            EXPECT_EQ(received->body, body_of(step["body"]));
        }
    }
    EXPECT_EQ(hex(sha256(from_client)), recorded.json["c2s_sha256"].get<std::string>());
    EXPECT_EQ(hex(sha256(from_server)), recorded.json["s2c_sha256"].get<std::string>());
}

TEST(Handshake, ReplaysThePlainRecordingInBothRoles) {
    for (const std::size_t cut : {1U, 5U, 100000U}) replay("session_plain", cut);
}
TEST(Handshake, ReplaysTheSecuredRecordingInBothRoles) {
    for (const std::size_t cut : {1U, 5U, 100000U}) replay("session_secured", cut);
}

class Pair : public testing::Test {
protected:
    static constexpr double now = 1'700'000'030.5;
    SharedKey key{"a key of the two"};
    KeyRing ring{{SharedKey("somebody else's"), key}};
    SeededRandom random{5};

    // Until neither has more to say.
    static void talk(ClientHandshake& client, ServerHandshake& server, double client_now = now) {
        for (;;) {
            const Bytes said = client.take_output();
            const Bytes answered = server.take_output();
            if (said.empty() && answered.empty()) return;
            View to_server = said;
            View to_client = answered;
            server.feed(to_server, now);
            client.feed(to_client, client_now);
        }
    }
};

TEST_F(Pair, MeetWithPreauthInEveryModeThatTakesIt) {
    for (const auto mode : {Preauth::required, Preauth::automatic}) {
        ServerHandshake server(ring, {.preauth = mode}, random);
        ClientHandshake client(key, {}, random);
        client.begin(now);
        talk(client, server);
        EXPECT_TRUE(server.done() && client.done());
        EXPECT_EQ(server.match()->key, 1U);
        EXPECT_FALSE(server.old_client());
    }
}

TEST_F(Pair, AnOldClientIsServedWhenItKeepsSilent) {
    ServerHandshake server(ring, {.preauth = Preauth::automatic}, random);
    ClientHandshake client(key, {.preauth = false}, random);
    client.begin(now);
    EXPECT_TRUE(client.take_output().empty());
    EXPECT_TRUE(server.take_output().empty());
    server.silence();
    talk(client, server);
    EXPECT_TRUE(server.done() && client.done());
    EXPECT_TRUE(server.old_client());
    EXPECT_EQ(server.match()->key, 1U);
}

TEST_F(Pair, AnOldClientIsServedByAServerOfItsOwnAge) {
    ServerHandshake server(ring, {.preauth = Preauth::off}, random);
    ClientHandshake client(key, {.preauth = false}, random);
    client.begin(now);
    talk(client, server);
    EXPECT_TRUE(server.done() && client.done());
}

TEST_F(Pair, ANewClientOnASlowLineIsServedAfterTheServerSpokeFirst) {
    ServerHandshake server(ring, {.preauth = Preauth::automatic}, random);
    server.silence();
    ClientHandshake client(key, {}, random);
    client.begin(now);
    talk(client, server);
    EXPECT_TRUE(server.done() && client.done());
    EXPECT_FALSE(server.old_client());
}

TEST_F(Pair, SilenceMeansNothingWhereThePreauthIsRequired) {
    ServerHandshake server(ring, {.preauth = Preauth::required}, random);
    server.silence();
    EXPECT_TRUE(server.take_output().empty());
}

TEST_F(Pair, AWrongKeyIsRefusedWithoutAWord) {
    ServerHandshake server(ring, {.preauth = Preauth::required}, random);
    ClientHandshake client(SharedKey("a wrong one"), {}, random);
    client.begin(now);
    talk(client, server);
    EXPECT_TRUE(server.failed());
    EXPECT_FALSE(client.answered());
}

TEST_F(Pair, AWrongKeyOfAnOldClientIsRefusedAtItsAnswer) {
    ServerHandshake server(ring, {.preauth = Preauth::off}, random);
    ClientHandshake client(SharedKey("a wrong one"), {.preauth = false}, random);
    client.begin(now);
    talk(client, server);
    EXPECT_TRUE(server.failed());
    EXPECT_FALSE(client.accepted());
}

TEST_F(Pair, AClockThatIsTooFarAwayIsRefused) {
    ServerHandshake server(ring, {.preauth = Preauth::required}, random);
    ClientHandshake client(key, {}, random);
    client.begin(now + 300);
    talk(client, server, now + 300);
    EXPECT_TRUE(server.failed());
}

TEST_F(Pair, ARecordedAnswerIsOfNoUseForAnotherChallenge) {
    const auto conversation = [&](const Bytes* replayed) {
        ServerHandshake server(ring, {.preauth = Preauth::required}, random);
        ClientHandshake client(key, {}, random);
        client.begin(now);
        Bytes said = client.take_output();
        View rest = said;
        server.feed(rest, now);
        const Bytes challenge = server.take_output();
        View to_client = challenge;
        client.feed(to_client, now);
        said = replayed != nullptr ? *replayed : client.take_output();
        rest = said;
        server.feed(rest, now);
        return std::pair(said, server.failed());
    };
    const auto [answer, failed] = conversation(nullptr);
    EXPECT_FALSE(failed);
    EXPECT_TRUE(conversation(&answer).second);
}

class OneUse final : public ServerHandshake::Judge {
public:
    bool admit(const Token16&) override { return admitting; }
    bool accept(const Token64&) override { return accepting; }
    bool admitting = true;
    bool accepting = true;
};

TEST_F(Pair, TheJudgeHasTheLastWord) {
    OneUse judge;
    const auto refused = [&] {
        ServerHandshake server(ring, {.preauth = Preauth::required}, random, &judge);
        ClientHandshake client(key, {}, random);
        client.begin(now);
        talk(client, server);
        return server.failed();
    };
    EXPECT_FALSE(refused());
    judge.accepting = false;
    EXPECT_TRUE(refused());
    judge.accepting = true;
    judge.admitting = false;
    EXPECT_TRUE(refused());
}

// The version must reach a client as one piece of exactly three bytes.
TEST_F(Pair, NothingFollowsTheVersionBeforeTheClientHasAnswered) {
    ServerHandshake server(ring, {.preauth = Preauth::off}, random);
    ClientHandshake client(key, {.preauth = false}, random);
    const Bytes challenge = server.take_output();
    View to_client = challenge;
    client.feed(to_client, now);
    const Bytes answer = client.take_output();
    View to_server = answer;
    server.feed(to_server, now);
    EXPECT_EQ(text(server.take_output()), "2.1");
}

class Secured : public Pair {
protected:
    static const RsaKey& rsa() {
        static const RsaKey key = RsaKey::from_pem(vectors("rsa")["private_pem"].get<std::string>()).value();
        return key;
    }
    // As far as the session key; gives it to `spoil` before the server has it.
    template <class Spoil>
    std::unique_ptr<ServerHandshake> until_block(Spoil spoil) {
        auto server = std::make_unique<ServerHandshake>(
            ring, ServerHandshake::Options{.preauth = Preauth::off, .rsa = &rsa()}, random);
        ClientHandshake client(key, {.preauth = false}, random);
        for (int i = 0; i < 2; ++i) {
            const Bytes answered = server->take_output();
            View to_client = answered;
            client.feed(to_client, now);
            const Bytes said = client.take_output();
            View to_server = said;
            server->feed(to_server, now);
        }
        const Bytes flag = server->take_output();
        View to_client = flag;
        client.feed(to_client, now);
        Bytes block = client.take_output();
        spoil(block);
        View to_server = block;
        server->feed(to_server, now);
        return server;
    }
};

// Who can tell a bad block from a good one can decrypt the blocks of others (Bleichenbacher 1998).
TEST_F(Secured, ABadBlockIsAnsweredLikeAGoodOne) {
    Channel sender(view(key.bytes()), 1000, random);
    const auto server = until_block([&](Bytes& block) {
        block.clear();
        Bytes wrong(128, 7);
        sender.send(block, wrong);
    });
    ASSERT_TRUE(server->must_decrypt());
    const Bytes opened = rsa().open(server->block(), random);
    EXPECT_EQ(opened.size(), 64U);
    server->decrypted(opened);
    EXPECT_TRUE(server->done());
    EXPECT_FALSE(server->take_output().empty());
}

TEST_F(Secured, ABlockOfAnotherSizeIsNoFailureEither) {
    EXPECT_EQ(rsa().open(Bytes(3), random).size(), 64U);
    EXPECT_EQ(rsa().open(Bytes(5000, 255), random).size(), 64U);
    EXPECT_EQ(rsa().open(Bytes(128, 255), random).size(), 64U);
}

TEST_F(Secured, ADamagedBlockEndsTheHandshake) {
    const auto server = until_block([](Bytes& block) { block[40] ^= 1; });
    EXPECT_TRUE(server->failed());
}

TEST_F(Pair, NoBytesEverDoMoreThanFail) {
    for (int round = 0; round < 300; ++round) {
        ServerHandshake server(ring, {.preauth = round % 2 == 0 ? Preauth::off : Preauth::automatic}, random);
        ClientHandshake client(key, {}, random);
        client.begin(now);
        Bytes noise(random.below(600));
        random.fill(noise);
        View one = noise;
        View other = noise;
        server.feed(one, now);
        client.feed(other, now);
        EXPECT_FALSE(server.done());
        EXPECT_FALSE(client.done());
    }
}

}  // namespace
}  // namespace wherry::i2ftp
