#include "vfs/name_filter.h"

#include <gtest/gtest.h>

#include "testing/files.h"

namespace wherry::vfs {
namespace {

using testing::operator""_p;

TEST(NameFilter, denies_a_name_wherever_it_stands) {
    const NameFilter filter({.deny = {"*.exe", "secret"}});
    EXPECT_TRUE(filter.denies("/a.exe"_p));
    EXPECT_TRUE(filter.denies("/x/y/a.exe"_p));
    EXPECT_TRUE(filter.denies("/secret/a"_p));
    EXPECT_TRUE(filter.denies("/x/secret/y/a"_p)) << "below a forbidden directory";
    EXPECT_FALSE(filter.denies("/secrets"_p));
    EXPECT_FALSE(filter.denies("/a.exe.txt"_p));
    EXPECT_FALSE(filter.denies("/"_p));
}

TEST(NameFilter, a_pattern_with_a_slash_is_of_the_whole_path) {
    const NameFilter filter({.deny = {"/private/*.key", "/drop"}});
    EXPECT_TRUE(filter.denies("/private/a.key"_p));
    EXPECT_FALSE(filter.denies("/x/private/a.key"_p));
    EXPECT_FALSE(filter.denies("/private/x/a.key"_p)) << "a star does not pass a slash";
    EXPECT_TRUE(filter.denies("/drop/a"_p));
    EXPECT_FALSE(filter.denies("/x/drop"_p));
}

TEST(NameFilter, hides_what_is_hidden_and_what_is_denied) {
    const NameFilter filter({.hide = {"*.tmp", "/a/only"}, .deny = {"x"}});
    EXPECT_TRUE(filter.hides("/d"_p, "1.tmp"));
    EXPECT_TRUE(filter.hides("/d"_p, "x"));
    EXPECT_TRUE(filter.hides("/a"_p, "only"));
    EXPECT_FALSE(filter.hides("/b"_p, "only"));
    EXPECT_FALSE(filter.denies("/d/1.tmp"_p)) << "who knows the name may use it";
}

TEST(NameFilter, dot_files_by_their_policy) {
    const NameFilter shown({.dot_files = DotFiles::show});
    const NameFilter hidden({.dot_files = DotFiles::hide});
    const NameFilter denied({.dot_files = DotFiles::deny});
    EXPECT_FALSE(shown.hides("/"_p, ".a"));
    EXPECT_TRUE(hidden.hides("/"_p, ".a"));
    EXPECT_FALSE(hidden.denies("/.ssh/authorized_keys"_p));
    EXPECT_TRUE(denied.hides("/"_p, ".a"));
    EXPECT_TRUE(denied.denies("/.ssh/authorized_keys"_p));
    EXPECT_FALSE(denied.denies("/a.b"_p));
}

}  // namespace
}  // namespace wherry::vfs
