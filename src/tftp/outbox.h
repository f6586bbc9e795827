#pragma once
// Outbox: what one socket has to send in a turn of the loop. Packets of many transfers leave together, in one call of
// the kernel; blocks of a window leave as one packet that the kernel cuts, where it can.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "net/datagram.h"
#include "net/timers.h"
#include "tftp/chunk_cache.h"

namespace wherry::tftp {

// Whom to send to and from which address.
struct Route {
    net::Address peer;
    net::Address local;
    std::uint32_t interface = 0;
};

// Belongs to one loop.
class Outbox final : net::EndOfTurn {
public:
    explicit Outbox(net::DatagramSocket& socket);
    ~Outbox();
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    static constexpr std::size_t most_packet = 16384;
    // A packet of at most most_packet bytes, which are copied.
    void add(const Route& route, std::string_view packet);

    // DATA packets to one peer, in order. `block_size`: of each but the last; `as_one`: they may leave as one packet.
    // The bytes of blocks must stay until they have gone: keep() holds what they are in.
    void begin_run(const Route& route, std::uint16_t block_size, bool as_one);
    void add_block(std::uint16_t number, std::span<const std::byte> first, std::span<const std::byte> second);
    void keep(const ChunkPtr& chunk);

    // Sends what is there; what the socket has no room for stays.
    void flush();
    std::uint64_t dropped() const noexcept { return dropped_; }

private:
    struct Message {
        Route route;
        std::uint32_t first_piece = 0;
        std::uint32_t pieces = 0;
        std::uint32_t bytes = 0;
        std::uint16_t segment = 0;  // 0: a single datagram
        std::uint16_t count = 0;    // datagrams
    };
    static constexpr std::size_t arena_size = most_packet;
    void end_of_turn() override { flush(); }
    std::byte* room_for(std::size_t bytes);
    Message* new_message(const Route& route);
    void add_piece(Message& message, const std::byte* bytes, std::size_t size);
    void clear();

    net::DatagramSocket& socket_;
    net::Timer retry_;
    std::vector<Message> messages_;
    std::vector<iovec> pieces_;
    std::vector<net::Departure> departures_;
    std::vector<std::unique_ptr<std::byte[]>> arenas_;
    std::size_t arena_ = 0;  // the one being filled
    std::size_t arena_used_ = 0;
    std::vector<ChunkPtr> kept_;
    std::size_t sent_ = 0;  // messages that have gone
    std::uint64_t dropped_ = 0;
    // Of the run being added:
    Route run_route_;
    std::uint16_t run_block_ = 0;
    std::size_t run_most_ = 1;  // that may leave as one
    bool run_open_ = false;     // the last message takes more blocks
};

}  // namespace wherry::tftp
