#include "service/config_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "service/config_load.h"

namespace wherry {
namespace {

std::string toml_of(const ConfigKey& key, const std::string& value) {
    return "[" + std::string(key.group()) + "]\n" + std::string(key.last()) + " = " + value + "\n";
}

TEST(ConfigKeys, HaveNamesOfGroupAndWord) {
    std::set<std::string_view> names;
    for (const ConfigKey& key : config_keys()) {
        EXPECT_TRUE(names.insert(key.name).second) << key.name << " is there twice";
        EXPECT_EQ(std::string(key.group()) + "." + std::string(key.last()), key.name);
        EXPECT_EQ(key.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_.0123456789"), std::string_view::npos)
            << key.name;
        EXPECT_EQ(key.last().find('.'), std::string_view::npos) << key.name;
    }
    EXPECT_GT(names.size(), 40U);
}

TEST(ConfigKeys, OfTftpRulesAreDescribed) {
    for (const ConfigKey& key : tftp_rule_keys()) {
        EXPECT_EQ(key.group(), tftp_rules);
        EXPECT_TRUE(key.sentence.ends_with('.')) << key.name;
        EXPECT_FALSE(key.field.type.empty()) << key.name;
    }
}

TEST(ConfigKeys, OfOneGroupStandTogether) {
    std::set<std::string_view> seen;
    std::string_view last;
    for (const ConfigKey& key : config_keys()) {
        if (key.group() != last) EXPECT_TRUE(seen.insert(key.group()).second) << key.name;
        last = key.group();
    }
}

TEST(ConfigKeys, AreDescribed) {
    for (const ConfigKey& key : config_keys()) {
        EXPECT_GT(key.sentence.size(), 10U) << key.name;
        EXPECT_TRUE(key.sentence.ends_with('.')) << key.name;
        EXPECT_FALSE(key.field.type.empty()) << key.name;
    }
}

// What docs/config.md shows as the default may be written into a file.
TEST(ConfigKeys, DefaultsAreValidAndReadBack) {
    for (const ConfigKey& key : config_keys()) {
        const std::string shown = key.field.show(Config());
        const LoadedConfig loaded = parse_config(toml_of(key, shown), "test.toml");
        for (const ConfigProblem& problem : loaded.problems) ADD_FAILURE() << problem.text << " for " << shown;
        EXPECT_EQ(key.field.show(loaded.config), shown) << key.name;
    }
}

// A value that is not the default, for each key: that the row stores into its own member and no other.
TEST(ConfigKeys, EachSetsItsOwnMember) {
    for (const ConfigKey& key : config_keys()) {
        bool changed = false;
        for (const char* value : {"true",
                                  "false",
                                  "7",
                                  "1024",
                                  "\"2s\"",
                                  "\"never\"",
                                  "\"error\"",
                                  "\"required\"",
                                  "\"require\"",
                                  "\"1.3\"",
                                  "\"common_name\"",
                                  "\"/x\"",
                                  "[53]",
                                  "\"elrw\"",
                                  "\"077\"",
                                  "5000",
                                  "\"raw\"",
                                  "\"GBK\"",
                                  "\"hide\"",
                                  "[\"10.0.0.0/8=10.0.0.5\"]",
                                  "[\"10.0.0.5=10.0.0.6\"]",
                                  "\"1024-1030\"",
                                  "\"192.0.2.1\"",
                                  "[\"127.0.0.1:9\"]",
                                  "[\"site chmod\"]",
                                  "\"some text\"",
                                  "\"required\"",
                                  "\"loopback\"",
                                  "700000",
                                  "1",
                                  "\"single\"",
                                  "\"answer\"",
                                  "\"allow\"",
                                  "\"on\"",
                                  "\"off\"",
                                  "\"ignore\"",
                                  "\"lower\"",
                                  "\"mac\"",
                                  "\"pam\"",
                                  "\"create\"",
                                  "\"at_receipt\"",
                                  "\"keep\"",
                                  "\"crlf\"",
                                  "\"extended\"",
                                  "\"posix\"",
                                  "100000",
                                  "\"write\"",
                                  "\"missing\""}) {
            const LoadedConfig loaded = parse_config(toml_of(key, value), "test.toml");
            if (!loaded.problems.empty() || key.field.show(loaded.config) == key.field.show(Config())) continue;
            changed = true;
            for (const ConfigKey& other : config_keys()) {
                if (other.name == key.name) continue;
                EXPECT_EQ(other.field.show(loaded.config), other.field.show(Config()))
                    << other.name << " changed with " << key.name;
            }
            break;
        }
        EXPECT_TRUE(changed) << "no value of the test changes " << key.name;
    }
}

TEST(ConfigKeys, EachRefusesWhatNoKeyTakes) {
    for (const ConfigKey& key : config_keys()) {
        for (const char* value : {"1.5", "2026-01-01", "{ a = 1 }", "[1, -2]", "-1"}) {
            const LoadedConfig loaded = parse_config(toml_of(key, value), "test.toml");
            ASSERT_EQ(loaded.problems.size(), 1U) << key.name << " = " << value;
            EXPECT_THAT(loaded.problems[0].text, ::testing::StartsWith(std::string(key.name) + ": must be ")) << value;
            EXPECT_EQ(key.field.show(loaded.config), key.field.show(Config())) << key.name;
        }
    }
}

TEST(ConfigKeys, AreFoundByName) {
    ASSERT_NE(find_config_key("ftp.listen"), nullptr);
    EXPECT_EQ(find_config_key("ftp.listen")->name, "ftp.listen");
    EXPECT_EQ(find_config_key("ftp"), nullptr);
    EXPECT_EQ(find_config_key("listen"), nullptr);
    EXPECT_EQ(find_config_key(""), nullptr);
}

}  // namespace
}  // namespace wherry
