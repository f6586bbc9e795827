// Clients that send too much, read too little or pipeline without end: memory has a cap, commands wait, others are
// served.
#include <malloc.h>

#include <cstddef>

#include "sim/sim.h"

// Of the sanitizer's allocator, where there is one; mallinfo2(3) knows nothing of that.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace wherry::testing {
namespace {

using namespace std::chrono_literals;

std::size_t memory_in_use() {
    if (__sanitizer_get_current_allocated_bytes != nullptr) return __sanitizer_get_current_allocated_bytes();
    return mallinfo2().uordblks;
}

class HostileClients : public Sim {
protected:
    static std::string many(std::size_t count, std::string_view line) {
        std::string out;
        out.reserve(count * line.size());
        for (std::size_t i = 0; i < count; ++i) out += line;
        return out;
    }
};

TEST_F(HostileClients, two_thousand_commands_in_one_write_are_answered_in_order) {
    std::string all;
    std::vector<int> expected;
    for (int i = 0; i < 500; ++i) {
        all += "NOOP\r\nPWD\r\nFROB\r\nMKD d" + std::to_string(i) + "\r\n";
        expected.insert(expected.end(), {200, 257, 500, 257});
    }
    alice().send(all);
    EXPECT_EQ(codes(alice()), expected);
    EXPECT_TRUE(harness().exists("/d499"));
}

TEST_F(HostileClients, pipelining_behind_a_transfer_keeps_the_order) {
    begin_download(alice());
    alice().send(many(2000, "PWD\r\nSYST\r\nTYPE A\r\nNOOP\r\n"));
    EXPECT_EQ(alice().code(), 0);
    EXPECT_GT(alice().control().unread(), 1000U);  // the queue is short: the rest waits with its client
    alice().data->window = 1 << 20;
    EXPECT_TRUE(alice().data_ended());
    std::vector<int> expected{226};
    for (int i = 0; i < 2000; ++i) expected.insert(expected.end(), {257, 215, 200, 200});
    EXPECT_EQ(codes(alice()), expected);
}

TEST_F(HostileClients, a_client_that_reads_no_replies_waits_for_itself_alone) {
    (void)alice();
    auto other = logged_in();
    const std::size_t before = memory_in_use();
    const auto commands = harness().metrics().value(Metric::commands_total);
    alice().control().window = 1000;
    alice().control().send(many(20'000, "HELP\r\n"));  // some 30 MB of replies
    harness().run();
    EXPECT_LT(harness().metrics().value(Metric::commands_total) - commands, 300);
    EXPECT_GT(alice().control().unread(), 100'000U);
    EXPECT_LT(memory_in_use(), before + 1'000'000);
    EXPECT_EQ(other->ask("NOOP"), 200);

    // Once it reads, all is answered, in order and complete.
    alice().control().window = 1 << 20;
    alice().control().send("SYST\r\n");
    const auto all = codes(alice());
    ASSERT_EQ(all.size(), 20'001U);
    EXPECT_EQ(std::vector<int>(all.begin(), all.end() - 1), std::vector<int>(20'000, 214));
    EXPECT_EQ(all.back(), 215);
}

TEST_F(HostileClients, a_client_that_reads_no_replies_can_be_killed) {
    alice().control().window = 1000;
    alice().control().send(many(1000, "HELP\r\n") + "QUIT\r\n");
    harness().run();
    harness().commons().sessions.kill_all(Code::killed);
    expect_nothing_left();
}

// Also when it is already saying good-bye.
TEST_F(HostileClients, a_session_that_waits_to_say_good_bye_can_be_killed) {
    alice().control().window = 10;
    alice().control().send("QUIT\r\n");
    harness().run();
    ASSERT_EQ(harness().sessions(), 1U);
    harness().commons().sessions.kill_all(Code::killed);
    expect_nothing_left();
}

TEST_F(HostileClients, one_that_never_pauses_gets_its_share_of_a_turn_and_no_more) {
    (void)alice();
    auto other = logged_in();
    const auto commands = harness().metrics().value(Metric::commands_total);
    alice().control().window = 1 << 30;
    alice().control().send(many(100'000, "NOOP\r\n"));
    other->control().send("NOOP\r\n");
    for (int turn = 0; turn < 2; ++turn) harness().loop().turn({});
    EXPECT_GT(other->control().waiting(), 0U);
    EXPECT_LT(harness().metrics().value(Metric::commands_total) - commands, 50'000);
    EXPECT_EQ(codes(alice()).size(), 100'000U);
}

TEST_F(HostileClients, a_hundred_megabytes_without_a_line_end_take_no_memory) {
    (void)alice();
    const std::string piece(64 * 1024, 'x');
    alice().send(piece);
    EXPECT_EQ(alice().code(), 500);
    const std::size_t before = memory_in_use();
    for (int i = 0; i < 1600; ++i) alice().send(piece);
    EXPECT_LT(memory_in_use(), before + 200'000);
    EXPECT_EQ(alice().code(), 0);
    alice().send("QUIT\r\n");  // the end of that line, no command
    EXPECT_EQ(alice().code(), 0);
    EXPECT_EQ(alice().ask("NOOP"), 200);
}

TEST_F(HostileClients, runs_of_telnet_bytes_and_nothing_but_line_ends) {
    for (const std::string_view line : {"\xff", "\xff\xff", "\xff\xfa", "\xff\xfb", "\xff\xf4", "\r", "\n"}) {
        alice().send(many(3000, line) + "\r\n");
        for (const int code : codes(alice())) EXPECT_EQ(code, 500);
        EXPECT_EQ(alice().ask("NOOP"), 200);
    }
    alice().send(std::string(3000, '\0') + "\r\n");
    EXPECT_EQ(alice().code(), 500);
    alice().send("NOOP " + std::string(3000, '\0') + "\r\n");
    EXPECT_EQ(alice().code(), 200);
}

TEST_F(HostileClients, every_single_byte_as_a_verb_and_as_an_argument) {
    for (int byte = 0; byte < 256; ++byte) {
        if (byte == '\n' || byte == ':') continue;  // a line end; a header of HTTP, which closes
        const std::string text(1, static_cast<char>(byte));
        alice().send(text + "\r\nCWD " + text + "\r\n");
        const auto said = codes(alice());
        ASSERT_EQ(said.size(), 2U) << byte;
        EXPECT_EQ(said[0], 500) << byte;
    }
    EXPECT_EQ(alice().ask("NOOP"), 200);
}

}  // namespace
}  // namespace wherry::testing
