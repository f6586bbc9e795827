// Deadlines of a session, by the manual clock. What a dialogue can say stands in tests/dialogues (idle_timeout,
// login_timeout, data_connect_timeout, stalled_transfer); here is what takes a computation.
#include "sim/sim.h"

namespace wherry::testing {
namespace {

using namespace std::chrono_literals;

class Timeouts : public Sim {};

TEST_F(Timeouts, a_long_transfer_keeps_the_control_connection_alive) {
    settings().idle_timeout = 100s;
    settings().stall_timeout = 50s;
    begin_download(alice());
    std::string received;
    for (int i = 0; i < 20; ++i) {  // 800 s without a word on the control connection
        harness().wait(40s);
        received += alice().data->receive();
        harness().run();
        ASSERT_FALSE(alice().control().ended()) << received.size();
    }
    EXPECT_EQ(received, content.substr(0, 200));
    alice().data->window = 1 << 20;
    EXPECT_TRUE(alice().data_ended());
    EXPECT_EQ(received + alice().received, content);
    EXPECT_EQ(alice().code(), 226);
    // The idle time begins with the end of the transfer.
    harness().wait(99s);
    EXPECT_EQ(alice().code(), 0);
    harness().wait(1s);
    EXPECT_EQ(alice().code(), 421);
    EXPECT_TRUE(alice().closed());
    expect_nothing_left();
}

TEST_F(Timeouts, a_stalled_upload_ends_and_its_file_is_not_published) {
    harness().uploads.atomic = true;
    settings().stall_timeout = 50s;
    begin_upload(alice());
    for (int i = 0; i < 5; ++i) {
        harness().wait(49s);
        alice().data->send("more");
        ASSERT_EQ(alice().code(), 0);
    }
    harness().wait(50s);
    EXPECT_EQ(alice().code(), 426);
    EXPECT_FALSE(harness().exists("/new"));
    EXPECT_EQ(alice().ask("NOOP"), 200);
    EXPECT_EQ(files().open_files(), 0U);
}

TEST_F(Timeouts, a_stalled_listing_ends) {
    settings().stall_timeout = 50s;
    ASSERT_EQ(alice().ask("EPSV"), 229);
    ASSERT_TRUE(alice().open_data());
    alice().data->window = 10;
    EXPECT_EQ(alice().ask("LIST dir"), 125);
    harness().wait(49s);
    EXPECT_EQ(alice().code(), 0);
    harness().wait(1s);
    EXPECT_EQ(alice().code(), 426);
    EXPECT_TRUE(alice().data_ended());
    EXPECT_EQ(files().open_listings(), 0U);
}

TEST_F(Timeouts, a_user_has_an_idle_time_of_its_own) {
    User user;
    user.name = "bob";
    user.limits.idle_timeout = 30s;
    harness().add_user(std::move(user), "y");
    auto bob = harness().connect();
    ASSERT_TRUE(bob->log_in("bob", "y"));
    (void)alice();
    harness().wait(30s);
    EXPECT_EQ(bob->code(), 421);
    EXPECT_EQ(alice().ask("NOOP"), 200);
}

// Whoever does not take the last replies of an ended session is not waited for.
TEST_F(Timeouts, a_client_that_reads_no_farewell_is_let_go) {
    alice().control().window = 20;
    alice().control().send("HELP\r\nHELP\r\nQUIT\r\n");
    harness().run();
    EXPECT_EQ(harness().sessions(), 1U);
    harness().wait(10s);
    expect_nothing_left();
}

TEST_F(Timeouts, a_client_that_reads_no_reply_is_idle) {
    settings().idle_timeout = 100s;
    alice().control().window = 20;
    alice().control().send("HELP\r\nHELP\r\n");
    harness().wait(99s);
    EXPECT_EQ(harness().sessions(), 1U);
    harness().wait(1s);
    expect_nothing_left();
}

}  // namespace
}  // namespace wherry::testing
