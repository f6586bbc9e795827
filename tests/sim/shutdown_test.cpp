// Draining, stopping and killing: what clients are told, and what becomes of files and events. The conversations stand
// in tests/dialogues (drain, killed_session).
#include <variant>

#include "sim/sim.h"

namespace wherry::testing {
namespace {

using namespace std::chrono_literals;

class Shutdown : public Sim {
protected:
    // Causes with which uploads ended.
    std::vector<Code> uploads() {
        std::vector<Code> causes;
        for (const Event& event : harness().events()) {
            if (const auto* received = std::get_if<event::Received>(&event)) causes.push_back(received->cause);
        }
        return causes;
    }
};

TEST_F(Shutdown, draining_lets_transfers_end_and_nobody_in) {
    auto idle = logged_in();
    auto busy = logged_in();
    begin_upload(*busy);
    harness().server().drain();
    EXPECT_EQ(idle->code(), 421);
    EXPECT_TRUE(idle->closed());
    auto late = harness().connect();
    EXPECT_EQ(late->code(), 421);
    EXPECT_TRUE(late->closed());
    harness().wait(60s);
    EXPECT_EQ(harness().sessions(), 1U);
    busy->data->send("def");
    busy->data->end_sending();
    EXPECT_EQ(codes(*busy), (std::vector{226, 421}));
    EXPECT_TRUE(busy->closed());
    EXPECT_EQ(harness().content("/new"), "abcdef");
    EXPECT_EQ(uploads(), std::vector{Code::ok});
    expect_nothing_left();
}

// The last words of a transfer are not cut off, even for a client that is slow to read and has sent more.
TEST_F(Shutdown, draining_lets_the_last_replies_arrive) {
    begin_upload(alice());
    alice().control().window = 5;
    alice().control().send("PWD\r\nPWD\r\n");
    harness().server().drain();
    alice().data->end_sending();
    harness().run();
    EXPECT_FALSE(alice().control().ended());
    EXPECT_EQ(codes(alice()), (std::vector{226, 421}));
    harness().wait(3s);
    EXPECT_TRUE(alice().closed());
    expect_nothing_left();
}

TEST_F(Shutdown, stopping_ends_transfers_as_killed) {
    harness().uploads.atomic = true;
    begin_upload(alice());
    auto reader = logged_in();
    begin_download(*reader);
    harness().server().stop();
    EXPECT_EQ(alice().code(), 421);
    EXPECT_EQ(reader->code(), 421);
    EXPECT_TRUE(alice().closed());
    EXPECT_FALSE(harness().exists("/new"));
    EXPECT_EQ(uploads(), std::vector{Code::killed});
    expect_nothing_left();
}

TEST_F(Shutdown, stopping_after_draining_does_not_wait_for_transfers) {
    begin_download(alice());
    harness().server().drain();
    harness().run();
    EXPECT_EQ(harness().sessions(), 1U);
    harness().server().stop();
    expect_nothing_left();
}

TEST_F(Shutdown, killing_one_session_leaves_the_others) {
    auto other = logged_in();
    begin_upload(alice());
    const auto live = harness().commons().sessions.list();
    ASSERT_EQ(live.size(), 2U);
    EXPECT_TRUE(harness().commons().sessions.kill(live[1].id, Code::killed));
    EXPECT_EQ(alice().code(), 421);
    EXPECT_TRUE(alice().closed());
    EXPECT_EQ(uploads(), std::vector{Code::killed});
    EXPECT_EQ(other->ask("NOOP"), 200);
    EXPECT_FALSE(harness().commons().sessions.kill(live[1].id, Code::killed));
}

TEST_F(Shutdown, killing_reaches_every_kind_of_waiting) {
    auto passive = logged_in();
    ASSERT_EQ(passive->ask("EPSV"), 229);
    ASSERT_EQ(passive->ask("LIST"), 150);
    auto active = logged_in();
    harness().network().unreachable = true;
    ASSERT_EQ(active->ask("PORT 198,51,100,7,156,65"), 200);
    ASSERT_EQ(active->ask("LIST"), 150);
    auto quitting = logged_in();
    begin_download(*quitting);
    ASSERT_EQ(quitting->ask("QUIT"), 221);
    auto queueing = logged_in();
    begin_download(*queueing);
    for (int i = 0; i < 100; ++i) queueing->control().send("PWD\r\n");
    harness().run();
    harness().commons().sessions.kill_all(Code::killed);
    expect_nothing_left();
}

TEST_F(Shutdown, a_refused_login_that_waits_is_killed_too) {
    harness().logins.failure_delay = 60s;
    auto client = harness().connect();
    ASSERT_EQ(client->code(), 220);
    client->say("USER nobody\r\nPASS y");
    EXPECT_EQ(client->code(), 331);
    harness().commons().sessions.kill_all(Code::killed);
    EXPECT_EQ(client->code(), 421);
    expect_nothing_left();
}

}  // namespace
}  // namespace wherry::testing
