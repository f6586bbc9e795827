#include "ftp/command_docs.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "ftp/commands.h"

namespace wherry::ftp {
namespace {

TEST(CommandDocs, DescribeEachCommand) {
    for (const Row& row : commands()) EXPECT_TRUE(command_sentence(row.verb).ends_with('.')) << row.verb;
    for (const Row& row : site_commands()) {
        EXPECT_TRUE(command_sentence("SITE " + std::string(row.verb)).ends_with('.')) << row.verb;
    }
    EXPECT_EQ(command_sentence("FROB"), "");
}

// A row that the settings decide about names the key that does.
TEST(CommandDocs, NameTheKeyOfEachSwitch) {
    const std::string docs = commands_markdown();
    for (const auto rows : {commands(), site_commands()}) {
        for (const Row& row : rows) {
            const std::size_t at = docs.find("| `" + std::string(row.help.substr(0, row.help.find('|'))));
            ASSERT_NE(at, std::string::npos) << row.help;
            const std::string line = docs.substr(at, docs.find('\n', at) - at);
            EXPECT_EQ(line.contains("`ftp."), row.when != nullptr) << line;
        }
    }
}

TEST(CommandDocs, AreCheckedIn) {
    std::ifstream file(WHERRY_SOURCE_DIR "/docs/commands.md");
    std::ostringstream content;
    content << file.rdbuf();
    EXPECT_EQ(content.str(), commands_markdown()) << "run: wherry check-config --commands > docs/commands.md";
}

}  // namespace
}  // namespace wherry::ftp
