// A disk that does not answer: whoever asked it waits, nobody else does.
#include "sim/sim.h"

namespace wherry::testing {
namespace {

using namespace std::chrono_literals;

class HangingDisk : public Sim {
protected:
    HangingDisk() { harness().disk_threads = 1; }
    ~HangingDisk() override {
        files().release();  // a test that fails must not leave a worker behind
        harness().server().stop();
        harness().run_disk();
    }
    int ask(Client& client, std::string_view line) {
        client.say(line);
        harness().run_disk();
        return client.code();
    }
    void hang_at(Client& client, std::string_view line) {
        files().hang();
        client.say(line);
        files().wait_until_hanging();
        EXPECT_EQ(client.code(), 0);
    }
    void release() {
        files().release();
        harness().run_disk();
    }
};

TEST_F(HangingDisk, delays_no_other_session) {
    auto bob = logged_in();
    hang_at(alice(), "SIZE a");
    for (int second = 0; second < 10; ++second) {
        harness().wait(1s);
        EXPECT_EQ(bob->ask("NOOP"), 200);
        EXPECT_EQ(bob->ask("STAT"), 211);
        EXPECT_EQ(alice().code(), 0);
    }
    auto carol = harness().connect();
    EXPECT_TRUE(carol->log_in("alice", "x"));
    release();
    EXPECT_EQ(alice().code(), 213);
    EXPECT_EQ(ask(*bob, "SIZE a"), 213);
}

TEST_F(HangingDisk, a_transfer_that_waits_for_it_leaves_noop_and_stat_to_its_own_session) {
    ASSERT_EQ(alice().ask("EPSV"), 229);
    hang_at(alice(), "RETR a");
    EXPECT_EQ(alice().ask("NOOP"), 200);
    EXPECT_EQ(alice().ask("STAT"), 211);
    release();
    EXPECT_EQ(alice().code(), 150);
    ASSERT_TRUE(alice().open_data());
    harness().run_disk();
    EXPECT_TRUE(alice().data_ended());
    EXPECT_EQ(alice().received, content);
    EXPECT_EQ(alice().code(), 226);
}

// The abort comes before there is a data connection that could be ended.
TEST_F(HangingDisk, an_abort_of_a_transfer_that_waits_for_it_is_not_lost) {
    ASSERT_EQ(alice().ask("EPSV"), 229);
    hang_at(alice(), "RETR a");
    EXPECT_EQ(alice().ask("ABOR"), 0);
    release();
    EXPECT_EQ(codes(alice()), (std::vector{150, 426, 226}));
    EXPECT_EQ(harness().network().listeners(), 0U);
    EXPECT_EQ(files().open_files(), 0U);
    // Nor does it hold for the next one.
    ASSERT_EQ(alice().ask("EPSV"), 229);
    EXPECT_EQ(ask(alice(), "RETR a"), 150);
    ASSERT_TRUE(alice().open_data());
    harness().run_disk();
    EXPECT_TRUE(alice().data_ended());
    EXPECT_EQ(alice().code(), 226);
}

TEST_F(HangingDisk, a_client_that_goes_meanwhile_leaves_nothing) {
    ASSERT_EQ(alice().ask("EPSV"), 229);
    hang_at(alice(), "STOR new");
    alice().reset();
    EXPECT_EQ(harness().sessions(), 1U);
    release();
    expect_nothing_left();
}

TEST_F(HangingDisk, a_session_that_waits_for_it_can_be_killed) {
    hang_at(alice(), "SIZE a");
    harness().commons().sessions.kill_all(Code::killed);
    harness().run();
    EXPECT_EQ(alice().code(), 421);
    EXPECT_TRUE(alice().closed());
    release();
    expect_nothing_left();
}

TEST_F(HangingDisk, the_time_it_takes_is_not_idle_time) {
    settings().idle_timeout = 100s;
    ASSERT_EQ(alice().ask("EPSV"), 229);
    hang_at(alice(), "RETR a");
    harness().wait(200s);
    EXPECT_EQ(alice().ask("NOOP"), 200);
    release();
    EXPECT_EQ(alice().code(), 150);
    alice().reset();
    harness().run_disk();
    expect_nothing_left();
}

}  // namespace
}  // namespace wherry::testing
