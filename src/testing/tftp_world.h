#pragma once
// A world for the two exchange machines of TFTP: clients of several temperaments, a network that loses, doubles, delays
// and reorders, and a virtual clock. A run is a pure function of its seed.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "testing/tftp_states.h"
#include "tftp/read_machine.h"
#include "tftp/write_machine.h"

namespace wherry::tftp::world {

using Dice = std::mt19937_64;

inline double chance(Dice& dice) { return std::uniform_real_distribution<double>(0, 1)(dice); }
template <class T>
T one_of(Dice& dice, std::initializer_list<T> choices) {
    return *(choices.begin() + static_cast<long>(dice() % choices.size()));
}
inline Span seconds_of(double seconds) { return Span(static_cast<std::int64_t>(seconds * 1e9)); }

// How a client behaves. Downloads: strict (one ACK for a gap), naive (an ACK for every block out of order), eager (an
// ACK for every block), mute (none for gaps), no_final (never the last ACK). Uploads: strict, blind (begins again at
// every ACK that is not the end of its window).
enum class Temper : std::uint8_t { strict, naive, eager, mute, no_final, blind };

// Something that happens to the server's machine once, as soon as it is in that state (of ReadState or WriteState).
struct Interruption {
    // `stale`: a packet of a block that is far off. The last three are for uploads alone; `too_long`: DATA of more than
    // the agreed size.
    enum class Kind : std::uint8_t {
        error,
        unreachable,
        cancel,
        request,
        duplicate,
        stale,
        too_long,
        not_committed,
        publish_late
    };
    Kind kind = Kind::error;
    std::uint8_t state = 0;
};

struct Scene {
    std::uint64_t seed = 0;
    bool put = false;
    std::uint16_t blksize = 512;
    std::uint16_t window = 1;
    std::uint16_t rollover = 0;
    bool oack = true;
    double loss = 0;
    double doubling = 0;
    double delay = 0.002;  // seconds
    double jitter = 0;
    double burst = 0;           // probability that a burst of losses begins
    double commit = 0;          // seconds until an upload is published
    double write_time = 0;      // seconds until accepted bytes are written
    double paid_in = 0;         // seconds that a rate asks for a window of an upload; 0: there is no rate
    std::optional<double> cut;  // seconds after which nothing arrives any more
    Temper temper = Temper::strict;
    std::uint64_t size = 0;
    std::vector<std::uint16_t> lost_late{};  // numbers of blocks that are lost once, behind 65000 others
    std::uint64_t starve_every = 0;          // blocks; 0: the disk is always ready
    double starve_time = 0.037;              // seconds until it is
    bool forgets = false;                    // what has been sent is to be read again for a repeat
    bool no_room = false;                    // for blocks of an upload that come too early
    std::optional<Interruption> interruption{};
};

Scene random_scene(std::uint64_t seed);
std::string describe(const Scene& scene);

struct Outcome {
    std::optional<Ending> server;
    std::string client;    // "", "ok", "timeout"
    std::string received;  // by whoever receives
    bool server_was_started = false;
    double seconds = 0;
    std::uint64_t steps = 0;
    std::uint64_t server_packets = 0;
    std::uint64_t data_packets = 0;  // of the server's machine
    std::uint64_t data_repeated = 0;
    std::size_t most_early = 0;  // bytes an upload's machine kept for later
    double most_ahead = 0;       // bytes of an upload that were accepted before the rate allowed them
    bool repeats_identical = true;
    Reached reached;
};

Outcome run(const Scene& setup);

// The content of the file in a run.
std::string content_of(const Scene& setup);

// Nothing but losses keeps such a client from its end.
bool is_friendly(const Scene& scene) noexcept;
// Without a loss nothing makes it ask for a repeat. (A naive client takes a doubled packet for a gap.)
bool asks_only_for_losses(const Scene& scene) noexcept;

// What must hold after every run; empty if it does, else what does not.
std::string broken_property(const Scene& setup, const Outcome& outcome);

}  // namespace wherry::tftp::world
