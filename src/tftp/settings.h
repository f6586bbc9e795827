#pragma once
// What an operator may set about the TFTP service, with its defaults. A server is given a copy.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/newline.h"
#include "net/neighbours.h"
#include "net/subnet.h"
#include "tftp/admission.h"
#include "tftp/effects.h"
#include "tftp/name_regex.h"
#include "tftp/names.h"
#include "tftp/options.h"
#include "tftp/packet.h"
#include "tftp/remap.h"

namespace wherry::tftp {

// Which port of the server a transfer has.
enum class TidMode : std::uint8_t {
    pool,    // one of a few random ports that many transfers share
    unique,  // a random port of its own
    single,  // the port of the requests: for NAT and containers
};

enum class WriteMode : std::uint8_t {
    off,
    create,     // new names only
    existing,   // names that are there only
    overwrite,  // both
};

enum class WorldReadable : std::uint8_t {
    automatic,  // as `on` if the process runs as root, who may read everything
    on,         // only files that everybody on this machine may read
    owner,      // only files of the account that the server runs as
    off,
};

struct WriteRules {
    WriteMode mode = WriteMode::off;
    std::vector<std::string> allow_names{"*"};
    std::vector<std::string> deny_names{".*", "*/.*"};
    std::uint64_t max_size = std::uint64_t{256} << 20U;
    std::uint64_t rate_per_transfer = 0;  // bytes a second of an upload; 0: none of its own
    bool atomic = true;
    bool ack_at_receipt = false;  // the last ACK does not wait until the file is published
    std::uint32_t file_mode = 0644;
    bool tsize_strict = false;  // an upload of another size than announced is dropped
    int reorder_blocks = 3;
    bool make_folders = false;  // those that a name needs and that are not there
    bool keep_partial = false;  // what came of a broken upload that is `atomic` stays as NAME.partial
};

// What else holds for some requests: those for which all that is given of the first part is true. The first rule that
// has a setting decides about it.
struct Rule {
    enum class Direction : std::uint8_t { both, read, write };
    std::vector<net::Subnet> client;  // where it is; empty: anywhere
    std::vector<net::MacPrefix> mac;  // of clients on the same link; empty: any or none
    std::string interface;            // a pattern of its name; empty: any
    std::vector<net::Subnet> local;   // where the request was sent to; empty: anywhere
    std::string name;                 // a pattern of the path without its first slash; empty: any
    NameRegex name_regex;             // is found in the path without its first slash
    Direction op = Direction::both;

    std::string root;  // a folder of this machine, instead of those of all; opened: Policy::rule_trees
    std::optional<bool> read;
    std::optional<WriteMode> write;
    std::optional<std::vector<std::string>> refuse;
    std::optional<std::uint16_t> blksize_max;
    std::optional<std::uint32_t> mtu;
    std::optional<std::uint16_t> windowsize_max;
    std::optional<std::chrono::milliseconds> rto_fixed;
    std::optional<std::uint16_t> rollover;
    std::optional<std::optional<Span>> pace;  // as Timing::pace
    std::optional<std::uint64_t> rate;
    friend bool operator==(const Rule&, const Rule&) = default;
};

// A folder of each client's own in every root, named after its address or its hardware address.
enum class ClientRoot : std::uint8_t { off, ip, mac };

struct Settings {
    TidMode tid_mode = TidMode::pool;
    std::uint16_t tid_first = 0;  // 0: the system chooses
    std::uint16_t tid_last = 0;
    std::uint32_t pool_ports = 4;
    std::uint32_t connect_after = 256;  // packets in a row for one transfer of the pool: it gets a connected socket
    std::chrono::seconds pool_rotate{600};
    std::vector<std::string> interfaces;  // patterns of those that requests may come by; empty: all
    bool answer_broadcast = false;
    std::uint32_t mtu = 0;  // upper bound, beside that of the interface; 0: none
    int ttl = 0;
    int dscp = 0;
    std::uint64_t receive_buffer = std::uint64_t{4} << 20U;
    bool gso = true;
    bool check_port = true;                     // a packet from another port of the client is none of its transfer
    bool single_port_answers = false;           // with one port for all: strangers are told so
    std::chrono::milliseconds transfer_max{0};  // how long a transfer may last; 0: as long as it takes
    WorldReadable world_readable = WorldReadable::automatic;
    bool abort_on_change = true;
    ParseRules parse;
    std::vector<std::uint16_t> refuse_source_ports{7, 13, 17, 19, 37, 53, 69, 111, 123, 161, 389, 1900, 5353, 11211};

    OptionRules options;
    bool keep_crlf = false;   // a CRLF in a text file is sent as it is; else as what becomes a CRLF again at the client
    bool crlf_files = false;  // the line ends of text files on this machine are CRLF, not LF
    Newlines newlines() const noexcept {
        return crlf_files ? Newlines::netascii_crlf : keep_crlf ? Newlines::netascii_keep : Newlines::netascii;
    }
    std::uint64_t tsize_scan_max = std::uint64_t{1} << 20U;  // text files up to this size are read to tell their size

    Timing timing;
    std::chrono::milliseconds rto_fixed{0};  // 0: found out
    std::chrono::milliseconds open_timeout{10'000};
    std::chrono::milliseconds commit_timeout{60'000};

    NameRules names;
    RemapOptions map;  // how the file of rules for names is read
    std::uint32_t map_steps = default_map_steps;
    ClientRoot client_root = ClientRoot::off;
    bool client_root_only = false;  // a client without such a folder is refused; else it has what all have
    std::vector<Rule> rules;
    bool reads = true;                    // a rule may forbid it
    std::uint64_t rate_per_transfer = 0;  // bytes a second of a download; 0: none of its own
    std::vector<net::Subnet> read_allow;  // empty: all
    std::vector<net::Subnet> read_deny;
    std::vector<net::Subnet> write_allow;
    std::vector<net::Subnet> write_deny;
    bool silent_deny = false;
    bool limit_answer_error = false;
    WriteRules write;
    Admission::Options limits;

    std::uint64_t cache_size = std::uint64_t{256} << 20U;
    std::uint32_t workers = 0;  // loops that serve; 0: all that there are
    std::uint32_t cache_chunk = std::uint32_t{256} << 10U;
    std::vector<net::Subnet> debug_client;  // whose packets are told to the log, at its level debug; empty: nobody's
    std::uint32_t cache_read_ahead = 1;     // chunks
    std::uint64_t seed = 0;  // of random ports and jitter, for tests; 0: from the system, no two runs alike
};

}  // namespace wherry::tftp
