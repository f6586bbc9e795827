#include "auth/anonymous.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wherry {
namespace {

using ::testing::HasSubstr;

TEST(AnonymousName, IsAnonymousOrFtpInAnyCase) {
    for (const std::string_view name : {"anonymous", "ftp", "Anonymous", "FTP", "fTp", "ANONYMOUS"}) {
        EXPECT_TRUE(is_anonymous_name(name)) << name;
    }
    for (const std::string_view name : {"", "anon", "ftpx", "ft", "anonymous ", " ftp", "anonymou"}) {
        EXPECT_FALSE(is_anonymous_name(name)) << name;
    }
    EXPECT_FALSE(is_anonymous_name(std::string_view("ftp\0", 4)));
}

TEST(AnonymousUser, HasTheFilesystemAndTheLettersAndNoWarningWhenItOnlyReads) {
    const FilesystemPtr files = memory_filesystem();
    const AnonymousUser anonymous = anonymous_user(files);
    EXPECT_EQ(anonymous.user.name, "anonymous");
    EXPECT_TRUE(anonymous.user.anonymous);
    EXPECT_EQ(anonymous.user.filesystem, files);
    EXPECT_EQ(anonymous.user.permissions, perm::read);
    EXPECT_EQ(anonymous.warning, "");
}

TEST(AnonymousUser, WarnsOfEveryLetterThatChangesFiles) {
    for (const char letter : std::string_view("adfmwMT")) {
        const std::string one(1, letter);
        EXPECT_THAT(anonymous_user(nullptr, Perm("elr" + one)).warning, HasSubstr("\"" + one + "\""));
    }
    EXPECT_EQ(anonymous_user(nullptr, perm::none).warning, "");
    EXPECT_THAT(anonymous_user(nullptr, perm::all).warning, HasSubstr("\"adfmwMT\""));
}

TEST(AnonymousWarning, LooksAtRulesAsWell) {
    User user = anonymous_user(nullptr).user;
    user.rules.push_back({Path(), Perm("ew"), false});
    EXPECT_THAT(anonymous_warning(user), HasSubstr("\"w\""));
}

TEST(AnonymousWarning, IsNotForUsersWithAName) {
    User user;
    user.name = "alice";
    user.permissions = perm::all;
    EXPECT_EQ(anonymous_warning(user), "");
}

}  // namespace
}  // namespace wherry
