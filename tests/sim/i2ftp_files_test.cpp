// What I2FTP does to files beyond single requests: trees over several filesystems, rates, the end of the server.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/i2ftp_server.h"
#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

using namespace std::chrono_literals;
using testing::down;
using testing::I2ftpHarness;
using testing::upld;

std::string fiop(char code, const std::string& paths) { return std::string("FIOP,") + code + ',' + paths; }

// --- trees ---------------------------------------------------------------------------------------

class I2ftpTrees : public I2ftpServer {
protected:
    void SetUp() override {
        harness.base.files = mount_filesystem({{Path(), memory_filesystem()},
                                               {Path::resolve("/one").value(), memory_filesystem()},
                                               {Path::resolve("/two").value(), memory_filesystem()}});
        client = harness.connect();
        put("/one/tree/a", "first");
        put("/one/tree/deep/er/b", std::string(3 * piece, 'b'));
        ASSERT_EQ(client->ask(fiop(4, "one/tree/empty")), done(says::done));
    }
    void put(const std::string& path, const std::string& content) {
        const std::string id = open(*client, "PULF," + path.substr(1));
        for (std::size_t at = 0; at < content.size(); at += piece) client->ask(upld(id, at, content.substr(at, piece)));
        EXPECT_EQ(client->ask("CLOZ," + id), done(""));
    }
    void expect_tree_at(const std::string& place) {
        EXPECT_EQ(harness.base.content(place + "/a"), "first");
        EXPECT_EQ(harness.base.content(place + "/deep/er/b"), std::string(3 * piece, 'b'));
        EXPECT_EQ(client->ask("LIST," + place.substr(1) + "/empty"), done("{}"));
    }
    std::unique_ptr<testing::I2ftpClient> client;
};

TEST_F(I2ftpTrees, AreCopiedFromOneFilesystemToAnother) {
    EXPECT_EQ(client->ask(fiop(2, "one/tree,two/copy")), done(says::done));
    expect_tree_at("/two/copy");
    expect_tree_at("/one/tree");
}

TEST_F(I2ftpTrees, AreMovedAndRenamedAcrossFilesystems) {
    EXPECT_EQ(client->ask(fiop(1, "one/tree,two/moved")), done(says::done));
    expect_tree_at("/two/moved");
    EXPECT_FALSE(harness.base.exists("/one/tree"));
    EXPECT_EQ(client->ask(fiop(0, "two/moved,one/back")), done(says::done));
    expect_tree_at("/one/back");
    EXPECT_FALSE(harness.base.exists("/two/moved"));
}

TEST_F(I2ftpTrees, NothingIsRemovedOfATreeThatCouldNotBeCopied) {
    User alice;
    alice.name = "alice";
    alice.permissions = perm::all;
    alice.rules = {{Path::resolve("/two/moved/deep").value(), perm::none}};
    alice.filesystem = harness.base.files;
    ASSERT_TRUE(harness.server().set_identities({{harness.key, std::make_shared<const User>(alice)}}));
    client = harness.connect();
    EXPECT_EQ(client->ask(fiop(1, "one/tree,two/moved"))[0], 0);
    expect_tree_at("/one/tree");
}

TEST_F(I2ftpTrees, AreRemovedAsAWhole) {
    EXPECT_EQ(client->ask(fiop(3, "one/tree")), done(says::done));
    EXPECT_FALSE(harness.base.exists("/one/tree"));
}

TEST_F(I2ftpTrees, ACopyIsHeldUpByNobodyWhoLeaves) {
    client->say(fiop(2, "one/tree,two/copy"));
    client->reset();
    harness.base.wait(1s);
    EXPECT_TRUE(harness.connect());
    EXPECT_EQ(harness.base.metrics().value(Metric::transfers), 0);
}

// --- rates ---------------------------------------------------------------------------------------

// A client that sends heartbeats, as all do, until `over`; how many seconds passed.
template <class Over>
std::int64_t seconds_until(I2ftpHarness& harness, testing::I2ftpClient& client, Over over) {
    for (std::int64_t seconds = 0; seconds < 600; ++seconds) {
        if (over()) return seconds;
        client.send(view(heartbeat));
        harness.base.wait(1s);
    }
    return 600;
}

TEST_F(I2ftpServer, DownloadsKeepToTheirRate) {
    harness.base.rates.session_download = 2 * piece;
    harness.base.put("/big", std::string(20 * piece, 'x'));
    const auto client = harness.connect();
    const std::string id = open(*client, "GETF,big");
    client->say(down(id, 0, 0));
    std::size_t came = 0;
    const auto seconds = seconds_until(harness, *client, [&] {
        while (client->hear()) ++came;
        return came == 20;
    });
    EXPECT_GE(seconds, 8);
    EXPECT_LE(seconds, 12);
    EXPECT_EQ(client->ask("CLOZ," + id).size(), 34U);
}

TEST_F(I2ftpServer, UploadsKeepToTheirRateAndOthersAreServedMeanwhile) {
    harness.base.rates.session_upload = 2 * piece;
    const auto client = harness.connect();
    const auto other = harness.connect();
    const std::string id = open(*client, "PULF,up");
    const std::string content(piece, 'u');
    for (std::uint64_t i = 0; i < 20; ++i) client->say(upld(id, i * piece, content));
    EXPECT_TRUE(other->ask("LIST,.").starts_with(done("{")));
    std::size_t came = 0;
    const auto seconds = seconds_until(harness, *client, [&] {
        other->send(view(heartbeat));
        while (client->hear()) ++came;
        return came == 20;
    });
    EXPECT_GE(seconds, 8);
    EXPECT_LE(seconds, 12);
    EXPECT_TRUE(other->ask("LIST,.").starts_with(done("{")));
    client->send(view(heartbeat));
    harness.base.wait(2s);
    EXPECT_EQ(client->ask("CLOZ," + id), done(""));
    EXPECT_EQ(harness.base.content("/up")->size(), 20 * piece);
}

// --- the end of the server -----------------------------------------------------------------------

// Nobody could tell a part from a whole file afterwards: a client that comes back sends all of it.
TEST_F(I2ftpServer, AKeptUploadEndsWithTheServerAsABrokenOne) {
    for (const bool atomic : {false, true}) {
        I2ftpHarness first;
        first.base.uploads.atomic = atomic;
        auto client = first.connect();
        const std::string id = open(*client, "PULF,up");
        client->ask(upld(id, 0, "0123456789"));
        client->reset();
        first.server().stop();
        first.base.wait(2s);
        EXPECT_EQ(first.base.exists("/up"), !atomic);
        const auto received = std::find_if(first.base.events().begin(), first.base.events().end(),
                                           [](const Event& e) { return std::holds_alternative<event::Received>(e); });
        ASSERT_NE(received, first.base.events().end());
        EXPECT_FALSE(std::get<event::Received>(*received).complete());

        I2ftpHarness second;
        second.base.files = first.base.files;
        client = second.connect();
        const std::string fresh = open(*client, "PULF,up");
        EXPECT_TRUE(client->ask("LIST,up").contains("\"size\": 0"));
        client->ask(upld(fresh, 0, "new"));
        EXPECT_EQ(client->ask("CLOZ," + fresh), done(""));
        EXPECT_EQ(second.base.content("/up"), "new");
    }
}

}  // namespace
}  // namespace wherry::i2ftp
