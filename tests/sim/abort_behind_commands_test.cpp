// ABOR behind more commands than wait in the queue of a session: it is heard all the same, as far as a session looks
// ahead, and what stands before it is answered in order.
#include "sim/sim.h"

namespace wherry::testing {
namespace {

class AbortBehindCommands : public Sim {
protected:
    static std::string many(std::size_t count, std::string_view line) {
        std::string out;
        for (std::size_t i = 0; i < count; ++i) out += line;
        return out;
    }
    // A download that waits for its client, and `commands` behind it.
    void begin_with(const std::string& commands) {
        begin_download(alice());
        alice().send(commands);
    }
    void expect_aborted_before(std::size_t commands, int code) {
        std::vector<int> expected{426};
        expected.insert(expected.end(), commands, code);
        expected.push_back(225);  // of ABOR itself: when its turn comes there is nothing left to abort
        EXPECT_EQ(codes(alice()), expected);
        EXPECT_EQ(alice().ask("NOOP"), 200);
    }
};

TEST_F(AbortBehindCommands, is_heard_in_the_queue_and_behind_it) {
    for (const std::size_t count : {1U, 31U, 32U, 33U, 200U, 2000U}) {
        begin_with(many(count, "PWD\r\n") + "ABOR\r\n");
        expect_aborted_before(count, 257);
    }
}

TEST_F(AbortBehindCommands, is_heard_when_it_comes_later) {
    begin_with(many(100, "SYST\r\n"));
    EXPECT_EQ(alice().code(), 0);
    alice().send("AB");
    EXPECT_EQ(alice().code(), 0);
    alice().send("OR\r\n");
    expect_aborted_before(100, 215);
}

TEST_F(AbortBehindCommands, is_heard_with_the_telnet_bytes_of_a_synch) {
    begin_with(many(100, "SYST\r\n") +
               "\xff\xf4\xff\xf2"
               "abor\r\n");
    expect_aborted_before(100, 215);
}

// One that begins in what was there when the queue got full.
TEST_F(AbortBehindCommands, is_heard_when_it_is_torn_where_the_queue_ends) {
    begin_with(many(32, "SYST\r\n") + "ABO");
    EXPECT_EQ(alice().code(), 0);
    alice().send("R\r\n");
    expect_aborted_before(32, 215);
}

TEST_F(AbortBehindCommands, is_not_taken_from_the_middle_of_a_line) {
    begin_with(many(100, "SYST\r\n") + "CWD x" + std::string(300, ' ') + "ABOR\r\nXABOR\r\n");
    EXPECT_EQ(alice().code(), 0);
    alice().data->window = 1 << 20;
    EXPECT_TRUE(alice().data_ended());
    EXPECT_EQ(alice().code(), 226);
}

TEST_F(AbortBehindCommands, the_end_of_the_connection_is_heard_too) {
    begin_with(many(100, "SYST\r\n"));
    alice().hang_up();
    gone();
    expect_nothing_left();
}

// What is looked at is bounded: the rest stays with the client.
TEST_F(AbortBehindCommands, no_more_is_read_than_fits) {
    begin_with(many(1'000'000, "PWD\r\n"));
    EXPECT_GT(alice().control().unread(), 5'000'000U - 64U * 1024U);
    alice().data->reset();  // a client that has sent so much is heard again when its transfer ends
    alice().reset();
    gone();
    expect_nothing_left();
}

TEST_F(AbortBehindCommands, one_that_will_be_refused_aborts_nothing) {
    gone();
    begin();
    settings().strict = true;
    begin_with(many(100, "SYST\r\n") + "ABOR now\r\n");
    EXPECT_EQ(alice().code(), 0);
    alice().data->window = 1 << 20;
    EXPECT_TRUE(alice().data_ended());
    EXPECT_EQ(alice().code(), 226);
}

}  // namespace
}  // namespace wherry::testing
