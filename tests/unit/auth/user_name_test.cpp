#include "auth/user_name.h"

#include <gtest/gtest.h>

#include <string>

namespace wherry {
namespace {

TEST(UserName, HasOneTo255Bytes) {
    EXPECT_FALSE(is_user_name(""));
    EXPECT_TRUE(is_user_name("a"));
    EXPECT_TRUE(is_user_name(std::string(255, 'a')));
    EXPECT_FALSE(is_user_name(std::string(256, 'a')));
}

TEST(UserName, HoldsNoControlByteWhereverItStands) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool control = byte < 32 || byte == 127;
        const char c = static_cast<char>(byte);
        for (const std::string& name :
             {std::string{c}, std::string{'a', c}, std::string{c, 'a'}, std::string{'a', c, 'b'}}) {
            EXPECT_EQ(is_user_name(name), !control) << byte;
        }
    }
}

TEST(UserName, MayHoldWhatPeopleAreCalled) {
    for (const std::string_view name : {"alice", "Al Ice", "j\xc3\xb6rg", "\xff\xfe", "a@b.example", "../etc", "\"'"}) {
        EXPECT_TRUE(is_user_name(name)) << name;
    }
}

}  // namespace
}  // namespace wherry
