#include "service/tftp_hooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/temp_folder.h"
#include "testing/harness.h"
#include "testing/memory_datagrams.h"

namespace wherry {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using testing::TempFolder;

class TftpHooksTest : public ::testing::Test {
protected:
    void serve(TftpHookConfig config) {
        hooks.emplace(std::move(config), harness.commons());
        bus.deliver_inline();
        hooks->add_to(server, bus);
    }
    void downloaded(std::string file) {
        bus.publish<event::TftpDone>([&] {
            event::TftpDone done;
            const auto details = std::make_shared<event::TftpDetails>();
            details->file = std::move(file);
            done.details = details;
            done.session.peer = "10.0.0.5";
            done.bytes = 7;
            return done;
        });
    }
    std::int64_t counted(TftpHookEnd end) {
        return harness.metrics().value(Metric::tftp_hooks_total, TftpHook::download, end);
    }
    testing::Harness harness;
    testing::MemoryDatagrams network;
    tftp::Server server{harness.commons(), network, tftp::Policy()};
    EventBus bus{harness.metrics()};
    std::optional<TftpHooks> hooks;
};

// They wait until a file has gone; then all but those that found no room have run.
TEST_F(TftpHooksTest, DownloadsThatFindNoRoomAreDroppedCountedAndTold) {
    const TempFolder folder;
    const std::string held = folder.write("held", "");
    serve({.after_download = {"/bin/sh", "-c", "while [ -e " + held + " ]; do sleep 0.01; done"}});
    constexpr std::size_t more = 5;
    for (std::size_t i = 0; i < TftpHooks::most_waiting + more; ++i) downloaded("/srv/file");
    EXPECT_EQ(counted(TftpHookEnd::dropped), more);
    EXPECT_THAT(harness.log(), Contains(HasSubstr("1024 wait already")).Times(1));
    std::filesystem::remove(held);
    harness.commons().outstanding.wait_for_none();
    EXPECT_EQ(counted(TftpHookEnd::ok), TftpHooks::most_waiting);
    downloaded("/srv/file");
    EXPECT_THAT(harness.log(), Contains(HasSubstr("5 downloads were not told")).Times(1));
    harness.commons().outstanding.wait_for_none();
    EXPECT_EQ(counted(TftpHookEnd::dropped), more);
    harness.run();
}

TEST_F(TftpHooksTest, NothingIsStartedOnceTheServerEnds) {
    serve({.after_download = {"/bin/sleep", "1000"}});
    for (std::size_t i = 0; i < 2 * TftpHooks::most_programs; ++i) downloaded("/srv/file");
    hooks->stop();
    harness.commons().outstanding.wait_for_none();
    EXPECT_EQ(counted(TftpHookEnd::failed), 2 * TftpHooks::most_programs);
    downloaded("/srv/file");
    EXPECT_EQ(counted(TftpHookEnd::dropped), 1);
    harness.run();
}

TEST_F(TftpHooksTest, OnlyFilesOfThisMachineAreTold) {
    const TempFolder folder;
    serve({.after_download = {"/bin/sh", "-c", "echo $* >> " + folder.path("told"), "sh"}});
    downloaded("");  // content of a handler's, or a file of an embedder's filesystem
    downloaded("/srv/a b/c");
    harness.commons().outstanding.wait_for_none();
    std::ifstream told(folder.path("told"));
    EXPECT_EQ(std::string(std::istreambuf_iterator(told), {}), "tftp 7 10.0.0.5 /srv/a b/c\n");
    harness.run();
}

TEST_F(TftpHooksTest, WithoutProgramsThereIsNoHandler) {
    serve({});
    EXPECT_TRUE(server.handlers().empty());
    EXPECT_FALSE(bus.wants<event::TftpDone>());
}

TEST_F(TftpHooksTest, HandlersAreThoseThatTheConfigurationNames) {
    serve({.command = {"/bin/true"}, .on = {.reads = true, .writes = true}, .when = TftpHookConfig::When::missing});
    ASSERT_EQ(server.handlers().size(), 2U);
    EXPECT_TRUE(server.handlers()[0].missing && !server.handlers()[0].write);
    EXPECT_TRUE(!server.handlers()[1].missing && server.handlers()[1].write);
}

TEST(TftpHookFindings, AreOfProgramsThatAreServed) {
    const TempFolder folder;
    TftpConfig config;
    config.hook.command = {folder.path("none")};
    EXPECT_THAT(hook_errors(config), IsEmpty());  // nothing is served by TFTP
    config.listen = {net::Address::loopback(69)};
    EXPECT_THAT(hook_errors(config), ElementsAre(AllOf(StartsWith("tftp.hook.command: "), HasSubstr("No such file"))));
    config.hook.command = {folder.write("open", "#!/bin/sh\n")};
    std::filesystem::permissions(folder.path("open"), std::filesystem::perms::all);
    EXPECT_THAT(hook_errors(config), IsEmpty());
    EXPECT_THAT(hook_warnings(config), Contains(HasSubstr("everybody on this machine may change")));
    config.hook.when = TftpHookConfig::When::missing;
    config.hook.on = {.reads = false, .writes = true};
    EXPECT_THAT(hook_warnings(config), Contains(StartsWith("tftp.hook.when: has no effect")));
}

}  // namespace
}  // namespace wherry
