#include "i2ftp/legacy_config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "support/i2ftp_vectors.h"
#include "support/temp_folder.h"

namespace wherry::i2ftp {
namespace {

Json whole() {
    return Json{{"root", "/srv/i2ftp"},   {"port", 4000},         {"log_file", "/var/log/i2ftp.log"},
                {"log_level", "WARNING"}, {"keychain", "616263"}, {"tls", true},
                {"read_only", true}};
}

Result<LegacyConfig> parse(const Json& json) { return parse_legacy_config(json.dump(), "server_conf.json"); }

// The complaint about a configuration in which `key` is that value.
std::string complaint(const char* key, const Json& value) {
    Json json = whole();
    json[key] = value;
    const auto parsed = parse(json);
    return parsed ? "" : parsed.error().message;
}

TEST(LegacyConfig, ReadsEveryKey) {
    const auto config = parse(whole());
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->root, "/srv/i2ftp");
    EXPECT_EQ(config->port, 4000);
    EXPECT_EQ(config->log_file, "/var/log/i2ftp.log");
    EXPECT_EQ(config->log_level, LogLevel::warning);
    EXPECT_EQ(config->keychain.bytes(), "abc");
    EXPECT_TRUE(config->tls);
    EXPECT_TRUE(config->read_only);
}

TEST(LegacyConfig, EveryKeyIsNeededAndEachIsNamed) {
    const Json all = whole();
    for (const auto& [key, value] : all.items()) {
        Json json = all;
        json.erase(key);
        const auto parsed = parse(json);
        ASSERT_FALSE(parsed) << key;
        EXPECT_TRUE(parsed.error().message.starts_with("server_conf.json: " + key + ": is missing")) << key;
    }
    const auto nothing = parse(Json::object());
    EXPECT_EQ(std::count(nothing.error().message.begin(), nothing.error().message.end(), '\n'), 6);
}

TEST(LegacyConfig, AValueOfAWrongTypeIsToldWithItsKey) {
    const Json wrong[] = {nullptr, 1.5, -1, Json::array(), Json::object()};
    const Json all = whole();
    for (const auto& [key, value] : all.items()) {
        for (const Json& bad : wrong) {
            EXPECT_TRUE(complaint(key.c_str(), bad).contains(": " + key + ": must be")) << key << bad;
        }
    }
    for (const char* key : {"root", "log_file", "log_level", "keychain"}) EXPECT_NE(complaint(key, true), "") << key;
    for (const char* key : {"port", "tls", "read_only"}) EXPECT_NE(complaint(key, "1"), "") << key;
    for (const char* key : {"tls", "read_only"}) EXPECT_NE(complaint(key, 1), "") << key;
}

TEST(LegacyConfig, FurtherKeysAreLeftAlone) {
    Json json = whole();
    json["comment"] = {{"by", "somebody"}};
    EXPECT_TRUE(parse(json));
}

TEST(LegacyConfig, ValuesHaveTheirBounds) {
    for (const int port : {0, 65536}) EXPECT_NE(complaint("port", port), "") << port;
    for (const int port : {1, 65535}) EXPECT_EQ(complaint("port", port), "") << port;
    EXPECT_TRUE(complaint("root", "srv").contains("absolute"));
    EXPECT_TRUE(complaint("root", "~/i2ftp").contains("absolute"));
    EXPECT_TRUE(complaint("root", "").contains("empty"));
    EXPECT_TRUE(complaint("root", std::string("/a\0b", 4)).contains("NUL"));
    for (const char* key : {"", "6", "6g", "0x61"}) EXPECT_TRUE(complaint("keychain", key).contains("keychain")) << key;
}

TEST(LegacyConfig, LevelsAreNamesInAnyCaseOrNumbers) {
    const std::pair<Json, LogLevel> levels[] = {
        {"DEBUG", LogLevel::debug},    {"Info", LogLevel::info}, {"warning", LogLevel::warning},
        {"ERROR", LogLevel::error},    {0, LogLevel::debug},     {1, LogLevel::info},
        {2, LogLevel::warning},        {3, LogLevel::error},     {"3", LogLevel::error},
        {"CRITICAL", LogLevel::error}, {4, LogLevel::error},
    };
    for (const auto& [written, level] : levels) {
        Json json = whole();
        json["log_level"] = written;
        ASSERT_TRUE(parse(json)) << written;
        EXPECT_EQ(parse(json)->log_level, level) << written;
    }
    for (const Json& bad : {Json(5), Json("loud"), Json("")}) EXPECT_NE(complaint("log_level", bad), "") << bad;
}

TEST(LegacyConfig, WhatIsNoObjectIsTold) {
    EXPECT_TRUE(parse_legacy_config("{", "f").error().message.contains("no JSON"));
    EXPECT_TRUE(parse_legacy_config("", "f").error().message.contains("no JSON"));
    EXPECT_TRUE(parse_legacy_config("[]", "f").error().message.contains("object"));
    EXPECT_TRUE(parse_legacy_config(std::string(100'000, '['), "f").error().message.contains("no JSON"));
}

TEST(LegacyConfig, TheDefaultsAreThoseOfTheOriginalWithAKeyOfTheirOwn) {
    const LegacyConfig config = legacy_defaults("/home/alice");
    EXPECT_EQ(config.root, "/home/alice/i2ftp/root");
    EXPECT_EQ(config.port, 26842);
    EXPECT_EQ(config.log_file, "/home/alice/i2ftp/i2ftp.log");
    EXPECT_EQ(config.log_level, LogLevel::info);
    EXPECT_FALSE(config.tls);
    EXPECT_FALSE(config.read_only);
    EXPECT_FALSE(config.keychain.is_public());
    EXPECT_GE(config.keychain.bytes().size(), SharedKey::weak_below);
    EXPECT_NE(config.keychain, legacy_defaults("/home/alice").keychain);
}

TEST(LegacyConfig, IsWrittenAsTheOriginalWritesIt) {
    LegacyConfig config;
    config.root = "/srv/i2ftp";
    config.log_file = "/l";
    config.keychain = SharedKey("abc");
    EXPECT_EQ(print_legacy_config(config), R"({
  "root": "/srv/i2ftp",
  "port": 26842,
  "log_file": "/l",
  "log_level": "INFO",
  "keychain": "616263",
  "tls": false,
  "read_only": false
}
)");
    for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
        config.log_level = level;
        EXPECT_EQ(parse_legacy_config(print_legacy_config(config), "f")->log_level, level);
    }
}

TEST(LegacyConfig, AStoredFileIsForItsOwnerAndNotOverAnother) {
    const testing::TempFolder folder;
    const std::string file = folder.path("server_conf.json");
    EXPECT_EQ(load_legacy_config(file).error().code, Code::not_found);
    LegacyConfig config = legacy_defaults("/home/alice");
    ASSERT_TRUE(store_legacy_config(config, file, false));
    struct stat stat{};
    ASSERT_EQ(::stat(file.c_str(), &stat), 0);
    EXPECT_EQ(stat.st_mode & 0777U, 0600U);
    EXPECT_EQ(load_legacy_config(file)->keychain, config.keychain);
    config.port = 4000;
    EXPECT_EQ(store_legacy_config(config, file, false).error().code, Code::exists);
    EXPECT_EQ(load_legacy_config(file)->port, 26842);
    ASSERT_TRUE(store_legacy_config(config, file, true));
    EXPECT_EQ(load_legacy_config(file)->port, 4000);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
    EXPECT_EQ(store_legacy_config(config, folder.path("none/file"), false).error().code, Code::not_found);
}

TEST(LegacyConfig, AHugeFileIsNotRead) {
    const testing::TempFolder folder;
    const std::string file = folder.write("f", std::string(LegacyConfig::largest_file + 1, ' '));
    EXPECT_TRUE(load_legacy_config(file).error().message.contains("too large"));
}

}  // namespace
}  // namespace wherry::i2ftp
