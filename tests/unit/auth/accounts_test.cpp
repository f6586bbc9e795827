#include "auth/accounts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temp_folder.h"

namespace wherry {
namespace {

using testing::TempFolder;

TEST(ValidShell, is_one_of_the_list) {
    const TempFolder folder;
    const std::string list = folder.write("shells", "# comment\n/bin/sh\n /bin/bash # with one\n\n#/bin/zsh\n");
    EXPECT_TRUE(is_valid_shell("/bin/sh", list));
    EXPECT_TRUE(is_valid_shell("/bin/bash", list));
    EXPECT_FALSE(is_valid_shell("/bin/zsh", list));
    EXPECT_FALSE(is_valid_shell("", list));
    EXPECT_FALSE(is_valid_shell("/bin/sh", folder.path("nowhere")));
}

TEST(SystemAccounts, of_this_machine) {
    const auto root = find_account_and_hash("root", 20000);
    if (geteuid() == 0) {
        ASSERT_TRUE(root) << root.error().message;
        EXPECT_EQ(root->identity.uid, 0U);
        EXPECT_FALSE(root->home.empty());
    } else {
        EXPECT_EQ(root.error().code, Code::denied) << "its password is for root to read";
    }
    const auto of_all = find_account("root");
    ASSERT_TRUE(of_all) << of_all.error().message;
    EXPECT_EQ(of_all->identity.uid, 0U) << "who it is, everybody may know";
    EXPECT_EQ(find_account_and_hash("no-such-account-here", 20000).error().code, Code::not_found);
    EXPECT_EQ(find_account_and_hash(std::string(5000, 'a'), 20000).error().code, Code::not_found);
}

}  // namespace
}  // namespace wherry
