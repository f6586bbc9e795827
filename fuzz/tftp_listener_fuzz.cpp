// A whole TFTP server under packets of several clients, three times: with each of its ways to choose ports. Clients
// must be told the same whichever it is. Input: events; a byte says what happens and to which client, the rest of what
// the event needs follows.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "fuzz.h"
#include "testing/tftp_harness.h"

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace wherry;
using testing::TftpHarness;
using wherry::fuzz::require;

constexpr std::size_t clients = 4;
constexpr std::size_t most_events = 200;
const net::Address listener = net::Address::parse_ip("192.0.2.1", 69).value();

net::Address client(std::size_t number) {
    // Two of them are behind one address.
    return net::Address::parse_ip("198.51.100." + std::to_string(number / 2), static_cast<std::uint16_t>(2000 + number))
        .value();
}

struct Deed {
    std::size_t client = 0;
    bool to_listener = false;
    std::string packet;
    std::chrono::nanoseconds pause{0};  // instead of a packet
};

std::string request_of(tftp::Op op, std::uint8_t name, std::uint8_t options) {
    std::vector<tftp::OptionPair> pairs;
    if ((options & 1) != 0) pairs.push_back({"blksize", "8"});
    if ((options & 2) != 0) pairs.push_back({"windowsize", "4"});
    if ((options & 4) != 0) pairs.push_back({"tsize", "0"});
    if ((options & 8) != 0) pairs.push_back({"timeout", "1"});
    if ((options & 16) != 0) pairs.push_back({"rollover", "1"});
    if ((options & 32) != 0) pairs.push_back({"BLKSIZE", "1400"});
    const auto mode = (options & 64) != 0 ? tftp::Mode::netascii : tftp::Mode::octet;
    constexpr std::array<const char*, 6> names{"small", "text", "big", "up0", "up1", "nothing"};
    return tftp::request_packet(op, names[name % names.size()], mode, pairs);
}

Deed deed_of(wherry::fuzz::Input& input, std::array<std::string, clients>& requests) {
    const std::uint8_t what = input.byte();
    Deed deed{.client = what / 8U % clients, .to_listener = false, .packet = {}};
    const std::uint8_t value = input.byte();
    const auto head = [&](tftp::Op op, std::uint16_t number) {
        tftp::append_u16(deed.packet, static_cast<std::uint16_t>(op));
        tftp::append_u16(deed.packet, number);
    };
    switch (what % 8) {
        case 0:
        case 1:
            deed.packet = request_of(what % 8 == 0 ? tftp::Op::rrq : tftp::Op::wrq, value, input.byte());
            deed.to_listener = true;
            requests[deed.client] = deed.packet;
            break;
        case 2: head(tftp::Op::ack, value); break;
        case 3:
            head(tftp::Op::data, value % 16);
            deed.packet += std::string(value < 128 ? 8 : value < 192 ? 512 : value % 8U, static_cast<char>(value));
            break;
        case 4: deed.packet = tftp::error_packet(tftp::ErrorCode{value}, "bye"); break;
        case 5: deed.pause = value < 200 ? value * 7ms : (value - 199) * 500ms; break;
        case 6:  // what is no packet of a transfer
            deed.to_listener = true;
            deed.packet = "\0"s + static_cast<char>(value % 3 == 0   ? 1 + value % 2
                                                    : value % 2 == 0 ? 0
                                                                     : 7 + value % 9);
            deed.packet += input.until('\n');
            break;
        case 7:  // once more
            deed.to_listener = true;
            deed.packet = requests[deed.client];
            break;
    }
    return deed;
}

// One of the three servers, and what its clients have been told.
class Side {
public:
    explicit Side(tftp::TidMode mode) {
        server_.settings.tid_mode = mode;
        server_.settings.write.mode = tftp::WriteMode::create;
        server_.settings.timing.stall = 20s;
        server_.settings.cache_chunk = 2048;
        server_.base.put("/small", "abcde");
        server_.base.put("/text", "a\nb\r\nc\rd\n");
        server_.base.put("/big", std::string(5000, 'b'));
        server_.serve();
        ports_.fill(listener);
    }

    void on(const Deed& deed) {
        if (deed.pause > 0s) {
            server_.wait(deed.pause);
        } else {
            server_.network.send(client(deed.client), deed.to_listener ? listener : ports_[deed.client], deed.packet);
            server_.run();
        }
        hear();
    }
    void end() {
        server_.wait(200s);
        hear();
        require(server_.serve().admission().transfers() == 0, "no transfer is left");
        require(server_.metric(Metric::tftp_transfers) == 0, "the metrics count down");
        require(server_.base.loop().timers().next() == net::TimePoint::max(), "nothing is waited for");
    }
    const std::string& told(std::size_t who) const { return told_[who]; }
    std::string uploaded(const char* name) { return server_.base.content(name).value_or("none"); }

private:
    void hear() {
        for (; heard_ < server_.sent.size(); ++heard_) {
            const testing::Datagram& one = server_.sent[heard_];
            // Where ports are shared by nobody, or by all, a stranger is not told that it is one.
            if (one.bytes.starts_with("\0\5\0\5"s)) continue;
            for (std::size_t i = 0; i < clients; ++i) {
                if (!(client(i) == one.to)) continue;
                ports_[i] = one.from;
                told_[i] += std::to_string(one.bytes.size()) + ":" + one.bytes;
            }
            require(one.from.same_host(listener), "answers come from where was asked");
        }
    }
    TftpHarness server_;
    std::array<net::Address, clients> ports_;
    std::array<std::string, clients> told_;
    std::size_t heard_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wherry::fuzz::Input input(data, std::min<std::size_t>(size, 4096));
    std::array<Side, 3> sides{Side(tftp::TidMode::pool), Side(tftp::TidMode::unique), Side(tftp::TidMode::single)};
    std::array<std::string, clients> requests;
    for (std::size_t i = 0; i < most_events && !input.empty(); ++i) {
        const Deed deed = deed_of(input, requests);
        for (Side& side : sides) side.on(deed);
    }
    for (Side& side : sides) side.end();
    for (const std::size_t other : {1U, 2U}) {
        for (std::size_t i = 0; i < clients; ++i) {
            require(sides[0].told(i) == sides[other].told(i), "a client is told the same whatever its ports are");
        }
        for (const char* name : {"/up0", "/up1"}) {
            require(sides[0].uploaded(name) == sides[other].uploaded(name), "uploads are the same");
        }
    }
    return 0;
}
