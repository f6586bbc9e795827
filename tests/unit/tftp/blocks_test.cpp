#include "tftp/blocks.h"

#include <gtest/gtest.h>

namespace wherry::tftp {
namespace {

TEST(Blocks, numbers_go_on_behind_65535) {
    EXPECT_EQ(wire_number(65535, 0), 65535);
    EXPECT_EQ(wire_number(65536, 0), 0);
    EXPECT_EQ(wire_number(65536, 1), 1);
    EXPECT_EQ(wire_number(131071, 1), 1);
    EXPECT_EQ(wire_number(131072, 0), 0);
}

// Every block near a border is found again, in every window around it.
TEST(Blocks, are_found_by_their_number_on_the_wire) {
    for (const auto rollover : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{7}, std::uint16_t{60000}}) {
        for (const std::uint64_t border : {0U, 65536U, 131072U}) {
            for (std::uint64_t block = border > 300 ? border - 300 : 0; block < border + 700; ++block) {
                for (const std::uint64_t window : {1U, 64U, 400U}) {
                    for (const std::uint64_t low : {block > window ? block - window : 0, block}) {
                        ASSERT_EQ(block_of_wire(wire_number(block, rollover), low, low + window, rollover), block)
                            << rollover << " " << window;
                    }
                }
            }
        }
    }
}

TEST(Blocks, of_other_windows_are_not_found) {
    EXPECT_EQ(block_of_wire(9, 1, 5, 0), std::nullopt);
    EXPECT_EQ(block_of_wire(0, 65530, 65535, 0), std::nullopt);
    EXPECT_EQ(block_of_wire(0, 65530, 65540, 1), std::nullopt);
    EXPECT_EQ(block_of_wire(1, 65530, 65540, 1), 65536U);
}

TEST(Blocks, T035_of_large_files) {
    EXPECT_EQ(blocks_of_size(0, 512), 1U);
    EXPECT_EQ(blocks_of_size(511, 512), 1U);
    EXPECT_EQ(blocks_of_size(512, 512), 2U);
    EXPECT_EQ(blocks_of_size(5368709120, 512), 10485761U);
}

}  // namespace
}  // namespace wherry::tftp
