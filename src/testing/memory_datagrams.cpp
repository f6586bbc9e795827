#include "testing/memory_datagrams.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace wherry::testing {

class MemoryDatagrams::Port final : public net::DatagramSocket {
public:
    Port(MemoryDatagrams& network, net::Loop& loop, const net::Address& local, const net::DatagramOptions& options)
        : network_(network),
          watch_(loop, -1),
          local_(local),
          options_(options),
          waits_(network.missing.contains(local.ip())),
          size_(options.many_at_once ? 65536 : options.receive_size) {
        network_.sockets_.push_back(this);
    }
    ~Port() override { std::erase(network_.sockets_, this); }

    std::size_t try_receive(std::span<net::Arrival> into) override {
        held_.clear();
        const std::size_t count = std::min(into.size(), waiting_.size());
        for (std::size_t i = 0; i < count; ++i) {
            held_.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        for (std::size_t i = 0; i < count; ++i) {
            const Waiting& one = held_[i];
            into[i] = net::Arrival{.peer = one.from, .local = one.to, .interface = one.interface};
            into[i].bytes = std::as_bytes(std::span(one.bytes)).first(std::min(size_, one.bytes.size()));
            into[i].cut = one.bytes.size() > size_;
            into[i].to_many = one.to_many;
        }
        return count;
    }

    std::size_t try_send(std::span<const net::Departure> from) override {
        std::size_t gone = 0;
        for (const net::Departure& departure : from) {
            if (network_.room == 0) break;
            --network_.room;
            ++gone;
            if (departure.segment != 0) ++network_.cut_by_kernel;
            std::string bytes;
            for (const iovec& piece : departure.pieces) {
                bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
            }
            const std::size_t step =
                departure.segment != 0 ? departure.segment : std::max<std::size_t>(1, bytes.size());
            const net::Address source =
                departure.local.is_unspecified() ? local_ : departure.local.with_port(local_.port());
            for (std::size_t at = 0; at == 0 || at < bytes.size(); at += step) {
                network_.sent_.push_back({source, departure.peer, bytes.substr(at, step)});
            }
        }
        return gone;
    }

    bool may_be_unreachable() const noexcept override { return !unreachable_.empty(); }
    std::optional<net::Address> try_unreachable() override {
        if (unreachable_.empty()) return std::nullopt;
        const net::Address peer = unreachable_.front();
        unreachable_.pop_front();
        return peer;
    }

    std::size_t most_segments(const net::Address&) override { return network_.most_segments; }
    std::uint32_t mtu(std::uint32_t) override { return network_.mtu; }
    std::string name_of(std::uint32_t interface) override { return network_.interfaces[interface]; }
    std::optional<net::Mac> neighbour(const net::Address& peer, std::uint32_t) override {
        ++network_.neighbours_asked;
        const auto found = network_.neighbours.find(peer.ip());
        return found == network_.neighbours.end() ? std::nullopt : std::optional(found->second);
    }
    std::size_t receive_room() const noexcept override { return network_.receive_room; }
    // All that waits comes to the new one, as if it had come while that one was made.
    Result<net::DatagramSocketPtr> connected(const net::Address& peer, const net::Address& from,
                                             std::uint32_t) override {
        net::DatagramOptions options = options_;
        options.peer = peer;
        auto made = std::make_unique<Port>(network_, watch_.loop(), from.with_port(local_.port()), options);
        std::ranges::rotate(network_.sockets_, network_.sockets_.end() - 1);  // it is asked first
        for (Waiting& one : std::exchange(waiting_, {})) made->add(std::move(one));
        return made;
    }
    net::Address local() const override { return local_; }
    bool waits_for_address() const noexcept override { return waits_; }
    net::Watch& watch() override { return watch_; }

    struct Waiting {
        net::Address from;
        net::Address to;
        std::string bytes;
        std::uint32_t interface;
        bool to_many;
    };
    bool serves(const net::Address& from, const net::Address& to) const {
        const bool hears = !options_.peer || *options_.peer == from;
        return hears && to.port() == local_.port() && (local_.is_unspecified() || local_.same_host(to));
    }
    void add(Waiting datagram) {
        if (waiting_.size() < network_.receive_queue) waiting_.push_back(std::move(datagram));
        watch_.signal(true, false);
    }
    void add_unreachable(const net::Address& peer) {
        unreachable_.push_back(peer);
        watch_.signal(true, false);
    }

private:
    MemoryDatagrams& network_;
    net::Watch watch_;
    net::Address local_;
    net::DatagramOptions options_;
    bool waits_;
    std::size_t size_;
    std::deque<Waiting> waiting_;
    std::vector<Waiting> held_;
    std::deque<net::Address> unreachable_;
};

Result<net::DatagramSocketPtr> MemoryDatagrams::open(net::Loop& loop, const net::Address& local,
                                                     const net::DatagramOptions& options) {
    if (missing.contains(local.ip()) && !options.may_wait) {
        return fail(Code::io, "binding UDP " + local.text(), EADDRNOTAVAIL);
    }
    const net::Address bound = local.port() != 0 ? local : local.with_port(next_port_++);
    const bool taken = std::any_of(sockets_.begin(), sockets_.end(), [&](Port* one) { return one->local() == bound; });
    if (taken && !options.reuse_port) return fail(Code::busy, "binding UDP " + bound.text(), EADDRINUSE);
    return std::make_unique<Port>(*this, loop, bound, options);
}

bool MemoryDatagrams::send(const net::Address& from, const net::Address& to, std::string_view bytes,
                           std::uint32_t interface, bool to_many) {
    for (Port* port : sockets_) {
        if (!port->serves(from, to)) continue;
        port->add({from, to, std::string(bytes), interface, to_many});
        return true;
    }
    return false;
}

void MemoryDatagrams::unreachable(const net::Address& peer, const net::Address& to) {
    for (Port* port : sockets_) {
        if (port->serves(peer, to)) return port->add_unreachable(peer);
    }
}

std::vector<Datagram> MemoryDatagrams::take() { return std::exchange(sent_, {}); }

}  // namespace wherry::testing
