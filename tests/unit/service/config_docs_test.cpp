#include "service/config_docs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "auth/user_keys.h"
#include "service/config_keys.h"

namespace wherry {
namespace {

using ::testing::HasSubstr;

TEST(ConfigDocs, HaveEveryKeyWithItsSentence) {
    const std::string docs = config_markdown();
    for (const ConfigKey& key : config_keys()) {
        EXPECT_THAT(docs, HasSubstr("| `" + std::string(key.name) + "` |"));
        EXPECT_THAT(docs, HasSubstr(std::string(key.sentence)));
    }
    for (const UserKey& key : user_keys()) EXPECT_THAT(docs, HasSubstr("| `" + std::string(key.name) + "` |"));
}

TEST(ConfigDocs, TablesHaveRowsOfOneWidth) {
    std::istringstream lines(config_markdown());
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with('|')) continue;
        std::size_t bars = 0;
        for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1 : 0;
        EXPECT_EQ(bars, 6U) << line;
    }
}

TEST(ConfigDocs, AreCheckedIn) {
    std::ifstream file(WHERRY_SOURCE_DIR "/docs/config.md");
    std::ostringstream content;
    content << file.rdbuf();
    EXPECT_EQ(content.str(), config_markdown()) << "run: wherry check-config --keys > docs/config.md";
}

}  // namespace
}  // namespace wherry
