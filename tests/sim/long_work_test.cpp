// Work that takes its time and moves nothing over a data connection: HASH, SITE COPY, COMB, RMDA. It leaves the control
// connection free, ABOR ends it, and what it leaves behind is whole or nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/faulty_fs.h"
#include "testing/files.h"
#include "testing/harness.h"

namespace wherry::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t megabyte = 1024 * 1024;

class LongWork : public ::testing::Test {
protected:
    LongWork() {
        harness_.settings.hash = harness_.settings.combine = true;
        harness_.put("/big", std::string(40 * megabyte, 'x'));
    }
    Client& alice() {
        if (!client_) {
            harness_.add_user("alice", "x", Perm("elradfmwMTSDO"));
            client_ = harness_.connect();
            EXPECT_TRUE(client_->log_in("alice", "x"));
        }
        return *client_;
    }
    std::string names() {
        std::string all;
        for (const std::string& name : testing::names(*harness_.files, "/"_p).value()) all += name + " ";
        return all;
    }

    Harness harness_;
    std::unique_ptr<Client> client_;
};

TEST_F(LongWork, leaves_the_control_connection_free) {
    alice().send("HASH big\r\nNOOP\r\nSTAT\r\nPWD\r\n");
    EXPECT_EQ(alice().code(), 200);  // NOOP
    EXPECT_THAT(alice().reply().value_or(""), HasSubstr("Computing SHA-256 of /big: 8388608 of 41943040 so far"));
    EXPECT_EQ(alice().code(), 213);
    EXPECT_EQ(alice().code(), 257);  // PWD waited for its turn
    EXPECT_THAT(alice().ask("STAT"), 211);
    EXPECT_THAT(alice().last(), HasSubstr("No data connection"));
}

TEST_F(LongWork, is_ended_by_abor) {
    for (const char* command : {"HASH big", "XSHA512 big", "MMD5 big, big", "SITE COPY big copy", "COMB all big"}) {
        alice().send(std::string(command) + "\r\nABOR\r\n");
        EXPECT_EQ(alice().code(), 426) << command;
        EXPECT_EQ(alice().code(), 226) << command;
        EXPECT_EQ(alice().ask("NOOP"), 200) << command;
        EXPECT_EQ(names(), "big ") << command;
    }
}

// One user gets one thread of the lane at a time, however many sessions there are.
TEST_F(LongWork, of_a_checksum_is_one_at_a_time_for_each_user) {
    alice();
    const auto again = harness_.connect();
    ASSERT_TRUE(again->log_in("alice", "x"));
    harness_.add_user("bob", "x", Perm("elr"));
    const auto bob = harness_.connect();
    ASSERT_TRUE(bob->log_in("bob", "x"));
    alice().control().send("HASH big\r\n");
    again->control().send("XCRC big\r\n");
    bob->control().send("XMD5 big\r\n");
    EXPECT_EQ(again->code(), 450);
    EXPECT_EQ(alice().code(), 213);
    EXPECT_EQ(bob->code(), 250);
    EXPECT_EQ(again->ask("XCRC big"), 250);
}

TEST_F(LongWork, ends_with_the_session) {
    alice().send("HASH big\r\n");
    alice().send("HASH big\r\nQUIT\r\n");
    EXPECT_EQ(alice().code(), 213);
    EXPECT_EQ(alice().code(), 221);
    EXPECT_EQ(alice().code(), 213);  // as RFC 959 has it for a transfer: what runs is not cut off by QUIT
    EXPECT_TRUE(alice().closed());
    client_ = harness_.connect();
    EXPECT_TRUE(client_->log_in("alice", "x"));
    client_->control().send("SITE COPY big copy\r\n");
    client_->control().reset();
    harness_.run();
    EXPECT_EQ(harness_.sessions(), 0U);
    EXPECT_EQ(names(), "big ");
}

TEST_F(LongWork, of_a_tree_is_ended_by_abor) {
    ASSERT_TRUE(harness_.files->make_directory("/d"_p, 0777));
    for (int i = 0; i < 5000; ++i) harness_.put("/d/" + std::to_string(i), "x");
    alice().send("RMDA d\r\nABOR\r\n");
    EXPECT_EQ(alice().code(), 426);
    EXPECT_EQ(alice().code(), 226);
    EXPECT_EQ(testing::names(*harness_.files, "/d"_p).value().size(), 4800U);
    alice().send("DSIZ d\r\nABOR\r\n");
    EXPECT_EQ(alice().code(), 426);
    EXPECT_EQ(alice().code(), 226);
    EXPECT_EQ(alice().ask("DSIZ d"), 213);
    EXPECT_EQ(alice().last(), "213 4800");
    EXPECT_EQ(alice().ask("RMDA d"), 250);
    EXPECT_FALSE(harness_.exists("/d"));
}

