#include "ftp/hooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ftp/commands.h"
#include "ftp/settings.h"

namespace wherry::ftp {
namespace {

using ::testing::HasSubstr;

FtpReply nothing_said(const FtpCall&) { return {}; }

Result<void> add(Hooks& hooks, FtpCommand row, FtpFunction run = nothing_said) {
    return add_command(hooks, {std::move(row), std::move(run)});
}

TEST(AddCommand, TakesTheVerbInCapitalsAndGivesItASyntax) {
    Hooks hooks;
    ASSERT_TRUE(add(hooks, {.verb = "site Echo"}));
    EXPECT_EQ(hooks.commands.at(0).row.verb, "SITE ECHO");
    EXPECT_EQ(hooks.commands.at(0).row.help, "SITE ECHO");
}

TEST(AddCommand, RefusesVerbsThatNoClientCouldGive) {
    Hooks hooks;
    for (const char* verb : {"", "TWO WORDS", "SITE", "SITE ", "SITE TWO WORDS", "A\nB", "GET", "EHLO",
                             "HOST:", "A-VERB-THAT-IS-FAR-TOO-LONG-FOR-ANYBODY"}) {
        EXPECT_EQ(add(hooks, {.verb = verb}).error().code, Code::invalid) << verb;
    }
    EXPECT_TRUE(hooks.commands.empty());
}

TEST(AddCommand, LeavesWhatEverySessionNeeds) {
    Hooks hooks;
    for (const char* verb : {"USER", "pass", "QUIT", "ABOR", "SITE"}) {
        EXPECT_THAT(add(hooks, {.verb = verb}).error().message, HasSubstr("it cannot be replaced")) << verb;
    }
}

TEST(AddCommand, RefusesRowsThatMakeNoSense) {
    Hooks hooks;
    EXPECT_EQ(add(hooks, {.verb = "X"}, nullptr).error().code, Code::invalid);
    EXPECT_EQ(add(hooks, {.verb = "X", .help = "a\nb"}).error().code, Code::invalid);
    EXPECT_EQ(add(hooks, {.verb = "X", .feature = "a\r\n211 End"}).error().code, Code::invalid);
    EXPECT_EQ(add(hooks, {.verb = "X", .permission = '7'}).error().code, Code::invalid);
    EXPECT_EQ(add(hooks, {.verb = "X", .login = false, .slow = true}).error().code, Code::invalid);
    EXPECT_TRUE(add(hooks, {.verb = "X"}));
    EXPECT_EQ(add(hooks, {.verb = "x"}).error().code, Code::exists);
    EXPECT_TRUE(add(hooks, {.verb = "SITE X"}));
}

TEST(CommandTable, HasTheRowsOfTheEmbedderOnce) {
    Hooks hooks;
    ASSERT_TRUE(add(hooks, {.verb = "MLSD", .login = false, .argument = true}));
    ASSERT_TRUE(add(hooks, {.verb = "SITE OURS", .slow = true}));
    ASSERT_TRUE(add(hooks, {.verb = "XOURS", .login = false, .permission = 'Z'}));
    const CommandTable plain{Settings()};
    const CommandTable table(Settings(), hooks.commands);
    EXPECT_EQ(table.commands().size(), plain.commands().size() + 1);
    EXPECT_EQ(table.site_commands().size(), plain.site_commands().size() + 1);
    const Row* mlsd = find(table.commands(), "MLSD");
    ASSERT_NE(mlsd, nullptr);
    EXPECT_EQ(mlsd->own, &hooks.commands.front());
    EXPECT_TRUE(mlsd->has(argument) && !mlsd->has(login) && !mlsd->has(transfer));
    EXPECT_TRUE(find(table.site_commands(), "OURS")->has(transfer));
    EXPECT_TRUE(find(table.commands(), "XOURS")->has(login)) << "who has not logged in has no letters";
}

}  // namespace
}  // namespace wherry::ftp
