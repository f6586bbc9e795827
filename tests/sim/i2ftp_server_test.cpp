// The I2FTP server where it must do more, or less, than the original.
#include <gtest/gtest.h>

#include <algorithm>

#include "i2ftp/dyn_key.h"
#include "support/i2ftp_server.h"
#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

using namespace std::chrono_literals;
using testing::down;
using testing::I2ftpHarness;
using testing::upld;

TEST_F(I2ftpServer, ServesClientsOfBothAgesAndInBothModes) {
    harness.base.put("/a", "hello");
    for (const bool preauth : {true, false}) {
        auto client = harness.dial();
        ASSERT_TRUE(client->shake_hands(harness.key, preauth));
        EXPECT_FALSE(client->channel()->coded());
        EXPECT_TRUE(client->ask("LIST,a").starts_with("\1,{\"a\": "));
    }
    I2ftpHarness secured;
    secured.settings.secured = true;
    secured.rsa = RsaKey::from_pem(vectors("rsa")["private_pem"].get<std::string>()).value();
    secured.base.put("/a", "hello");
    const auto client = secured.connect();
    ASSERT_TRUE(client);
    EXPECT_TRUE(client->channel()->coded());
    EXPECT_TRUE(client->ask("LIST,a").starts_with("\1,{\"a\": "));
}

TEST_F(I2ftpServer, AnIdIsGoodOnEveryConnectionOfItsKey) {
    harness.base.put("/a", "hello");
    const auto control = harness.connect();
    const std::string id = open(*control, "GETF,a");
    control->hang_up();
    const auto data = harness.connect();
    EXPECT_EQ(data->ask(down(id, 1, 3)), done(testing::u64(1) + ",el"));
}

// Somebody else's id is of no use, even to one who knows it.
TEST_F(I2ftpServer, AnIdIsOfNoUseUnderAnotherKey) {
    User alice;
    alice.name = "alice";
    alice.permissions = perm::all;
    User bob = alice;
    bob.name = "bob";
    const SharedKey other("the key of bob");
    harness.add_user(harness.key, alice);
    harness.add_user(other, bob);
    harness.base.put("/a", "hello");
    const auto first = harness.connect();
    const auto second = harness.connect(other);
    ASSERT_TRUE(first && second);
    const std::string id = open(*first, "GETF,a");
    EXPECT_EQ(second->ask(down(id, 0, 0)), refused(says::bad_id));
    EXPECT_EQ(second->ask("CLOZ," + id), refused(says::bad_id));
    EXPECT_EQ(first->ask(down(id, 0, 0)), done(testing::u64(0) + ",hello"));
}

TEST_F(I2ftpServer, AnIdExpires120SecondsAfterItsLastUse) {
    harness.base.put("/a", "hello");
    const auto client = harness.connect();
    const std::string id = open(*client, "GETF,a");
    const auto wait = [&](std::chrono::seconds span) {
        for (; span.count() > 0; span -= 8s) {
            client->send(view(heartbeat));
            harness.base.wait(8s);
        }
    };
    wait(96s);
    EXPECT_EQ(client->ask(down(id, 0, 1)), done(testing::u64(0) + ",h"));
    wait(96s);
    EXPECT_EQ(client->ask(down(id, 0, 1)), done(testing::u64(0) + ",h"));
    wait(128s);
    EXPECT_EQ(client->ask(down(id, 0, 1)), refused(says::bad_id));
}

TEST_F(I2ftpServer, ThePublicKeyIsRefusedUnlessTheOperatorWantsIt) {
    const SharedKey known("&90%]>__AdfI2FTP$F%_+@$^:aBasicKey%_+@-$^:>");
    const auto user = std::make_shared<User>();
    EXPECT_EQ(harness.server().set_identities({{known, user}}).error().code, Code::denied);
    I2ftpHarness careless;
    careless.settings.public_key = true;
    EXPECT_TRUE(careless.server().set_identities({{known, user}}));
}

TEST_F(I2ftpServer, OneKeyIsOneUsers) {
    const auto user = std::make_shared<User>();
    EXPECT_EQ(harness.server().set_identities({{SharedKey("k"), user}, {SharedKey("k"), user}}).error().code,
              Code::exists);
    EXPECT_EQ(harness.server().set_identities({{SharedKey(), user}}).error().code, Code::invalid);
}

TEST_F(I2ftpServer, AMessageWithoutACommaIsNotAnsweredAndEndsNothing) {
    const auto client = harness.connect();
    const auto other = harness.connect();
    EXPECT_EQ(client->ask("no comma here"), "");
    EXPECT_EQ(client->ask("LIST,."), done("{}"));
    EXPECT_EQ(other->ask("LIST,."), done("{}"));
}