// Whatever operation of the disk fails, the copy is whole or not there, and nothing stays open.
TEST_F(LongWork, is_whole_or_nothing_wherever_the_disk_fails) {
    const auto faulty = std::make_shared<FaultyFilesystem>(harness_.files);
    const FilesystemPtr below = std::exchange(harness_.files, faulty);
    for (const std::string command : {"SITE COPY p all", "COMB all p q"}) {
        for (std::uint64_t nth = 0;; ++nth) {
            ASSERT_LT(nth, 100U) << command;
            for (const char* name : {"/all", "/p", "/q"}) static_cast<void>(below->remove_file(path_of(name)));
            ASSERT_TRUE(put(*below, "/p"_p, "one"));
            ASSERT_TRUE(put(*below, "/q"_p, "two"));
            alice();
            faulty->fail_at(nth, Code::io);
            const int code = alice().ask(command);
            const bool failed = faulty->operations() > nth;
            faulty->heal();
            EXPECT_EQ(faulty->open_files(), 0U);
            const std::string whole = command.starts_with("SITE") ? "one" : "onetwo";
            const auto content = get(*below, "/all"_p);
            if (code == 250) {
                ASSERT_TRUE(content) << command << " " << nth;
                EXPECT_EQ(*content, whole) << command << " " << nth;
            } else {
                EXPECT_EQ(code, 451) << command << " " << nth;
                EXPECT_FALSE(content) << command << " " << nth;
                EXPECT_TRUE(get(*below, "/p"_p)) << command << " " << nth;
                EXPECT_TRUE(get(*below, "/q"_p)) << command << " " << nth;
            }
            if (!failed) break;
        }
    }
}

TEST_F(LongWork, of_copies_counts_for_the_quota) {
    User bob;
    bob.name = "bob";
    bob.permissions = Perm("elradfmwD");
    bob.limits.storage = 100 * megabyte;
    bob.limits.files = 4;
    harness_.add_user(bob, "x");
    const auto client = harness_.connect();
    ASSERT_TRUE(client->log_in("bob", "x"));
    EXPECT_EQ(client->ask("SITE QUOTA"), 200);
    EXPECT_THAT(client->last(), HasSubstr("41943040 of 104857600 bytes, 1 of 4 files"));
    EXPECT_EQ(client->ask("AVBL"), 213);
    EXPECT_EQ(client->last(), "213 62914560");
    EXPECT_EQ(client->ask("SITE COPY big two"), 250);
    EXPECT_EQ(client->ask("SITE COPY big three"), 552);
    EXPECT_FALSE(harness_.exists("/three"));
    EXPECT_EQ(client->ask("SITE QUOTA"), 200);
    EXPECT_THAT(client->last(), HasSubstr("83886080 of 104857600 bytes, 2 of 4 files"));
    EXPECT_EQ(client->ask("MKD d"), 257);
    EXPECT_EQ(client->ask("RNFR two"), 350);
    EXPECT_EQ(client->ask("RNTO d/two"), 250);
    EXPECT_EQ(client->ask("RMDA d"), 250);
    EXPECT_EQ(client->ask("SITE QUOTA"), 200);
    EXPECT_THAT(client->last(), HasSubstr("41943040 of 104857600 bytes, 1 of 4 files"));
}

// One policy for all commands (ProFTPD #2095, #2175): what a guard refuses to be downloaded has no checksum and no
// copy.
TEST_F(LongWork, asks_the_guards_of_the_commands_it_stands_for) {
    harness_.guards.add<action::Download>([](const action::Download&) { return Verdict::refuse("not that one"); });
    for (const char* command : {"HASH big", "XCRC big 0 1", "MD5 big", "SITE COPY big copy", "COMB all big"}) {
        EXPECT_EQ(alice().ask(command), 550) << command;
        EXPECT_THAT(alice().last(), HasSubstr("not that one")) << command;
    }
    EXPECT_EQ(names(), "big ");
}

TEST_F(LongWork, of_removing_asks_the_guard_for_each_object) {
    ASSERT_TRUE(harness_.files->make_directory("/d"_p, 0777));
    harness_.put("/d/keep", "x");
    harness_.guards.add<action::RemoveFile>([](const action::RemoveFile& file) {
        return file.path.name() == "keep" ? Verdict::refuse("kept") : Verdict();
    });
    EXPECT_EQ(alice().ask("RMDA d"), 550);
    EXPECT_TRUE(harness_.exists("/d/keep"));
}

TEST_F(LongWork, tells_its_events) {
    ASSERT_TRUE(harness_.files->make_directory("/d"_p, 0777));
    harness_.put("/d/f", "x");
    EXPECT_EQ(alice().ask("SITE CPFR d/f"), 350);
    EXPECT_EQ(alice().ask("SITE CPTO d/g"), 250);
    EXPECT_EQ(alice().ask("RMDA d"), 250);
    std::string told;
    for (const Event& event : harness_.events()) {
        if (const auto* received = std::get_if<event::Received>(&event)) told += "+" + received->path.string();
        if (const auto* removed = std::get_if<event::FileRemoved>(&event)) told += "-" + removed->path.string();
        if (const auto* removed = std::get_if<event::DirectoryRemoved>(&event)) told += "-" + removed->path.string();
    }
    EXPECT_EQ(told, "+/d/g-/d/f-/d/g-/d");
}

// A user with rules cannot lead around them by a link.
TEST_F(LongWork, symlinks_are_not_for_users_with_rules) {
    User bob;
    bob.name = "bob";
    bob.permissions = Perm("elradfmwMTSDO");
    bob.rules.push_back({path_of("/private"), Perm()});
    harness_.add_user(bob, "x");
    const auto client = harness_.connect();
    ASSERT_TRUE(client->log_in("bob", "x"));
    EXPECT_EQ(client->ask("SITE SYMLINK /private/x /l"), 550);
    EXPECT_THAT(client->last(), HasSubstr("Permission denied"));
}

}  // namespace
}  // namespace wherry::testing
