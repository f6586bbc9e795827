#include "testing/dialogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::vector<std::string> dialogue_files() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(WHERRY_SOURCE_DIR "/tests/dialogues")) {
        if (entry.path().extension() == ".ftp") files.push_back(entry.path().stem().string());
    }
    std::ranges::sort(files);
    return files;
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

class Dialogues : public ::testing::TestWithParam<std::string> {};

TEST_P(Dialogues, goes_as_written) {
    const std::string text = text_of(WHERRY_SOURCE_DIR "/tests/dialogues/" + GetParam() + ".ftp");
    ASSERT_FALSE(text.empty());
    EXPECT_EQ(wherry::testing::run_dialogue(text), "") << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Ftp, Dialogues, ::testing::ValuesIn(dialogue_files()),
                         [](const auto& info) { return info.param; });

// What docs/rfc.md says to show a rule: `name.ftp`, or `Suite.test` of this folder.
TEST(TableOfRules, names_what_exists) {
    const std::string page = text_of(WHERRY_SOURCE_DIR "/docs/rfc.md");
    std::string tests;
    for (const auto& entry : std::filesystem::directory_iterator(WHERRY_SOURCE_DIR "/tests/sim")) {
        tests += text_of(entry.path());
    }
    const std::regex name("`([A-Za-z]+[A-Za-z0-9_]*)\\.([a-z0-9_]+)`");
    std::size_t dialogues = 0;
    for (std::sregex_iterator found(page.begin(), page.end(), name), end; found != end; ++found) {
        const std::string first = (*found)[1];
        const std::string second = (*found)[2];
        if (second == "ftp") {
            ++dialogues;
            EXPECT_TRUE(std::filesystem::exists(WHERRY_SOURCE_DIR "/tests/dialogues/" + first + ".ftp")) << first;
        } else {
            EXPECT_NE(tests.find("(" + first + ", " + second + ")"), std::string::npos) << first << '.' << second;
        }
    }
    EXPECT_GT(dialogues, 50U);
}

// The runner itself must be able to fail.
TEST(DialogueRunner, tells_the_line_and_what_came) {
    const std::string problem = wherry::testing::run_dialogue("# x\n> NOOP  < 500\n");
    EXPECT_EQ(problem, "line 2: < 500: came: \"200 OK\"");
    EXPECT_NE(wherry::testing::run_dialogue("> NOOP  < 200  < 200"), "");
    EXPECT_NE(wherry::testing::run_dialogue("file /a \"x\""), "");
    EXPECT_NE(wherry::testing::run_dialogue("frobnicate"), "");
    EXPECT_NE(wherry::testing::run_dialogue("given idle_timeout = soon"), "");
    EXPECT_NE(wherry::testing::run_dialogue("> NOOP  < 200\ngiven idle_timeout = 1s"), "");
    EXPECT_NE(wherry::testing::run_dialogue("given user alice x rate=5"), "");
    EXPECT_NE(wherry::testing::run_dialogue("back"), "");
}

}  // namespace
