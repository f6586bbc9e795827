#include "wherry/i2ftp.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/temp_folder.h"

namespace wherry {
namespace {

TEST(SharedKey, HexadecimalDigitsOfAnyCaseWithBlanksAround) {
    EXPECT_EQ(SharedKey::from_hex(" 6B6579\n")->bytes(), "key");
    EXPECT_EQ(SharedKey("key").hex(), "6b6579");
    for (const char* wrong : {"", "6", "6x", "6b 65", "key", "0x6b"}) EXPECT_FALSE(SharedKey::from_hex(wrong)) << wrong;
    EXPECT_TRUE(SharedKey::from_hex(std::string(2 * SharedKey::max_size, 'a')));
    EXPECT_FALSE(SharedKey::from_hex(std::string(2 * SharedKey::max_size + 2, 'a')));
}

TEST(SharedKey, RandomOnesDiffer) {
    EXPECT_EQ(SharedKey::random().bytes().size(), 32U);
    EXPECT_NE(SharedKey::random(), SharedKey::random());
}

// The key of the original's sources, which all the world has.
TEST(SharedKey, KnowsThePublicOne) {
    EXPECT_TRUE(SharedKey("&90%]>__AdfI2FTP$F%_+@$^:aBasicKey%_+@-$^:>").is_public());
    EXPECT_FALSE(SharedKey::random().is_public());
}

TEST(SharedKey, AFileThatEverybodyMayReadIsRefused) {
    const testing::TempFolder folder;
    const std::string file = folder.path() + "/key";
    std::ofstream(file) << "6b6579\n";
    chmod(file.c_str(), 0640);
    ASSERT_TRUE(SharedKey::from_file(file));
    EXPECT_EQ(SharedKey::from_file(file)->bytes(), "key");
    chmod(file.c_str(), 0644);
    EXPECT_EQ(SharedKey::from_file(file).error().code, Code::denied);
    EXPECT_EQ(SharedKey::from_file(folder.path() + "/none").error().code, Code::not_found);
}

}  // namespace
}  // namespace wherry
