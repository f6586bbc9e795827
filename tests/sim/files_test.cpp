// How files are written and counted, as clients meet it.
#include <gtest/gtest.h>

#include "testing/files.h"
#include "testing/harness.h"

namespace wherry {
namespace {

using testing::Harness;
using testing::operator""_p;

struct Files : ::testing::Test {
    std::unique_ptr<testing::Client> as(User user) {
        user.name = "alice";
        user.permissions = perm::all;
        harness.add_user(std::move(user), "x");
        auto client = harness.connect();
        EXPECT_TRUE(client->log_in("alice", "x"));
        EXPECT_EQ(client->ask("TYPE I"), 200);
        return client;
    }
    static User with_quota(std::uint64_t storage, std::uint64_t files = 0) {
        User user;
        user.limits.storage = storage;
        user.limits.files = files;
        return user;
    }
    // The last reply of an upload of so many bytes.
    static int upload(testing::Client& client, const std::string& command, std::size_t bytes, bool broken = false) {
        EXPECT_EQ(client.ask("EPSV"), 229);
        if (const int code = client.ask(command); code != 150) return code;
        const auto data = client.open_data();
        data->send(std::string(bytes, 'x'));
        if (const int early = client.code(); early != 0) return early;
        broken ? data->reset() : data->end_sending();
        return client.code();
    }
    Usage usage() { return harness.commons().ledger.usage("alice"); }
    Harness harness;
};

TEST_F(Files, overwriting_gives_back_what_was_there) {
    const auto client = as(with_quota(1000));
    EXPECT_EQ(upload(*client, "STOR a", 900), 226);
    EXPECT_EQ(usage().bytes, 900U);
    EXPECT_EQ(upload(*client, "STOR b", 200), 552);
    EXPECT_EQ(upload(*client, "STOR a", 100), 226);
    EXPECT_EQ(client->ask("DELE b"), 250) << "what came of the upload that did not fit";
    EXPECT_EQ(usage().bytes, 100U);
    EXPECT_EQ(usage().files, 1U);
    EXPECT_EQ(upload(*client, "STOR b", 900), 226);
}

TEST_F(Files, deleting_and_renaming_over_give_back) {
    const auto client = as(with_quota(1000, 2));
    EXPECT_EQ(upload(*client, "STOR a", 400), 226);
    EXPECT_EQ(upload(*client, "STOR b", 400), 226);
    EXPECT_EQ(upload(*client, "STOR c", 1), 552) << "a third file";
    EXPECT_EQ(client->ask("RNFR a"), 350);
    EXPECT_EQ(client->ask("RNTO b"), 250);
    EXPECT_EQ(usage().bytes, 400U);
    EXPECT_EQ(usage().files, 1U);
    EXPECT_EQ(client->ask("DELE b"), 250);
    EXPECT_EQ(usage().bytes, 0U);
    EXPECT_EQ(usage().files, 0U);
}

// Two uploads at once must not pass a limit that each of them alone respects.
TEST_F(Files, space_is_taken_in_advance) {
    const auto one = as(with_quota(1000));
    const auto two = harness.connect();
    EXPECT_TRUE(two->log_in("alice", "x"));
    EXPECT_EQ(one->ask("ALLO 800"), 200);
    EXPECT_EQ(one->ask("EPSV"), 229);
    EXPECT_EQ(one->ask("STOR a"), 150);
    EXPECT_EQ(two->ask("ALLO 800"), 552);
    EXPECT_EQ(upload(*two, "STOR b", 150), 226);
    one->open_data()->end_sending();
    EXPECT_EQ(one->code(), 226);
    EXPECT_EQ(usage().bytes, 150U) << "what was taken and not used is given back";
    EXPECT_EQ(two->ask("ALLO 800"), 200);
}

TEST_F(Files, uploads_leave_the_floor_free) {
    harness.uploads.free_space_floor = std::uint64_t{1} << 62U;
    const auto client = as(with_quota(1000));
    EXPECT_EQ(client->ask("ALLO 1"), 452);
    EXPECT_EQ(upload(*client, "STOR a", 1), 452);
    EXPECT_FALSE(harness.exists("/a"));
    EXPECT_EQ(client->ask("MKD d"), 257) << "it is about uploads";
}

TEST_F(Files, a_broken_upload_that_is_dropped_takes_up_nothing) {
    harness.uploads.drop_broken = true;
    const auto client = as(with_quota(1000));
    EXPECT_EQ(upload(*client, "STOR a", 500, true), 426);
    EXPECT_EQ(usage().bytes, 0U);
    EXPECT_EQ(usage().files, 0U);
    EXPECT_EQ(upload(*client, "STOR b", 300), 226);
    EXPECT_EQ(upload(*client, "STOR b", 500, true), 426) << "the old one is gone with it";
    EXPECT_EQ(usage().bytes, 0U);
    EXPECT_EQ(usage().files, 0U);
    EXPECT_FALSE(harness.exists("/b"));
}

TEST_F(Files, a_broken_upload_that_stays_counts) {
    const auto client = as(with_quota(1000));
    EXPECT_EQ(upload(*client, "STOR a", 500, true), 426);
    EXPECT_EQ(usage().bytes, 500U);
    EXPECT_EQ(usage().files, 1U);
}

TEST_F(Files, an_atomic_upload_that_broke_leaves_the_account_as_it_was) {
    harness.uploads.atomic = true;
    const auto client = as(with_quota(1000));
    EXPECT_EQ(upload(*client, "STOR a", 400), 226);
    EXPECT_EQ(upload(*client, "STOR a", 300, true), 426);
    EXPECT_EQ(usage().bytes, 400U);
    EXPECT_EQ(harness.content("/a")->size(), 400U);
}

// What is hidden takes up space as well.
TEST_F(Files, hidden_files_count) {
    harness.put("/.old", std::string(600, 'x'));
    harness.names.dot_files = DotFiles::hide;
    const auto client = as(with_quota(1000));
    EXPECT_EQ(upload(*client, "STOR a", 500), 552);
}

TEST_F(Files, a_user_may_have_other_rules_than_the_server) {
    harness.uploads.overwrite = false;
    User user;
    user.uploads.overwrite = true;
    user.uploads.file_mode = 0600;
    user.uploads.directory_mode = 0700;
    user.names = NameRules{.deny = {"*.exe"}};
    harness.names.deny = {"*.txt"};
    const auto client = as(std::move(user));
    EXPECT_EQ(upload(*client, "STOR a.txt", 1), 226);
    EXPECT_EQ(upload(*client, "STOR a.txt", 2), 226);
    EXPECT_EQ(upload(*client, "STOR a.exe", 2), 553);
    EXPECT_EQ(client->ask("MKD d"), 257);
    EXPECT_EQ(harness.files->stat("/a.txt"_p)->mode, 0600U);
    EXPECT_EQ(harness.files->stat("/d"_p)->mode, 0700U);
}

TEST_F(Files, without_overwriting) {
    harness.uploads.overwrite = false;
    harness.put("/a", "old");
    const auto client = as({});
    EXPECT_EQ(upload(*client, "STOR a", 1), 550);
    EXPECT_EQ(upload(*client, "STOR b", 1), 226);
    EXPECT_EQ(client->ask("RNFR b"), 350);
    EXPECT_EQ(client->ask("RNTO a"), 550);
    EXPECT_EQ(harness.content("/a"), "old");
}

}  // namespace
}  // namespace wherry
