#include "testing/dialogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
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

class Dialogues : public ::testing::TestWithParam<std::string> {};

TEST_P(Dialogues, goes_as_written) {
    std::ifstream file(WHERRY_SOURCE_DIR "/tests/dialogues/" + GetParam() + ".ftp");
    std::ostringstream text;
    text << file.rdbuf();
    ASSERT_FALSE(text.str().empty());
    EXPECT_EQ(wherry::testing::run_dialogue(text.str()), "") << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Ftp, Dialogues, ::testing::ValuesIn(dialogue_files()),
                         [](const auto& info) { return info.param; });

// The runner itself must be able to fail.
TEST(DialogueRunner, tells_the_line_and_what_came) {
    const std::string problem = wherry::testing::run_dialogue("# x\n> NOOP  < 500\n");
    EXPECT_EQ(problem, "line 2: < 500: came: \"200 OK\"");
    EXPECT_NE(wherry::testing::run_dialogue("> NOOP  < 200  < 200"), "");
    EXPECT_NE(wherry::testing::run_dialogue("file /a \"x\""), "");
    EXPECT_NE(wherry::testing::run_dialogue("frobnicate"), "");
}

}  // namespace
