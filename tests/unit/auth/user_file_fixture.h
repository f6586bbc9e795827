#pragma once
// What the tests of users files share: a folder with homes in it, and short ways to write a file.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "auth/user_file.h"
#include "support/temp_folder.h"

namespace wherry::testing {

// Of "correct horse".
inline constexpr std::string_view bcrypt = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

// In the text of a file, @ stands for the folder of the test, HASH for a good hash.
class UserFile : public ::testing::Test {
protected:
    void SetUp() override {
        folder_.make_directory("alice/inbox");
        folder_.make_directory("pub");
        folder_.make_directory("drop");
        folder_.write("file", "not a folder");
    }
    static void replace(std::string& text, std::string_view from, std::string_view to) {
        for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
            text.replace(at, from.size(), to);
        }
    }
    std::string expand(std::string text) const {
        replace(text, "@", folder_.path());
        replace(text, "HASH", bcrypt);
        return text;
    }
    Result<UserSet> parse(const std::string& text) const {
        return parse_user_file(expand(text), "users.toml", PasswordCost::minimal());
    }
    std::string complaint(const std::string& text) const {
        const auto set = parse(text);
        EXPECT_FALSE(set) << text;
        if (set) return {};
        EXPECT_EQ(set.error().code, Code::invalid);
        return set.error().message;
    }

    TempFolder folder_;
};

}  // namespace wherry::testing
