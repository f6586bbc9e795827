#pragma once
// Engine: the TFTP service of one loop: its sockets, its transfers, and which packet belongs to which.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "access/commons.h"
#include "net/datagram.h"
#include "net/scope.h"
#include "observe/metric_labels.h"
#include "tftp/flow.h"
#include "tftp/packet.h"
#include "wherry/tftp.h"

namespace wherry::tftp {

class ProgressTick;
class Server;
struct EndReport;

// Belongs to one loop; made and gone outside of it, before it runs and after it has ended.
class Engine final : net::EndOfTurn {
public:
    Engine(Server& server, net::Loop& loop);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Before start: a socket that takes requests. The address it has.
    Result<net::Address> listen(const net::Address& address, bool shared, net::Families families);
    Result<net::Address> listen(net::Socket bound);
    // Whether it listens there, and the machine did not have that address by then.
    bool waits_for(const net::Address& bound) const;

    // --- on the loop
    void start();
    void drain();  // no new requests; ends when the last transfer has
    void stop();   // transfers are told and end now
    // What runs, each under its serial; in no order.
    std::vector<TftpTransfer> transfers() const;
    bool end_transfer(std::uint64_t serial);  // false: no such transfer

    // --- for flows and exchanges
    Server& server() noexcept { return server_; }
    net::Loop& loop() noexcept { return loop_; }
    net::Scope& scope() noexcept { return scope_; }
    std::uint32_t random() noexcept { return static_cast<std::uint32_t>(dice_()); }
    std::uint32_t next_serial() noexcept { return ++serials_; }
    std::uint32_t mtu_of(const Flow& flow);
    std::optional<net::Mac> mac_of(const Flow& flow);  // of its client
    std::string interface_of(const Flow& flow);        // that it came by
    // The largest block that uploads may have: with a single port, what there is room for since the start.
    std::uint16_t most_received_block() const noexcept;
    // Gives a transfer its port; false: there is none left, and the flow is forgotten.
    bool take_tid(const FlowPtr& flow, bool write);
    // The answer to the request is this ERROR; repeats of it are answered for a while.
    void refuse(const FlowPtr& flow, const Refusal& refusal);
    // The flow is over; nothing is sent any more.
    void forget(Flow& flow);
    // The transfer has ended; what still comes for it is no stranger's.
    void bury(Flow& flow);
    // The flow only answers repeats any more.
    void settle() { check_end(); }
    bool unverified_reply(const Flow& flow);
    // A line of the log about a packet, if its client is one of whom there are such lines.
    void trace_in(const net::Address& peer, Bytes packet) {
        if (server_traces()) trace(peer, "in", packet);
    }
    void trace_out(const net::Address& peer, Bytes packet) {
        if (server_traces()) trace(peer, "out", packet);
    }
    void count_error(ErrorCode code);  // that was sent
    void count_request(const Flow& flow, TftpOutcome outcome);
    // To whoever observes.
    void tell_started(const Flow& flow);
    void tell_finished(const Flow& flow, const EndReport& report);
    // The flow as long as it is in the table, else null.
    FlowPtr find(const Flow& flow) const;
    std::size_t flows() const noexcept { return flows_.size(); }

private:
    struct Key {
        net::Address peer;
        net::Address local;
        std::size_t listener = 0;
        friend bool operator==(const Key&, const Key&) = default;
    };
    // Flows are found by their Key, which is not stored a second time.
    struct Hash {
        using is_transparent = void;
        std::uint64_t seed;
        std::size_t operator()(const Key& key) const noexcept;
        std::size_t operator()(const FlowPtr& flow) const noexcept { return (*this)(key_of(*flow)); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const FlowPtr& a, const FlowPtr& b) const noexcept { return key_of(*a) == key_of(*b); }
        bool operator()(const Key& key, const FlowPtr& flow) const noexcept { return key == key_of(*flow); }
        bool operator()(const FlowPtr& flow, const Key& key) const noexcept { return key == key_of(*flow); }
    };
    struct Pool {
        std::vector<TidPtr> tids;
        Time made{};
    };
    struct Listener {
        net::Address address;
        std::unique_ptr<Tid> waiting;  // until start()
        TidPtr tid;
        Pool read;
        Pool write;
    };

    struct LastRequest {
        std::weak_ptr<const std::byte[]> bytes;
        std::size_t size = 0;
    };

    void end_of_turn() override;
    void let_go(FlowPtr flow);
    net::DatagramOptions listener_options(bool shared) const;
    Result<net::Address> keep(Result<net::DatagramSocketPtr> socket);
    net::Task<void> run();
    net::Task<void> receive(std::unique_ptr<Tid> tid);
    void receive_batch(Tid& tid, std::size_t count);
    void on_datagram(Tid& tid, const net::Arrival& arrival, Bytes packet);
    void on_request(Tid& tid, const net::Arrival& arrival, Op op, Bytes packet);
    std::shared_ptr<const std::byte[]> kept(Bytes packet);
    // A copy, for those who use a flow that may leave the table meanwhile.
    static FlowPtr held(const FlowPtr& flow) { return flow; }
    bool on_repeated_request(const FlowPtr& flow, Bytes packet);
    bool on_own_opcode(const Tid& tid, const net::Arrival& arrival, std::uint16_t opcode, Bytes packet);
    net::Task<void> answer_own_opcode(TidPtr tid, Route route, TftpPacket packet, const TftpOpcodeHandler& handler,
                                      Admission::Seat seat);
    void on_transfer_packet(Tid& tid, const net::Arrival& arrival, Op op, Bytes packet);
    bool server_traces() const noexcept;
    void trace(const net::Address& peer, std::string_view way, Bytes packet);
    void drop(TftpDrop why);  // counts a packet
    std::optional<TftpDrop> unfit(const net::Arrival& arrival, Bytes packet) const;
    bool sane_source(const net::Arrival& arrival) const;
    TidPtr open_tid(const Listener& listener, const net::Address& local, bool write, const Flow* only = nullptr);
    TidPtr from_pool(const Flow& flow, bool write);
    void connect(Flow& flow);
    Flow* flow_of(Tid& tid, const net::Arrival& arrival);
    FlowPtr at_any_port(const Tid& tid, const net::Arrival& arrival) const;
    static TidPtr lease(Tid& tid);
    bool on_unreachable(const Tid& tid);
    void check_end();
    static Key key_of(const Flow& flow) noexcept {
        return {flow.route.peer, flow.route.local.with_port(0), flow.listener};
    }

    Server& server_;
    net::Loop& loop_;
    net::Scope scope_;
    net::Scope life_;
    std::mt19937_64 dice_;
    std::vector<Listener> listeners_;
    std::unordered_set<FlowPtr, Hash, Equal> flows_;
    std::vector<FlowPtr> leaving_;
    std::vector<FlowPtr> left_;                  // in this turn
    std::array<LastRequest, 64> last_requests_;  // by their hash
    std::vector<net::Arrival> arrivals_;
    std::unique_ptr<ProgressTick> progress_;  // null: nobody observes, or there was nothing yet
    net::Watch ended_;                        // signalled when it is time to end
    std::uint32_t serials_ = 0;
    Time said_no_port_left_{};
    std::size_t connected_ = 0;  // sockets of one transfer each, at ports of the pool
    bool draining_ = false;
    bool started_ = false;
};

}  // namespace wherry::tftp
