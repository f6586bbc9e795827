// Uploads that were interrupted and go on (docs/i2ftp.md, "Resuming").
#include <gtest/gtest.h>

#include "support/i2ftp_server.h"
#include "support/i2ftp_vectors.h"

namespace wherry::i2ftp {
namespace {

using namespace std::chrono_literals;
using testing::I2ftpHarness;
using testing::upld;

class I2ftpResume : public I2ftpServer {
protected:
    // An upload that ends with its connection after ten bytes.
    void interrupt() {
        const auto client = harness.connect();
        const std::string id = open(*client, "PULF,up");
        EXPECT_EQ(client->ask(upld(id, 0, "0123456789")), done(testing::u64(10)));
        client->reset();
    }
    std::uint64_t listed(testing::I2ftpClient& client) {
        const std::string reply = client.ask("LIST,up");
        const auto json = Json::parse(reply.substr(2), nullptr, false);
        return json.is_object() ? json["up"]["size"].get<std::uint64_t>() : 999;
    }
};

TEST_F(I2ftpResume, ListTellsWhatIsKeptAndWritingFromThereKeepsIt) {
    interrupt();
    const auto client = harness.connect();
    const std::string id = open(*client, "PULF,up");
    EXPECT_EQ(listed(*client), 10U);
    client->ask(upld(id, 10, "abc"));
    EXPECT_EQ(client->ask("CLOZ," + id), done(""));
    EXPECT_EQ(harness.base.content("/up"), "0123456789abc");
}

TEST_F(I2ftpResume, WritingFromWithinKeepsWhatIsBeforeAndNothingBehind) {
    interrupt();
    const auto client = harness.connect();
    const std::string id = open(*client, "PULF,up");
    client->ask(upld(id, 4, "x"));
    client->ask("CLOZ," + id);
    EXPECT_EQ(harness.base.content("/up"), "0123x");
}

TEST_F(I2ftpResume, WritingFromTheBeginningMakesAFreshFile) {
    interrupt();
    const auto client = harness.connect();
    const std::string id = open(*client, "PULF,up");
    client->ask(upld(id, 0, "new"));
    client->ask("CLOZ," + id);
    EXPECT_EQ(harness.base.content("/up"), "new");
}

TEST_F(I2ftpResume, WritingWithAGapOrNotAtAllMakesAFreshFile) {
    interrupt();
    const auto client = harness.connect();
    std::string id = open(*client, "PULF,up");
    client->ask(upld(id, 12, "x"));
    client->ask("CLOZ," + id);
    EXPECT_EQ(harness.base.content("/up"), std::string(12, '\0') + "x");
    interrupt();
    id = open(*client, "PULF,up");
    client->ask("CLOZ," + id);
    EXPECT_EQ(harness.base.content("/up"), "");
}

TEST_F(I2ftpResume, AKeptUploadIsFoundLongAfterItsIdHasExpired) {
    for (const bool atomic : {false, true}) {
        I2ftpHarness fresh;
        fresh.base.uploads.atomic = atomic;
        auto client = fresh.connect();
        std::string id = open(*client, "PULF,up");
        client->ask(upld(id, 0, "0123456789"));
        client->reset();
        fresh.base.wait(600s);
        client = fresh.connect();
        EXPECT_EQ(client->ask(upld(id, 10, "x")), refused(says::bad_id));
        id = open(*client, "PULF,up");
        EXPECT_EQ(listed(*client), 10U);
        client->ask(upld(id, 10, "abc"));
        EXPECT_EQ(client->ask("CLOZ," + id), done(""));
        EXPECT_EQ(fresh.base.content("/up"), "0123456789abc");
    }
}

TEST_F(I2ftpResume, AfterItsTimeItIsAnUploadLikeOthers) {
    harness.settings.keep_uploads = 60s;
    interrupt();
    harness.base.wait(200s);
    EXPECT_EQ(harness.server().handles().kept(), 0U);
    EXPECT_EQ(harness.base.content("/up"), "0123456789");
    const auto client = harness.connect();
    const std::string id = open(*client, "PULF,up");
    EXPECT_EQ(listed(*client), 0U);
    EXPECT_EQ(harness.base.content("/up"), "");
    client->ask("CLOZ," + id);
}

TEST_F(I2ftpResume, AnUploadThatGoesOnIsNotTakenAway) {
    const auto first = harness.connect();
    const std::string id = open(*first, "PULF,up");
    first->ask(upld(id, 0, "0123456789"));
    const auto second = harness.connect();
    open(*second, "PULF,up");
    EXPECT_EQ(harness.base.content("/up"), "");
    EXPECT_EQ(first->ask(upld(id, 10, "x")), done(testing::u64(11)));
}

TEST_F(I2ftpResume, OfAFileThatWasReplacedMeanwhileNothingIsKept) {
    interrupt();
    harness.base.files->remove_file(Path::resolve("/up").value()).value();
    harness.base.put("/up", "another");
    const auto client = harness.connect();
    const std::string id = open(*client, "PULF,up");
    EXPECT_EQ(listed(*client), 0U);
    client->ask("CLOZ," + id);
}

}  // namespace
}  // namespace wherry::i2ftp
