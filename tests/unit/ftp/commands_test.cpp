#include "ftp/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/text.h"
#include "ftp/settings.h"
#include "testing/harness.h"

namespace wherry::ftp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Settings everything() {
    Settings settings;
    settings.hash = settings.combine = settings.site_chown = settings.mode_z = true;
    settings.hosts.push_back({"ftp.example.org", {}});
    return settings;
}

// The rows of a table, by their verbs, each of which must be there once.
std::set<std::string_view> verbs(std::span<const Row> rows) {
    std::set<std::string_view> all;
    for (const Row& row : rows) EXPECT_TRUE(all.insert(row.verb).second) << row.verb << " stands twice";
    return all;
}

// The lines of a reply between its first and its last.
std::set<std::string> inner_lines(const std::string& reply) {
    const auto lines = split(reply, '\n');
    std::set<std::string> inner;
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) inner.emplace(trim(lines[i]));
    return inner;
}

TEST(Commands, EveryRowIsWhole) {
    for (const auto rows : {commands(), site_commands()}) {
        for (const Row& row : rows) {
            EXPECT_EQ(std::string(row.verb), upper(row.verb));
            EXPECT_NE(row.plain == nullptr, row.waiting == nullptr) << row.verb << " has one function";
            const std::string syntax = (rows.data() == site_commands().data() ? "SITE " : "") + std::string(row.verb);
            EXPECT_TRUE(row.help.starts_with(syntax)) << row.help;
            EXPECT_FALSE(has_control(row.help) || has_control(row.feature));
        }
    }
}

TEST(Commands, WhatRunsBesideNeedsALoginAndWaits) {
    for (const auto rows : {commands(), site_commands()}) {
        for (const Row& row : rows) {
            if (row.has(transfer)) {
                EXPECT_TRUE(row.has(login) && row.waiting != nullptr) << row.verb;
                EXPECT_FALSE(row.has(anytime)) << row.verb;
            }
            if (row.has(channel)) EXPECT_TRUE(row.has(transfer)) << row.verb;
        }
    }
}

// What may be said without a login: to log in, to leave, and to ask what there is. SITE and OPTS ask by themselves.
TEST(Commands, FewCommandsNeedNoLogin) {
    std::set<std::string_view> open;
    for (const Row& row : commands()) {
        if (!row.has(login)) open.insert(row.verb);
    }
    const std::set<std::string_view> expected{"USER", "PASS", "REIN", "QUIT", "AUTH", "PBSZ", "PROT",
                                              "OPTS", "ABOR", "STAT", "NOOP", "SYST", "FEAT", "HELP",
                                              "SITE", "CLNT", "CSID", "LANG", "HOST"};
    EXPECT_EQ(open, expected);
    EXPECT_TRUE(find(commands(), "PASS")->has(secret));
}

TEST(Commands, FindKnowsWholeVerbsOnly) {
    EXPECT_EQ(find(commands(), "RET"), nullptr);
    EXPECT_EQ(find(commands(), "retr"), nullptr);
    EXPECT_EQ(find(commands(), ""), nullptr);
    EXPECT_TRUE(is_known_elsewhere("SMNT"));
    EXPECT_TRUE(is_known_elsewhere("HASH"));
    EXPECT_FALSE(is_known_elsewhere("FROB"));
}

TEST(CommandTable, HasEachVerbOnceWhateverTheSettings) {
    verbs(CommandTable(Settings()).commands());
    verbs(CommandTable(everything()).commands());
    verbs(CommandTable(everything()).site_commands());
    Settings other = everything();
    other.mdtm_sets = true;
    verbs(CommandTable(other).commands());
}

TEST(CommandTable, IsWithoutWhatIsOffByDefault) {
    const CommandTable table{Settings()};
    for (const std::string_view verb : {"HASH", "XCRC", "MD5", "MMD5", "XSHA512", "COMB"}) {
        EXPECT_EQ(find(table.commands(), verb), nullptr) << verb;
        EXPECT_TRUE(is_known_elsewhere(verb)) << verb;
    }
    EXPECT_EQ(find(table.site_commands(), "CHOWN"), nullptr);
    EXPECT_NE(find(table.site_commands(), "CHMOD"), nullptr);
}

TEST(CommandTable, IsWithoutWhatIsDisabled) {
    for (const auto rows : {commands(), site_commands()}) {
        for (const Row& row : rows) {
            const std::string name = (rows.data() == commands().data() ? "" : "SITE ") + std::string(row.verb);
            if (!can_be_disabled(name)) continue;
            Settings settings = everything();
            settings.disabled_commands = {name};
            const CommandTable table(settings);
            const auto left = rows.data() == commands().data() ? table.commands() : table.site_commands();
            EXPECT_EQ(find(left, row.verb), nullptr) << name;
            for (const Row& other : left) EXPECT_FALSE(other.runs_same(row)) << other.verb << " is left of " << name;
        }
    }
}

TEST(CommandTable, CannotLoseWhatEverySessionNeeds) {
    for (const std::string_view name : {"USER", "PASS", "QUIT", "", "FROB", "mlsd", "CHMOD", "SITE", "SITE FROB"}) {
        EXPECT_EQ(can_be_disabled(name), name == "SITE") << name;
    }
    EXPECT_TRUE(can_be_disabled("MLSD"));
    EXPECT_TRUE(can_be_disabled("SITE CHMOD"));
}

TEST(CommandTable, FeatIsMadeFromIt) {
    for (const Settings& settings : {Settings(), everything()}) {
        testing::Harness harness;
        harness.settings = settings;
        harness.tls = true;  // auth_without_certificate.ftp has the other case
        const auto client = harness.connect();
        EXPECT_EQ(client->code(), 220);
        ASSERT_EQ(client->ask("FEAT"), 211);
        const auto lines = inner_lines(client->last());
        std::size_t features = 0;
        const CommandTable table(settings);
        for (const auto rows : {table.commands(), table.site_commands()}) {
            for (const Row& row : rows) {
                if (row.feature.empty()) continue;
                ++features;
                const bool said =
                    std::ranges::any_of(lines, [&](const auto& line) { return line.starts_with(row.feature); });
                EXPECT_TRUE(said) << row.feature;
            }
        }
        EXPECT_EQ(lines.size(), features);
    }
}

TEST(CommandTable, HelpIsMadeFromIt) {
    testing::Harness harness;
    const auto client = harness.connect();
    EXPECT_EQ(client->code(), 220);
    ASSERT_EQ(client->ask("HELP"), 214);
    const std::string all = client->last();
    for (const Row& row : CommandTable(Settings()).commands()) {
        EXPECT_THAT(all, HasSubstr(std::string(row.verb)));
        EXPECT_EQ(client->ask("HELP " + lower(row.verb)), 214);
        EXPECT_THAT(client->last(), HasSubstr(std::string(row.help)));
    }
    EXPECT_THAT(all, Not(HasSubstr("SMNT")));
    EXPECT_THAT(all, Not(HasSubstr("XSHA")));
    EXPECT_NE(client->ask("HELP FROB"), 214);
}

}  // namespace
}  // namespace wherry::ftp
