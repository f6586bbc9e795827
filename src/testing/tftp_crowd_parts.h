#pragma once
// The parts of a crowd's run: a member with its client and what has been seen of it, and those who forge packets.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "testing/memory_datagrams.h"
#include "testing/tftp_crowd.h"
#include "testing/tftp_world_parts.h"
#include "tftp/packet.h"

namespace wherry::tftp::world {

inline net::Address address(const std::string& ip, std::uint16_t port) {
    return net::Address::parse_ip(ip, port).value();
}

// A member, its client, and what has been seen of it.
class Person {
public:
    Person(const Member& member, std::size_t number, Dice& dice);

    // What its client does when the time has come: begins, repeats, gets another port from its NAT.
    void attend(Time now, Time begins);
    // What it has to say, as it goes over the wire.
    std::vector<testing::Datagram> speak();
    // What has come to it.
    void hear(Time now, const testing::Datagram& datagram);
    // What the server has sent to it. True: this is the last ACK of its upload.
    bool note(Time now, const testing::Datagram& datagram);
    // Whether a datagram of that size gets through to it.
    bool fits(const testing::Datagram& datagram) const noexcept;

    const Member& about;
    const std::string file;  // as it is on the server
    const std::string wire;  // as it is sent
    Way up;
    Way down;
    net::Address own;
    const net::Address asked;
    std::optional<net::Address> tid;
    std::unique_ptr<Client> client;  // null: it has not begun
    Story story;

private:
    struct Sent {
        std::string payload;
        Time at;
    };
    std::string encoded(const Packet& packet) const;
    bool grants_all(Bytes oack) const;

    std::map<std::pair<std::uint16_t, std::uint16_t>, Sent> sent_;  // by port and number
    bool rebound_ = false;
};
using People = std::vector<std::unique_ptr<Person>>;

// Those who send packets in the names of others, or junk.
class Spoofers {
public:
    Spoofers(int count, Dice& dice, Time now) : dice_(dice), left_(count * 20), next_(now) {}

    struct Forged {
        Time at;
        testing::Datagram datagram;
    };
    Time due() const noexcept { return left_ > 0 ? next_ : Time::max(); }
    // What one of them sends now, or lets arrive later.
    std::vector<Forged> act(Time now, const People& people);
    // What the server has sent, to whomever.
    void note(const testing::Datagram& datagram, CrowdOutcome& outcome);
    // A server that begins anew knows nothing of what the one before it has sent.
    void server_restarts();
    // Names of files that were to be made.
    std::vector<std::string> files() const;

private:
    // Somebody in whose name a request was forged.
    struct Victim {
        std::size_t copies = 0;       // of the request
        std::size_t of_a_server = 0;  // datagrams that one may send, if the request came once
        std::size_t allowed = 0;
        std::size_t got = 0;
    };
    std::vector<Forged> forge_request(Time now, const Person& target);
    std::vector<Forged> forge_packet(Time now, const Person& target);
    Forged forge_error(Time now, const Person& target);
    Forged junk(Time now, const Person& target);

    Dice& dice_;
    int left_;
    Time next_;
    int files_ = 0;
    std::map<std::string, Victim> victims_;
};

}  // namespace wherry::tftp::world
