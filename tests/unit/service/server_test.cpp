#include "wherry/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "service/config_keys.h"
#include "support/temp_folder.h"

// Set-up and its mistakes; the examples' tests have clients.
namespace wherry {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::TempFolder;

TEST(Server, StartFailsWithAllMistakesOfTheSetUp) {
    const TempFolder folder;
    Server server;
    const auto added = server.users().add("alice", Password("x"), folder.path("missing"));
    EXPECT_EQ(added.error().code, Code::not_found);
    EXPECT_TRUE(server.users().add("bob", Password("x"), memory_filesystem()));
    EXPECT_EQ(server.users().add("bob", Password("x"), memory_filesystem()).error().code, Code::exists);
    EXPECT_EQ(server.users().add("carol", Password(""), memory_filesystem()).error().code, Code::invalid);
    EXPECT_FALSE(server.users().add_anonymous(folder.path("gone")));
    server.ftp().listen("localhost").passive_ports(50099, 50000).nat_address("example.org");
    const auto started = server.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::invalid);
    for (const char* part :
         {"user \"alice\": ", "missing", "there is one of this name", "a password has 1 to", "gone",
          "listen: 'localhost'", "passive_ports: from 50099 to 50000", "nat_address: 'example.org'"}) {
        EXPECT_THAT(started.error().message, HasSubstr(part));
    }
    EXPECT_THAT(server.addresses(), IsEmpty());
}

TEST(Server, StartFailsWithTheMistakesAboutI2ftp) {
    const TempFolder folder;
    Server server;
    server.i2ftp()
        .listen("10.0.0:1")
        .listen_tls("here")
        .key(SharedKey::from_file(folder.path("no.key")), "alice")
        .key(SharedKey("k"), User{.name = "bob"});
    const auto started = server.start();
    ASSERT_FALSE(started);
    for (const char* part :
         {"i2ftp: listen: '10.0.0'", "i2ftp: listen_tls: 'here'", "no.key", "the user 'bob' has no filesystem"}) {
        EXPECT_THAT(started.error().message, HasSubstr(part));
    }
}

TEST(Server, AKeyOfNobodyIsAMistake) {
    Server server;
    server.i2ftp().listen("127.0.0.1:0").key(SharedKey("the key of alice"), "alice");
    EXPECT_THAT(server.start().error().message, HasSubstr("there is no user 'alice'"));
}

TEST(Server, StartFailsForCommandsThatCannotBe) {
    Server server;
    const auto run = [](const FtpCall&) { return FtpReply(); };
    server.ftp().command({.verb = "two words"}, run).command({.verb = "QUIT"}, run).command({.verb = "XNONE"}, nullptr);
    const auto started = server.start();
    ASSERT_FALSE(started);
    for (const char* part : {"command 'TWO WORDS': ", "command 'QUIT': it cannot be", "command 'XNONE': it has no"}) {
        EXPECT_THAT(started.error().message, HasSubstr(part));
    }
}

// set(): by the names of the configuration, and with its checks.
TEST(Server, TakesEveryFtpKeyByItsName) {
    Server server;
    using Value = FtpService::Value;
    for (const ConfigKey& key : config_keys()) {
        if (key.group() != "ftp") continue;
        const std::string type = key.field.type;
        Value value = std::string("1s");
        if (type == "true or false") value = true;
        if (type == "whole number") value = std::int64_t{-1};  // no number is that
        if (type.starts_with("list of")) value = std::vector<std::string>();
        server.ftp().set(std::string(key.last()), value);
    }
    server.ftp().set("mode_z", true).set("ascii", "raw").set("disabled_commands", std::vector<std::string>{"MLSD"});
    server.ftp().set("mode_y", true).set("ascii", "cooked").set("mode_z_level", 10).set("strict", "yes");
    server.ftp().set("disabled_commands", std::vector<std::string>{"QUIT"}).listen("127.0.0.1:0");
    const auto started = server.start();
    ASSERT_FALSE(started);
    for (const char* part :
         {"set: there is no key ftp.mode_y", "set: ftp.ascii: must be one of", "set: ftp.mode_z_level: must be",
          "set: ftp.strict: must be true or false", "set: ftp.disabled_commands: must be",
          "set: ftp.line_limit: must be", "set: ftp.list_recursion: must be"}) {
        EXPECT_THAT(started.error().message, HasSubstr(part));
    }
    for (const char* part : {"set: ftp.mode_z:", "set: ftp.hash:", "set: ftp.listen:", "set: ftp.idle_timeout"}) {
        EXPECT_THAT(started.error().message, Not(HasSubstr(part)));
    }
}

TEST(Server, SaysWhichUsersFileItCannotRead) {
    const TempFolder folder;
    Server server;
    server.users().load(folder.path("none.toml"));
    EXPECT_THAT(server.start().error().message, HasSubstr("none.toml"));
}

TEST(Server, SaysWhichDescriptorItCannotListenOn) {
    Server server;
    server.ftp().listen_on(9999);
    EXPECT_THAT(server.start().error().message, HasSubstr("descriptor 9999"));
}

TEST(Server, AsksForTheAddressesOfAHostWhenItStarts) {
    // A label is no longer than 63 bytes: nobody is asked.
    const std::string nobody = std::string(64, 'x') + ".example:0";
    Server server;
    server.ftp().listen(nobody);
    server.log_level(LogLevel::off);
    const auto started = server.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::not_found);
    EXPECT_THAT(started.error().message, HasSubstr("ftp.listen: \"xxx"));
}

TEST(Server, HasNothingToTellUnlessItServes) {
    Server server;
    server.drain();
    server.stop();
    EXPECT_THAT(server.sessions(), IsEmpty());
    EXPECT_THAT(server.status(), IsEmpty());
    EXPECT_FALSE(server.kill(1));
    EXPECT_THAT(server.metrics(), IsEmpty());
}

TEST(Server, RemovesUsersByName) {
    Server server;
    EXPECT_TRUE(server.users().add("alice", Password("x"), memory_filesystem()));
    EXPECT_TRUE(server.users().add_anonymous(memory_filesystem()));
    EXPECT_TRUE(server.users().remove("alice"));
    EXPECT_FALSE(server.users().remove("alice"));
    EXPECT_TRUE(server.users().remove("ftp"));
}

TEST(Endpoint, IsShownWithBracketsWhereNeeded) {
    EXPECT_EQ((Endpoint{"ftp", "127.0.0.1", 21}).text(), "127.0.0.1:21");
    EXPECT_EQ((Endpoint{"ftp", "::1", 2121}).text(), "[::1]:2121");
}

}  // namespace
}  // namespace wherry
