#include "tftp/outbox.h"

#include <algorithm>
#include <cstring>

#include "tftp/packet.h"

namespace wherry::tftp {
namespace {

constexpr std::size_t most_messages = 4096;  // that wait for a socket; more are lost, as in any network
constexpr std::size_t most_payload = 65507;  // of a datagram over IPv4; IPv6 takes 20 more
constexpr std::size_t most_pieces = 1000;    // of one message; the kernel takes 1024
constexpr std::chrono::milliseconds retry_after{1};

}  // namespace

Outbox::Outbox(net::DatagramSocket& socket)
    : socket_(socket),
      retry_(socket.watch().loop().timers(), [](void* self) { static_cast<Outbox*>(self)->flush(); }, this) {}

Outbox::~Outbox() { socket_.watch().loop().forget(*this); }

std::byte* Outbox::room_for(std::size_t bytes) {
    if (arenas_.empty() || arena_used_ + bytes > arena_size) {
        if (!arenas_.empty()) ++arena_;
        if (arena_ == arenas_.size()) arenas_.push_back(std::make_unique_for_overwrite<std::byte[]>(arena_size));
        arena_used_ = 0;
    }
    std::byte* const room = arenas_[arena_].get() + arena_used_;
    arena_used_ += bytes;
    return room;
}

// Null: too many wait already.
Outbox::Message* Outbox::new_message(const Route& route) {
    if (messages_.size() - sent_ >= most_messages) {
        ++dropped_;
        return nullptr;
    }
    socket_.watch().loop().at_end_of_turn(*this);
    Message& message = messages_.emplace_back();
    message.route = route;
    message.first_piece = static_cast<std::uint32_t>(pieces_.size());
    return &message;
}

void Outbox::add_piece(Message& message, const std::byte* bytes, std::size_t size) {
    if (size == 0) return;
    pieces_.push_back({const_cast<std::byte*>(bytes), size});
    ++message.pieces;
    message.bytes += static_cast<std::uint32_t>(size);
}

void Outbox::add(const Route& route, std::string_view packet) {
    run_open_ = false;
    Message* const message = new_message(route);
    if (message == nullptr) return;
    std::byte* const room = room_for(packet.size());
    std::memcpy(room, packet.data(), packet.size());
    add_piece(*message, room, packet.size());
}

void Outbox::begin_run(const Route& route, std::uint16_t block_size, bool as_one) {
    run_route_ = route;
    run_block_ = block_size;
    run_most_ = as_one ? socket_.most_segments(route.peer) : 1;
    run_open_ = false;
}

void Outbox::add_block(std::uint16_t number, std::span<const std::byte> first, std::span<const std::byte> second) {
    const std::size_t size = data_header + first.size() + second.size();
    Message* message = run_open_ ? &messages_.back() : nullptr;
    if (message != nullptr) {
        const bool full =
            message->count >= run_most_ || message->bytes + size > most_payload || message->pieces + 3 > most_pieces;
        if (full) message = nullptr;
    }
    if (message == nullptr) {
        message = new_message(run_route_);
        run_open_ = run_most_ > 1 && message != nullptr;
        if (message == nullptr) return;
    } else {
        message->segment = static_cast<std::uint16_t>(data_header + run_block_);
    }
    const auto head = data_head(number);
    std::byte* const room = room_for(head.size());
    std::memcpy(room, head.data(), head.size());
    add_piece(*message, room, head.size());
    add_piece(*message, first.data(), first.size());
    add_piece(*message, second.data(), second.size());
    ++message->count;
    if (size < data_header + run_block_) run_open_ = false;  // a short one is the last of its message
}

void Outbox::keep(const ChunkPtr& chunk) {
    if (kept_.empty() || kept_.back() != chunk) kept_.push_back(chunk);
}

void Outbox::flush() {
    run_open_ = false;
    if (messages_.empty()) return;
    departures_.clear();
    for (std::size_t i = sent_; i < messages_.size(); ++i) {
        const Message& message = messages_[i];
        departures_.push_back({message.route.peer, message.route.local, message.route.interface,
                               std::span(pieces_).subspan(message.first_piece, message.pieces), message.segment});
    }
    sent_ += socket_.try_send(departures_);
    if (sent_ == messages_.size()) return clear();
    retry_.set(socket_.watch().loop().now() + retry_after);
}

void Outbox::clear() {
    retry_.cancel();
    messages_.clear();
    pieces_.clear();
    kept_.clear();
    sent_ = 0;
    arena_ = 0;
    arena_used_ = 0;
    if (arenas_.size() > 4) arenas_.resize(4);
}

}  // namespace wherry::tftp
