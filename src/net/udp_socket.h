#pragma once
// UdpSocket: what udp_datagrams() gives out.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "net/datagram.h"
#include "net/link_facts.h"
#include "net/network.h"
#include "net/segmentation.h"

namespace wherry::net {

// `segments` outlives the socket.
Result<DatagramSocketPtr> open_udp(Loop& loop, const Address& local, const DatagramOptions& options,
                                   Segmentation& segments);

class UdpSocket final : public DatagramSocket {
public:
    UdpSocket(Loop& loop, Socket socket, const Address& local, const DatagramOptions& options, Segmentation& segments,
              bool waits = false)
        : socket_(std::move(socket)),
          watch_(loop, socket_.descriptor()),
          local_(local),
          ipv6_(local.is_ipv6()),
          connected_(options.peer.has_value()),
          one_address_(!local.is_unspecified()),
          waits_(waits),
          segments_(segments),
          options_(options),
          receive_size_(options.many_at_once ? big_receive : options.receive_size),
          receive_count_(std::min(batch, Loop::scratch_size / receive_size_)) {
        watch_.only_read();
    }
    ~UdpSocket() override { watch_.forget(true); }

    std::size_t try_receive(std::span<Arrival> into) override;
    std::size_t try_send(std::span<const Departure> from) override;
    bool may_be_unreachable() const noexcept override { return errors_; }
    std::optional<Address> try_unreachable() override;
    std::size_t most_segments(const Address& peer) override {
        return link_.narrow(peer, watch_.loop().now()) ? 1 : segments_.most();
    }
    std::uint32_t mtu(std::uint32_t interface) override { return link_.mtu(interface, watch_.loop().now()); }
    std::string name_of(std::uint32_t interface) override { return link_.name_of(interface, watch_.loop().now()); }
    std::optional<Mac> neighbour(const Address& peer, std::uint32_t interface) override {
        return link_.neighbour(peer, interface, watch_.loop().now());
    }
    std::size_t receive_room() const noexcept override {
        int bytes = 0;
        socklen_t size = sizeof bytes;
        getsockopt(socket_.descriptor(), SOL_SOCKET, SO_RCVBUF, &bytes, &size);
        return static_cast<std::size_t>(bytes) / 2;  // the other half is the kernel's own need
    }
    Result<DatagramSocketPtr> connected(const Address& peer, const Address& from, std::uint32_t interface) override;
    Address local() const override { return local_; }
    bool waits_for_address() const noexcept override { return waits_; }
    Watch& watch() override { return watch_; }

private:
    static constexpr std::size_t batch = 64;
    static constexpr std::size_t big_receive = 65536;  // of datagrams that come together
    struct alignas(cmsghdr) Control {
        std::array<char, 128> bytes;
    };
    struct Receiving {
        std::array<mmsghdr, batch> messages;
        std::array<iovec, batch> pieces;
        std::array<sockaddr_storage, batch> names;
        std::array<Control, batch> controls;
    };
    struct Sending {
        std::array<mmsghdr, batch> messages;
        std::array<sockaddr_storage, batch> names;
        std::array<Control, batch> controls;
    };
    void make_receiving();
    void read_control(const msghdr& message, Arrival& arrival) const;
    void write_message(const Departure& departure, std::size_t slot, std::span<const iovec> pieces,
                       std::uint16_t segment);
    std::size_t send_batch(std::span<const Departure> from);
    bool send_one_by_one(const Departure& departure);
    bool survives(int error) const;

    Socket socket_;
    Watch watch_;
    Address local_;
    bool ipv6_;
    bool connected_;    // to its only peer: where to need not be said each time
    bool one_address_;  // nor where from
    bool waits_;
    Segmentation& segments_;
    const DatagramOptions options_;
    std::size_t receive_size_;
    std::size_t receive_count_;
    std::unique_ptr<Receiving> receiving_;
    std::unique_ptr<Sending> sending_;
    bool drained_ = false;  // the last call got all that there was; the kernel tells when there is more
    bool errors_ = false;   // a call has failed for one: there may be more of them in the kernel's queue
    LinkFacts link_;
};

}  // namespace wherry::net