TEST_F(I2ftpServer, DownWithAHugeEndStopsAfterOnePieceBeyondTheFile) {
    harness.base.put("/a", "hello");
    const auto client = harness.connect();
    const std::string id = open(*client, "GETF,a");
    for (const std::uint64_t end : {std::uint64_t{1} << 62U, ~std::uint64_t{0}}) {
        client->say(down(id, 0, end));
        EXPECT_EQ(client->hear(), done(testing::u64(0) + ",hello"));
        EXPECT_EQ(client->hear(), done(testing::u64(piece) + ","));
        EXPECT_FALSE(client->hear());
    }
    EXPECT_EQ(client->ask("CLOZ," + id).size(), 34U);
}

TEST_F(I2ftpServer, AClientThatDoesNotReadIsWaitedForWithinBounds) {
    harness.base.put("/big", std::string(40 * piece, 'x'));
    const auto client = harness.connect();
    const std::string id = open(*client, "GETF,big");
    client->connection().window = 10'000;
    Bytes out;
    for (int i = 0; i < 50; ++i) client->channel()->send(out, down(id, 0, 0));
    client->send(out);
    harness.base.wait(10s);
    const auto other = harness.connect();
    EXPECT_TRUE(other->ask("LIST,big").starts_with(done("{")));
    EXPECT_LE(client->connection().waiting(), 10'000U);
    harness.base.wait(61s);
    EXPECT_TRUE(client->closed());
}

TEST_F(I2ftpServer, AMessageBeyondTheLimitEndsTheConnection) {
    harness.settings.message_limit = 600'000;
    const auto client = harness.connect();
    client->say("LIST," + std::string(700'000, 'a'));
    EXPECT_TRUE(client->closed());
    EXPECT_TRUE(harness.connect());
}

TEST_F(I2ftpServer, TooManyDamagedFramesEndTheConnection) {
    const auto client = harness.connect();
    for (int i = 0; i < 64; ++i) client->send(view("Axxxxxxxxx"));
    EXPECT_TRUE(client->closed());
}

TEST_F(I2ftpServer, NoPathLeadsOut) {
    const auto client = harness.connect();
    for (const char* path : {"../x", "a/../../x", "/etc/passwd", "\\etc", "a\\..\\..\\x", ""}) {
        for (const char* verb : {"LIST,", "GETF,", "PULF,"}) {
            EXPECT_EQ(client->ask(std::string(verb) + path), refused(says::bad_path)) << verb << path;
        }
    }
    // A drive letter is a name like others.
    EXPECT_EQ(client->ask("LIST,C:/x"), refused(says::missing));
    EXPECT_EQ(client->ask(std::string("FIOP,\0,a,../b", 13)), refused(says::bad_path));
}

TEST_F(I2ftpServer, FiopSparesTheRootAndPutsNothingIntoItself) {
    harness.base.put("/f", "x");
    const auto client = harness.connect();
    for (const std::string& request :
         std::vector<std::string>{std::string("FIOP,\3,."), std::string("FIOP,\1,.,g"), std::string("FIOP,\2,.,g")}) {
        EXPECT_EQ(client->ask(request)[0], 0) << request;
    }
    EXPECT_EQ(client->ask("FIOP,\4,d"), done(says::done));
    EXPECT_EQ(client->ask("FIOP,\2,d,d/e")[0], 0);
    EXPECT_TRUE(harness.base.exists("/f"));
    EXPECT_FALSE(harness.base.exists("/g"));
}

TEST_F(I2ftpServer, PctlAnswersWhomItMay) {
    EXPECT_EQ(harness.connect()->ask("PCTL,0"), refused(says::denied));
    I2ftpHarness local;
    local.settings.process_control = ProcessControl::loopback;
    local.process = 77;
    EXPECT_EQ(local.connect()->ask("PCTL,0"), refused(says::denied));
    const auto near = local.dial(net::Address::loopback(40000));
    ASSERT_TRUE(near->shake_hands(local.key));
    EXPECT_EQ(near->ask("PCTL,0"), done(std::string("\x4d\0\0\0", 4)));
}

TEST_F(I2ftpServer, AClockThatIsWrongIsToldToTheOperator) {
    harness.server();
    ClientHandshake early(harness.key, {}, system_random());
    early.begin(harness.unix_time() - 600);
    const auto client = harness.dial();
    client->send(early.take_output());
    EXPECT_TRUE(client->closed());
    bool told = false;
    for (const Event& event : harness.base.events()) {
        if (const auto* failed = std::get_if<event::LoginFailed>(&event))
            told = failed->reason.contains("10 minutes behind");
    }
    EXPECT_TRUE(told);
}

TEST_F(I2ftpServer, ARecordedBeginningIsRefusedAfterAWhile) {
    harness.server();
    ClientHandshake recorded(harness.key, {}, system_random());
    recorded.begin(harness.unix_time());
    const Bytes beginning = recorded.take_output();
    std::size_t challenges = 0;
    for (int i = 0; i < 40; ++i) {
        const auto client = harness.dial();
        client->send(beginning);
        challenges += client->receive().empty() ? 0 : 1;
        client->hang_up();
    }
    EXPECT_EQ(challenges, std::size_t{ReplayGuard::most_broken});
    const auto elsewhere = harness.dial(net::Address::parse_ip("203.0.113.9", 4000).value());
    EXPECT_TRUE(elsewhere->shake_hands(harness.key));
}

TEST_F(I2ftpServer, ASilentClientIsEndedAndHoldsUpNobody) {
    const auto silent = harness.dial();
    EXPECT_TRUE(harness.connect());
    harness.base.wait(11s);
    EXPECT_TRUE(silent->closed());
}

TEST_F(I2ftpServer, AnIdleConnectionIsEndedAndHeartbeatsKeepIt) {
    const auto idle = harness.connect();
    const auto alive = harness.connect();
    for (int i = 0; i < 12; ++i) {
        alive->send(view(heartbeat));
        harness.base.wait(8s);
    }
    EXPECT_TRUE(idle->closed());
    EXPECT_EQ(alive->ask("LIST,."), done("{}"));
}

TEST_F(I2ftpServer, AReadOnlyServerRefusesBeforeItLooks) {
    harness.settings.read_only = true;
    const auto client = harness.connect();
    for (const char* request : {"PULF,../x", "PULF,a", "UPLD,x", "FIOP,\4,d"}) {
        EXPECT_EQ(client->ask(request), refused(says::read_only_server)) << request;
    }
}

TEST_F(I2ftpServer, PermissionsHoldAsForEveryOtherProtocol) {
    User reader;
    reader.name = "reader";
    reader.permissions = perm::read;
    harness.add_user(harness.key, reader);
    harness.base.put("/a", "x");
    const auto client = harness.connect();
    EXPECT_EQ(client->ask("PULF,b"), refused(says::denied));
    EXPECT_EQ(client->ask("FIOP,\3,a"), refused(says::denied));
    EXPECT_TRUE(client->ask("GETF,a").starts_with("\1,"));
}

TEST_F(I2ftpServer, FilesAreLimited) {
    harness.settings.handles = 3;
    harness.base.put("/a", "x");
    const auto client = harness.connect();
    const std::string first = open(*client, "GETF,a");
    open(*client, "GETF,a");
    open(*client, "PULF,b");
    EXPECT_EQ(client->ask("GETF,a"), refused(says::full));
    EXPECT_EQ(client->ask("PULF,c"), refused(says::full));
    client->ask("CLOZ," + first);
    open(*client, "GETF,a");
}

TEST_F(I2ftpServer, RequestsAreAnsweredBetweenThePiecesOfALargeDownload) {
    harness.base.put("/big", std::string(6 * piece, 'x'));
    const auto client = harness.connect();
    const std::string id = open(*client, "GETF,big");
    client->connection().window = 1000;  // so that it cannot be sent all at once
    client->say(down(id, 0, 0));
    client->say("LIST,nothing");
    std::vector<std::size_t> sizes;
    while (const auto reply = client->hear()) sizes.push_back(reply->size());
    ASSERT_EQ(sizes.size(), 7U);
    EXPECT_NE(sizes.back(), refused(says::missing).size());
    EXPECT_EQ(std::count(sizes.begin(), sizes.end(), refused(says::missing).size()), 1);
}

TEST_F(I2ftpServer, SevenPiecesMayBeOnTheWayBeforeTheFirstReplyIsRead) {
    const auto client = harness.connect();
    const std::string id = open(*client, "PULF,up");
    const std::string whole = string_of(pattern(7 * piece, 4));
    for (std::size_t i = 0; i < 7; ++i) client->say(upld(id, i * piece, whole.substr(i * piece, piece)));
    for (std::uint64_t i = 1; i <= 7; ++i) EXPECT_EQ(client->hear(), done(testing::u64(i * piece)));
    EXPECT_EQ(client->ask("CLOZ," + id), done(""));
    EXPECT_EQ(harness.base.content("/up"), whole);
}

// --- hashes --------------------------------------------------------------------------------------

TEST_F(I2ftpServer, AnUploadWithAHashIsStoredOnlyIfItMatches) {
    const auto client = harness.connect();
    for (const std::string& hash : std::vector{hex(md5("hello")), hex(sha256(view("hello")))}) {
        const std::string id = open(*client, "PULF,good," + hash);
        client->ask(upld(id, 0, "hello"));
        EXPECT_FALSE(harness.base.exists("/good"));
        std::string reply = client->ask("CLOZ," + id);
        if (reply == refused(says::calculating)) reply = client->ask("CLOZ," + id);
        EXPECT_EQ(reply, done(""));
        EXPECT_EQ(harness.base.content("/good"), "hello");
        harness.base.files->remove_file(Path::resolve("/good").value()).value();
    }
    const std::string id = open(*client, "PULF,bad," + hex(md5("hello")));
    client->ask(upld(id, 0, "hellO"));
    EXPECT_EQ(client->ask("CLOZ," + id), refused(says::wrong_hash));
    EXPECT_FALSE(harness.base.exists("/bad"));
}

TEST_F(I2ftpServer, CloseSaysThatItStillCalculatesUntilTheDigestIsThere) {
    harness.base.put("/a", "hello");
    const auto client = harness.connect();
    const std::string id = open(*client, "GETF,a");
    {
        const Lease handle =
            harness.server().handles().find(view(id), string_of(preauth_secret(view(harness.key.bytes()))));
        ASSERT_TRUE(handle);
        handle->sum.store(Handle::Sum::running);
        EXPECT_EQ(client->ask("CLOZ," + id), refused(says::calculating));
        EXPECT_EQ(client->ask(down(id, 0, 0)), done(testing::u64(0) + ",hello"));
        handle->sum.store(Handle::Sum::known);
    }
    EXPECT_EQ(client->ask("CLOZ," + id), done(hex(md5("hello"))));
}

// --- the end -------------------------------------------------------------------------------------

TEST_F(I2ftpServer, DrainingWaitsForOpenFilesAndTakesNoNewOnes) {
    harness.base.put("/a", "hello");
    const auto client = harness.connect();
    const auto idle = harness.connect();
    const std::string id = open(*client, "GETF,a");
    harness.server().drain();
    harness.base.wait(2s);
    EXPECT_TRUE(idle->closed());
    EXPECT_EQ(client->ask("GETF,a"), refused(says::stopping));
    EXPECT_EQ(client->ask(down(id, 0, 0)), done(testing::u64(0) + ",hello"));
    EXPECT_EQ(client->ask("CLOZ," + id).size(), 34U);
    harness.base.wait(2s);
    EXPECT_TRUE(client->closed());
    EXPECT_EQ(harness.base.commons().outstanding.count(), 0U);
}

TEST_F(I2ftpServer, StoppingEndsEverything) {
    harness.base.put("/a", "hello");
    const auto client = harness.connect();
    open(*client, "GETF,a");
    open(*client, "PULF,b");
    harness.server().stop();
    harness.base.wait(2s);
    EXPECT_TRUE(client->closed());
    EXPECT_EQ(harness.base.commons().outstanding.count(), 0U);
    EXPECT_EQ(harness.base.metrics().value(Metric::transfers), 0);
    EXPECT_EQ(harness.base.metrics().value(Metric::sessions), 0);
}

// Whatever an authenticated client says, of whatever length, others are served.
TEST_F(I2ftpServer, NoRequestDisturbsAnother) {
    SeededRandom random(17);
    harness.base.put("/a", "hello");
    const auto other = harness.connect();
    auto client = harness.connect();
    const char* const names[] = {"LIST,", "GETF,", "DOWN,", "PULF,", "UPLD,", "CLOZ,", "FIOP,", "PCTL,", "NOPE,", ""};
    for (int round = 0; round < 2000; ++round) {
        std::string request = names[random.below(std::size(names))];
        if (random.below(3) == 0) request += client->ask("GETF,a").substr(2);
        Bytes noise(random.below(60));
        random.fill(noise);
        request += string_of(noise);
        client->say(request);
        while (client->hear()) {
        }
        if (round % 100 == 0) {
            ASSERT_TRUE(other->ask("LIST,.").starts_with("\1,{")) << round;
            client = harness.connect();
            ASSERT_TRUE(client);
        }
        harness.base.clock().advance(50ms);
    }
}

TEST_F(I2ftpServer, NoiseAtAnyMomentEndsAtMostItsOwnConnection) {
    SeededRandom random(23);
    for (int round = 0; round < 150; ++round) {
        const auto client = round % 2 == 0 ? harness.dial() : harness.connect();
        ASSERT_TRUE(client);
        Bytes noise(1 + random.below(3000));
        random.fill(noise);
        client->send(noise);
        client->reset();
    }
    harness.base.wait(1s);
    EXPECT_EQ(harness.connect()->ask("LIST,."), done("{}"));
}

}  // namespace
}  // namespace wherry::i2ftp
