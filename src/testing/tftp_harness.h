#pragma once
// TftpHarness: a whole TFTP server in one thread, on datagrams in memory and a manual clock; and the other side of its
// transfers, packet by packet.
//
// What the server sends is told in the notation of a protocol description: "DATA(1,512)", "ACK(3)", "ERR(1,File not
// found)", "OACK{blksize=1024,tsize=7}"; several with blanks between them.
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing/harness.h"
#include "testing/memory_datagrams.h"
#include "tftp/packet.h"
#include "tftp/server.h"

namespace wherry::testing {

class TftpHarness {
public:
    using Options = std::vector<std::pair<std::string, std::string>>;

    TftpHarness();
    ~TftpHarness();

    // --- before the first packet
    tftp::Settings settings;  // without jitter; uploads off
    Harness base;             // its files are served; with base.put()
    MemoryDatagrams network;
    std::vector<FilesystemPtr> more_roots;  // looked through after base.files
    std::string folder;                     // the path that clients may put in front
    std::string user;                       // the name of the one whose files these are
    std::vector<tftp::Handler> handlers;
    std::vector<tftp::OptionMaker> own_options;
    std::map<std::uint16_t, TftpOpcodeHandler> own_opcodes;
    std::vector<TftpObserver> observers;
    std::vector<FilesystemPtr> rule_roots;  // of settings.rules; null: the rule has none
    std::string map;                        // rules for names
    std::string patterns;                   // other names for what is not there
    tftp::OtherMacs other_macs;             // beside network.neighbours
    std::function<void()> before_start;     // when the sockets are open
    std::vector<net::Address> listen{net::Address::any(69)};

    // --- the client
    net::Address client = net::Address::parse_ip("198.51.100.7", 2070).value();
    net::Address server = net::Address::parse_ip("192.0.2.1", 69).value();  // where requests go
    net::Address tid;  // where the last packet to `client` came from
    std::uint32_t interface = 1;

    // Each sends a packet, runs the server until it is idle, and tells what it has sent to `client`.
    std::string request(tftp::Op op, std::string_view name, const Options& options = {},
                        std::string_view mode = "octet");
    std::string rrq(std::string_view name, const Options& options = {}, std::string_view mode = "octet") {
        return request(tftp::Op::rrq, name, options, mode);
    }
    std::string wrq(std::string_view name, const Options& options = {}, std::string_view mode = "octet") {
        return request(tftp::Op::wrq, name, options, mode);
    }
    std::string to_listener(std::string_view packet);
    std::string to_tid(std::string_view packet);
    std::string ack(unsigned block);
    std::string data(unsigned block, std::string_view payload);
    std::string error(unsigned code, std::string_view text = "");
    // As if from elsewhere; tells what the server has sent to that address.
    std::string from(const net::Address& peer, const net::Address& to, std::string_view packet);
    std::string take(const net::Address& who);  // what has been sent there and not been told of
    // Lets time pass, and tells what the server has sent meanwhile.
    std::string wait(std::chrono::nanoseconds span);
    // When the next packet comes, with its time: "1000ms DATA(1,512)"; "" if none does within `most`.
    std::string next(std::chrono::nanoseconds most = std::chrono::minutes(5));

    // A whole download by a client that acknowledges each window; the content, or what went wrong.
    std::string download(std::string_view name, const Options& options = {}, std::string_view mode = "octet");
    // A whole upload; "ok", or what went wrong.
    std::string upload(std::string_view name, std::string_view content, const Options& options = {},
                       std::string_view mode = "octet");

    // The payload of the last DATA packet, all packets to everybody since the start, how many bytes these were.
    std::string payload;
    std::vector<Datagram> sent;
    std::size_t sent_bytes() const;
    bool logged(std::string_view text);
    template <class... Labels>
    std::int64_t metric(Metric which, Labels... labels) {
        return base.metrics().value(which, labels...);
    }

    tftp::Policy policy();  // of what is said above
    tftp::Server& serve();  // starts it, if that has not been done
    void stop();            // as Service does
    void run();             // until it is idle

private:
    std::string describe(const Datagram& datagram);
    std::unique_ptr<tftp::Server> server_;
    std::vector<Datagram> untold_;
};

}  // namespace wherry::testing
