// LIST -R: the order of ls, its limits, and that it goes nowhere the user may not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "testing/files.h"
#include "testing/harness.h"

namespace wherry::testing {
namespace {

class ListRecursion : public ::testing::Test {
protected:
    ListRecursion() {
        harness_.settings.list_recursion = 1000;
        for (const char* path : {"/a", "/a/b", "/a/b/c", "/z"}) {
            EXPECT_TRUE(harness_.files->make_directory(path_of(path), 0777));
        }
        for (const char* path : {"/top", "/a/1", "/a/b/2", "/a/b/c/3", "/z/4"}) harness_.put(path, "x");
    }
    // The last word of each line, and the headings.
    std::string names(const std::string& command, PermissionRule rule = {}) {
        User alice;
        alice.name = "alice";
        alice.permissions = perm::all;
        if (!rule.directory.is_root()) alice.rules.push_back(rule);
        harness_.add_user(alice, "x");
        const auto client = harness_.connect();
        EXPECT_TRUE(client->log_in("alice", "x"));
        EXPECT_EQ(client->ask("EPSV"), 229);
        client->open_data();
        client->say(command);
        EXPECT_EQ(client->code(), 125);
        EXPECT_TRUE(client->data_ended());
        EXPECT_EQ(client->code(), 226);
        std::string all;
        for (std::string_view line : split(client->received, '\n')) {
            line = trim(line);
            all.append(line.substr(line.rfind(' ') + 1)).append(" ");
        }
        return all;
    }
    Harness harness_;
};

TEST_F(ListRecursion, has_the_order_of_ls) {
    EXPECT_EQ(names("LIST -R"), "a top z  ./a: 1 b  ./a/b: 2 c  ./a/b/c: 3  ./z: 4  ");
    EXPECT_EQ(names("LIST -lR a/b"), "2 c  ./c: 3  ");
}

TEST_F(ListRecursion, ends_at_its_limits) {
    harness_.settings.list_recursion = 4;
    EXPECT_EQ(names("LIST -R"), "a top z  ./a: 1 b  ");
}

TEST_F(ListRecursion, is_off_until_it_is_wanted) {
    harness_.settings.list_recursion = 0;
    EXPECT_EQ(names("LIST -R"), "a top z  ");
}

TEST_F(ListRecursion, goes_not_where_the_user_may_not_look) {
    EXPECT_EQ(names("LIST -R", {path_of("/a/b"), Perm("r"), true}), "a top z  ./a: 1 b  ./z: 4  ");
}

TEST_F(ListRecursion, has_a_limit_of_levels) {
    Path path = path_of("/z");
    for (int i = 0; i < 30; ++i) {
        path = path.child("d");
        ASSERT_TRUE(harness_.files->make_directory(path, 0777));
    }
    const std::string all = names("LIST -R z");
    EXPECT_EQ(std::count(all.begin(), all.end(), ':'), 16);
}

}  // namespace
}  // namespace wherry::testing
