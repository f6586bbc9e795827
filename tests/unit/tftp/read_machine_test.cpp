// The machine of downloads: what a fuzzer has found.
#include "tftp/read_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace wherry::tftp {
namespace {

using namespace std::chrono_literals;

// An ACK that came while a disk was waited for was progress, and the whole wait was taken off all the same: the moment
// of the last progress came to lie in the future, and a client that had gone was sent repeats for that much longer.
TEST(TftpReadMachine, time_without_data_is_taken_off_no_further_than_to_the_present) {
    const Timing timing;
    ReadMachine machine({.window = 4, .oack = true, .blocks = 1000}, timing);
    Time now{std::chrono::hours(1)};
    Effects effects;
    machine.start(now, effects);
    machine.on_ack(now, 0, effects);
    machine.starved(now, 3);  // two blocks of the window have gone
    now += timing.starved - 2s;
    machine.on_ack(now, 1, effects);
    now += 1s;
    machine.data_ready(now, effects);
    const Time gone = now;
    for (int i = 0; i < 1000 && !machine.ended(); ++i) {
        Effects some;
        now = std::max(now, machine.deadline().value_or(now));
        machine.on_timer(now, some);
    }
    EXPECT_TRUE(machine.ended());
    EXPECT_LT(now - gone, timing.stall + 15s);
}

}  // namespace
}  // namespace wherry::tftp
