#pragma once
// A crowd in front of the whole TFTP server: the clients of tftp_world.h, many at once, each with a network of its own,
// and spoofers among them. What they send are real packets; the server is the real one with its parser, admission,
// cache, ports and outbox, on datagrams in memory and a clock that jumps from one event to the next. A run is a pure
// function of its Crowd, and a Crowd of its seed.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "testing/tftp_world.h"
#include "tftp/settings.h"

namespace wherry::tftp::world {

// One client.
struct Member {
    Scene scene;  // its request, its temper, its way to the server
    std::string name;
    double begins = 0;  // seconds
    bool ipv6 = false;
    std::uint8_t host = 1;          // of its address; several may share one
    std::optional<double> rebinds;  // seconds after which a NAT gives it another port
    std::uint32_t path_mtu = 0;     // longer datagrams are lost on the way; 0: none
    bool text = false;              // netascii
};

struct Crowd {
    // How the file that many read becomes another one.
    enum class Change : std::uint8_t { none, renamed_over, in_place };
    // The server ends, and another one begins that knows nothing of its transfers.
    struct Restart {
        double at = 0;        // seconds
        double lasts = 0;     // seconds without a server
        bool silent = false;  // what it says at its end is lost: the power has failed
    };

    std::uint64_t seed = 0;
    TidMode tid_mode = TidMode::pool;
    std::uint32_t connect_after = 256;
    std::vector<Member> members;
    int spoofers = 0;
    double full = 0;  // probability that the server's sockets have room for a few datagrams only
    std::size_t most_segments = 64;
    std::uint32_t chunk = 65536;
    std::uint64_t cache = std::uint64_t{1} << 20U;
    bool clock_jumps = false;  // the civil time
    Change change = Change::none;
    double changes_at = 0;                       // seconds
    std::optional<std::uint64_t> disk_fails_at;  // the operation that does
    double disk_time = 0;                        // seconds that an operation takes at most; 0: no time
    std::optional<Restart> restart;
};

inline constexpr const char* shared_name = "image";

Crowd random_crowd(std::uint64_t seed);

// The file of a member, as it is on the server, and that which the shared file is after its change. Many of the first
// are full of line ends.
std::string file_of(const Scene& scene);
std::string changed_file(const Crowd& crowd, const Member& member);
// A file as the member receives or sends it.
std::string wire_form(const Member& member, const std::string& file);

struct Story {            // of a member
    std::string client;   // as Outcome::client; or "error 5", if the server said so
    std::string content;  // what it has received, or what the server has of it
    std::size_t data_packets = 0;
    bool repeats_identical = true;
    bool from_asked_address = true;
    bool published_in_time = true;         // before the last ACK left
    std::optional<Span> soonest_repeat{};  // of a block, after it was sent last
};

struct CrowdOutcome {
    std::vector<Story> members;
    std::uint64_t steps = 0;
    double longest_end = 0;                 // seconds from the last word of a client to the end of the last transfer
    std::size_t answers_to_errors = 0;      // datagrams to those who have sent nothing else
    std::size_t beyond_allowance = 0;       // datagrams to those whose address was forged, too many or too long
    std::size_t forged_files = 0;           // that came of their requests
    std::uint64_t most_idle_in_second = 0;  // how often the server was woken for nothing
    std::uint64_t most_cached = 0;
    std::size_t most_sockets = 0;
    // At the end:
    std::size_t transfers_left = 0;
    std::size_t files_left_open = 0;
    bool waits_for_something = false;
};

CrowdOutcome run(const Crowd& crowd);

// What must hold after every run; empty if it does, else what does not.
std::string broken_property(const Crowd& crowd, const CrowdOutcome& outcome);

// A smaller crowd that breaks the same property: fewer clients, shorter files, fewer faults.
Crowd shrunk(Crowd crowd, const std::string& broken);

std::string describe(const Crowd& crowd);

}  // namespace wherry::tftp::world
