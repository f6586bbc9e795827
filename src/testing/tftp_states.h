#pragma once
// Which events the exchange machines have met in which of their states, as somebody sees who looks at them from
// outside: so that a test can tell what the simulations never come to.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wherry::tftp::world {

// A download. `unverified`: without options, and nothing was heard yet. `last_block`: it alone is not acknowledged.
enum class ReadState : std::uint8_t { oack_sent, unverified, sending, last_block, starved, done };
inline constexpr std::array<std::string_view, 6> read_states{"oack_sent",  "unverified", "sending",
                                                             "last_block", "starved",    "done"};

// `ack_full`: of all of a window, or of the OACK. `ack_beyond`: of more than this repeat has come to.
enum class ReadEvent : std::uint8_t {
    ack_full,
    ack_partial,
    ack_beyond,
    ack_duplicate,
    ack_stale,
    error,
    unreachable,
    request,
    cancel,
    starves,
    data_ready,
    timer_pace,
    timer_gap,
    timer_tail,
    timer_repeat,
    timer_starved,
};
inline constexpr std::array<std::string_view, 16> read_events{
    "ack_full",    "ack_partial", "ack_beyond",   "ack_duplicate", "ack_stale",  "error",
    "unreachable", "request",     "cancel",       "starves",       "data_ready", "timer_pace",
    "timer_gap",   "timer_tail",  "timer_repeat", "timer_starved"};

// An upload. `gap`: blocks are kept that came too early. `held`: the client has to wait for the disk or for a rate.
enum class WriteState : std::uint8_t { invited, receiving, gap, held, committing, publishing, dallying, done };
inline constexpr std::array<std::string_view, 8> write_states{"invited",    "receiving",  "gap",      "held",
                                                              "committing", "publishing", "dallying", "done"};

enum class WriteEvent : std::uint8_t {
    data_next,
    data_last,
    data_early,
    data_tells_gap,
    data_duplicate,
    data_ignored,
    data_too_long,
    error,
    unreachable,
    request,
    cancel,
    written,
    publishes,
    publish_late,
    committed,
    not_committed,
    timer_gap,
    timer_ack,
    timer_repeat,
    timer_put_off,
    timer_end,
};
inline constexpr std::array<std::string_view, 21> write_events{
    "data_next", "data_last",     "data_early", "data_tells_gap", "data_duplicate", "data_ignored",  "data_too_long",
    "error",     "unreachable",   "request",    "cancel",         "written",        "publishes",     "publish_late",
    "committed", "not_committed", "timer_gap",  "timer_ack",      "timer_repeat",   "timer_put_off", "timer_end"};

struct Reached {
    std::array<std::uint32_t, read_states.size()> read{};  // of each state, the bits of events
    std::array<std::uint32_t, write_states.size()> write{};

    void add(ReadState state, ReadEvent event) noexcept {
        read[static_cast<std::size_t>(state)] |= 1U << static_cast<unsigned>(event);
    }
    void add(WriteState state, WriteEvent event) noexcept {
        write[static_cast<std::size_t>(state)] |= 1U << static_cast<unsigned>(event);
    }
    void add(const Reached& other) noexcept {
        for (std::size_t i = 0; i < read.size(); ++i) read[i] |= other.read[i];
        for (std::size_t i = 0; i < write.size(); ++i) write[i] |= other.write[i];
    }
};

}  // namespace wherry::tftp::world
