// What the simulations of the exchange machines come to: each event in each state, but those that cannot be.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "testing/tftp_world.h"

namespace wherry::tftp::world {
namespace {

constexpr std::uint64_t seeds = 20'000;

const Reached& reached() {
    static const Reached all = [] {
        Reached out;
        for (std::uint64_t seed = 0; seed < seeds; ++seed) out.add(run(random_scene(seed)).reached);
        return out;
    }();
    return all;
}

template <class... Events>
constexpr std::uint32_t bits(Events... events) {
    return ((1U << static_cast<unsigned>(events)) | ...);
}

// What cannot be, and why.
template <class State>
struct Impossible {
    State state;
    std::uint32_t events;
    const char* why;
};

using R = ReadEvent;
constexpr auto reading_timers = bits(R::timer_pace, R::timer_gap, R::timer_tail, R::timer_repeat);
constexpr Impossible<ReadState> impossible_reads[] = {
    {ReadState::oack_sent,
     bits(R::ack_partial, R::ack_beyond, R::ack_duplicate, R::starves, R::data_ready, R::timer_pace, R::timer_gap,
          R::timer_tail),
     "no block has been sent"},
    {ReadState::unverified, bits(R::ack_partial, R::ack_beyond, R::timer_pace, R::timer_gap, R::timer_tail),
     "a window is an option, and there are none"},
    {ReadState::unverified, bits(R::data_ready), "no data is waited for"},
    {ReadState::sending, bits(R::data_ready), "no data is waited for"},
    {ReadState::last_block, bits(R::data_ready), "no data is waited for"},
    {ReadState::last_block, bits(R::ack_partial, R::ack_beyond, R::timer_pace),
     "there is one block, and it has been sent"},
    {ReadState::starved, bits(R::starves) | reading_timers, "nothing is sent meanwhile"},
    {ReadState::oack_sent, bits(R::timer_starved), "no data is waited for"},
    {ReadState::unverified, bits(R::timer_starved), "no data is waited for"},
    {ReadState::sending, bits(R::timer_starved), "no data is waited for"},
    {ReadState::last_block, bits(R::timer_starved), "no data is waited for"},
    {ReadState::done, bits(R::ack_full, R::ack_partial, R::ack_beyond, R::ack_duplicate),
     "no ACK is of anything any more"},
    {ReadState::done, bits(R::starves, R::timer_starved) | reading_timers, "it sends nothing and has no deadline"},
};

using W = WriteEvent;
constexpr auto of_a_commit = bits(W::publishes, W::committed, W::not_committed);
constexpr auto of_blocks = bits(W::data_next, W::data_last, W::data_early, W::data_tells_gap, W::data_too_long);
constexpr auto writing_timers = bits(W::timer_gap, W::timer_ack, W::timer_repeat, W::timer_put_off);
constexpr Impossible<WriteState> impossible_writes[] = {
    {WriteState::invited, of_a_commit, "not all is here"},
    {WriteState::receiving, of_a_commit, "not all is here"},
    {WriteState::gap, of_a_commit, "not all is here"},
    {WriteState::held, of_a_commit, "not all is here"},
    {WriteState::invited, bits(W::data_duplicate, W::written, W::timer_gap, W::timer_ack, W::timer_put_off),
     "no block has come"},
    {WriteState::receiving, bits(W::timer_put_off), "the client is not made to wait"},
    {WriteState::gap, bits(W::timer_put_off), "the client is not made to wait"},
    {WriteState::held, bits(W::timer_ack), "when that ACK is due, the client need not wait any more"},
    {WriteState::invited, bits(W::timer_end), "it has not ended"},
    {WriteState::receiving, bits(W::timer_end), "it has not ended"},
    {WriteState::gap, bits(W::timer_end), "it has not ended"},
    {WriteState::held, bits(W::timer_end), "it has not ended"},
    {WriteState::committing, of_blocks | bits(W::data_duplicate), "all blocks are here: more are ignored"},
    {WriteState::publishing, of_blocks | bits(W::data_duplicate), "all blocks are here: more are ignored"},
    {WriteState::committing, bits(W::committed, W::not_committed), "publishing comes before"},
    {WriteState::committing, writing_timers | bits(W::timer_end), "it has no deadline"},
    {WriteState::publishing, writing_timers | bits(W::timer_end), "it has no deadline"},
    {WriteState::publishing, bits(W::written, W::publishes), "it began when all was written, and once"},
    {WriteState::dallying, of_blocks | of_a_commit | bits(W::written), "all blocks are here and published"},
    {WriteState::dallying, writing_timers, "its one deadline is that of its end"},
    {WriteState::done, of_blocks | bits(W::data_duplicate), "it has ended: blocks are ignored"},
    {WriteState::done, of_a_commit, "what has ended is not published"},
    {WriteState::done, writing_timers | bits(W::timer_end), "it has no deadline"},
};

void expect_all(const auto& impossible, const auto& met, const auto& states, const auto& events) {
    for (std::size_t state = 0; state < states.size(); ++state) {
        for (std::size_t event = 0; event < events.size(); ++event) {
            const std::uint32_t bit = 1U << event;
            const char* why = nullptr;
            for (const auto& one : impossible) {
                if (static_cast<std::size_t>(one.state) == state && (one.events & bit) != 0) why = one.why;
            }
            const bool is_met = (met[state] & bit) != 0;
            if (why == nullptr) {
                EXPECT_TRUE(is_met) << "never met: " << events[event] << " in " << states[state];
            } else {
                EXPECT_FALSE(is_met) << events[event] << " in " << states[state] << ", although: " << why;
            }
        }
    }
}

TEST(TftpMachineStates, a_download_meets_every_event_in_every_state) {
    expect_all(impossible_reads, reached().read, read_states, read_events);
}

TEST(TftpMachineStates, an_upload_meets_every_event_in_every_state) {
    expect_all(impossible_writes, reached().write, write_states, write_events);
}

}  // namespace
}  // namespace wherry::tftp::world
