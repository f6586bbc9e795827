#include "ftp/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/text.h"
#include "testing/harness.h"

namespace wherry::ftp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The lines of a reply between its first and its last.
std::set<std::string> inner_lines(const std::string& reply) {
    const auto lines = split(reply, '\n');
    std::set<std::string> inner;
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) inner.emplace(trim(lines[i]));
    return inner;
}

TEST(Commands, EveryRowIsWhole) {
    for (const auto rows : {commands(), site_commands()}) {
        std::set<std::string_view> verbs;
        for (const Row& row : rows) {
            EXPECT_TRUE(verbs.insert(row.verb).second) << row.verb << " stands twice";
            EXPECT_EQ(std::string(row.verb), upper(row.verb));
            EXPECT_NE(row.plain == nullptr, row.waiting == nullptr) << row.verb << " has one function";
            EXPECT_EQ(find(rows, row.verb), &row);
            const std::string syntax = (rows.data() == site_commands().data() ? "SITE " : "") + std::string(row.verb);
            EXPECT_TRUE(row.help.starts_with(syntax)) << row.help;
            EXPECT_FALSE(has_control(row.help) || has_control(row.feature));
            EXPECT_FALSE(is_known_elsewhere(row.verb)) << row.verb << " is offered: it is no 502";
        }
    }
}

TEST(Commands, ATransferNeedsALoginAndAChannelAndWaits) {
    for (const Row& row : commands()) {
        if (row.has(transfer)) {
            EXPECT_TRUE(row.has(login) && row.has(channel) && row.waiting != nullptr) << row.verb;
            EXPECT_FALSE(row.has(anytime)) << row.verb;
        }
        if (row.has(channel)) {
            EXPECT_TRUE(row.has(login)) << row.verb;
        }
    }
}

// What may be said without a login: to log in, to leave, and to ask what there is. SITE and OPTS ask by themselves.
TEST(Commands, FewCommandsNeedNoLogin) {
    std::set<std::string_view> open;
    for (const Row& row : commands()) {
        if (!row.has(login)) open.insert(row.verb);
    }
    const std::set<std::string_view> expected{"USER", "PASS", "REIN", "QUIT", "AUTH", "PBSZ", "PROT", "OPTS",
                                              "ABOR", "STAT", "NOOP", "SYST", "FEAT", "HELP", "SITE"};
    EXPECT_EQ(open, expected);
    EXPECT_TRUE(find(commands(), "PASS")->has(secret));
}

TEST(Commands, FindKnowsWholeVerbsOnly) {
    EXPECT_EQ(find(commands(), "RET"), nullptr);
    EXPECT_EQ(find(commands(), "retr"), nullptr);
    EXPECT_EQ(find(commands(), ""), nullptr);
    EXPECT_TRUE(is_known_elsewhere("ADAT"));
    EXPECT_FALSE(is_known_elsewhere("FROB"));
}

TEST(Commands, FeatIsMadeFromTheTable) {
    testing::Harness harness;
    harness.tls = true;  // auth_without_certificate.ftp has the other case
    const auto client = harness.connect();
    EXPECT_EQ(client->code(), 220);
    ASSERT_EQ(client->ask("FEAT"), 211);
    const auto lines = inner_lines(client->last());
    std::size_t features = 0;
    for (const Row& row : commands()) {
        if (row.feature.empty()) continue;
        ++features;
        const bool said = std::ranges::any_of(lines, [&](const auto& line) { return line.starts_with(row.feature); });
        EXPECT_TRUE(said) << row.feature;
    }
    EXPECT_EQ(lines.size(), features);
}

TEST(Commands, HelpIsMadeFromTheTable) {
    testing::Harness harness;
    const auto client = harness.connect();
    EXPECT_EQ(client->code(), 220);
    ASSERT_EQ(client->ask("HELP"), 214);
    const std::string all = client->last();
    for (const Row& row : commands()) {
        EXPECT_THAT(all, HasSubstr(std::string(row.verb)));
        EXPECT_EQ(client->ask("HELP " + lower(row.verb)), 214);
        EXPECT_THAT(client->last(), HasSubstr(std::string(row.help)));
    }
    EXPECT_THAT(all, Not(HasSubstr("ADAT")));
    EXPECT_NE(client->ask("HELP FROB"), 214);
}

}  // namespace
}  // namespace wherry::ftp
