// The ports of an engine: those that it reads from, and those that transfers get.
#include <algorithm>
#include <utility>

#include "tftp/engine.h"
#include "tftp/options.h"
#include "tftp/server.h"

namespace wherry::tftp {
namespace {

constexpr int calls_a_turn = 8;
constexpr int unreachables_a_call = 16;
constexpr std::size_t write_pool_ports = 2;
constexpr int tid_tries = 1000;
constexpr std::size_t most_connected = 16;
constexpr std::chrono::minutes say_again{1};
constexpr std::size_t block_receive = 65536;  // the longest block, with its head

}  // namespace

// --- reading

TidPtr Engine::lease(Tid& tid) {
    return TidPtr(&tid, [](Tid* over) {
        over->closing = true;
        over->socket->watch().signal(true, false);
    });
}

net::Task<void> Engine::receive(std::unique_ptr<Tid> tid) {
    co_await loop_.yield();  // it may be opened while the batch of another one is gone through, in the same room
    int calls = calls_a_turn;
    while (!tid->closing) {
        const std::size_t count = tid->socket->try_receive(arrivals_);
        receive_batch(*tid, count);
        const bool more = tid->socket->may_be_unreachable() && on_unreachable(*tid);
        if (count == 0 && !more) {
            co_await tid->socket->watch().readable();
            calls = calls_a_turn;
        } else if (--calls == 0) {
            co_await loop_.yield();
            calls = calls_a_turn;
        }
    }
    tid->outbox.flush();
    if (tid->base) --connected_;
}

// True: there may be more of them.
bool Engine::on_unreachable(const Tid& tid) {
    for (int i = 0; i < unreachables_a_call; ++i) {
        const auto peer = tid.socket->try_unreachable();
        if (!peer) return false;
        const auto found = std::ranges::find_if(flows_, [&](const FlowPtr& flow) {
            return flow->route.peer == *peer && flow->state == Flow::State::running && flow->tid.get() == &tid;
        });
        if (found == flows_.end()) continue;
        const FlowPtr flow = held(*found);
        flow->exchange->on_unreachable(loop_.now());
    }
    return true;
}

// --- ports for requests

net::DatagramOptions Engine::listener_options(bool shared) const {
    const Settings& settings = server_.at_start();
    // Where uploads come to this port as well, so do blocks of any size.
    const bool blocks = settings.tid_mode == TidMode::single && most_received_block() == most_blksize;
    return {.receive_size = blocks ? block_receive : net::DatagramOptions().receive_size,
            .reuse_port = shared,
            .may_wait = true,
            .receive_buffer = static_cast<int>(settings.receive_buffer),
            .ttl = settings.ttl,
            .dscp = settings.dscp};
}

Result<net::Address> Engine::listen(const net::Address& address, bool shared, net::Families families) {
    auto options = listener_options(shared);
    options.families = families;
    return keep(server_.datagrams().open(loop_, address, options));
}

Result<net::Address> Engine::listen(net::Socket bound) {
    return keep(server_.datagrams().adopt(loop_, std::move(bound), listener_options(false)));
}

Result<net::Address> Engine::keep(Result<net::DatagramSocketPtr> socket) {
    if (!socket) return std::unexpected(std::move(socket.error()));
    Listener& listener = listeners_.emplace_back();
    listener.address = (*socket)->local();
    listener.waiting = std::make_unique<Tid>(std::move(*socket), listeners_.size() - 1);
    listener.waiting->takes_requests = true;
    return listener.address;
}

bool Engine::waits_for(const net::Address& bound) const {
    return std::ranges::any_of(listeners_, [&](const Listener& listener) {
        return listener.address == bound && listener.waiting && listener.waiting->socket->waits_for_address();
    });
}

// --- ports for transfers

bool Engine::take_tid(const FlowPtr& flow, bool write) {
    const bool unique = server_.at_start().tid_mode == TidMode::unique;
    if (!flow->tid) {
        flow->tid = unique ? open_tid(listeners_[flow->listener], flow->route.local, write, flow.get())
                           : from_pool(*flow, write);
    }
    if (flow->tid) {
        if (unique) flow->tid->only = flow;
        return true;
    }
    drop(TftpDrop::limit);
    if (loop_.now() - said_no_port_left_ >= say_again) {
        said_no_port_left_ = loop_.now();
        server_.commons().log.warning("tftp: there is no port left for a transfer; widen tftp.tid_ports");
    }
    forget(*flow);
    return false;
}

// With tid_mode unique only for refusals: a port of its own for each would take those of transfers.
TidPtr Engine::from_pool(const Flow& flow, bool write) {
    Listener& listener = listeners_[flow.listener];
    Pool& pool = write ? listener.write : listener.read;
    const PolicyPtr policy = server_.policy();
    const bool refusals = server_.at_start().tid_mode == TidMode::unique;
    const std::size_t most = refusals ? 1 : write ? write_pool_ports : policy->settings.pool_ports;
    if (!pool.tids.empty() && loop_.now() - pool.made >= policy->settings.pool_rotate) pool.tids.clear();
    if (pool.tids.empty()) pool.made = loop_.now();
    if (pool.tids.size() < most) {
        if (auto tid = open_tid(listener, listener.address, write)) pool.tids.push_back(std::move(tid));
    }
    if (pool.tids.empty()) return nullptr;
    const std::size_t i = random() % pool.tids.size();
    const bool other = pool.tids[i]->socket->local().port() == flow.not_port;
    return pool.tids[other ? (i + 1) % pool.tids.size() : i];
}

// For a transfer that has its port to itself, the kernel finds the way and both addresses once, and not for each
// packet.
void Engine::connect(Flow& flow) {
    if (server_.at_start().tid_mode != TidMode::pool || flow.tid->base || connected_ >= most_connected) return;
    auto socket = flow.tid->socket->connected(flow.route.peer, flow.route.local, flow.route.interface);
    if (!socket) return;  // it goes on as before
    auto tid = std::make_unique<Tid>(std::move(*socket), flow.listener);
    flow.tid->last = nullptr;
    tid->last = &flow;
    tid->base = flow.tid;
    flow.tid = lease(*tid);
    ++connected_;
    scope_.start(receive(std::move(tid)));
}

// `only`: the transfer that it is for; null: any.
TidPtr Engine::open_tid(const Listener& listener, const net::Address& local, bool write, const Flow* only) {
    const Settings& start_with = server_.at_start();
    net::DatagramOptions options{.receive_size = 600,
                                 .many_at_once = write,
                                 .says_interface = false,
                                 .receive_buffer = static_cast<int>(start_with.receive_buffer),
                                 .ttl = start_with.ttl,
                                 .dscp = start_with.dscp};
    if (only != nullptr) {
        options.interface = only->route.interface;
        if (only->settings().check_port) options.peer = only->route.peer;
    }
    const PolicyPtr policy = server_.policy();
    const Settings& settings = policy->settings;
    const std::uint32_t ports = settings.tid_first == 0 ? 1U : settings.tid_last - settings.tid_first + 1U;
    const std::uint32_t start = random() % ports;
    for (std::uint32_t i = 0; i < ports && i < tid_tries; ++i) {
        const auto port =
            static_cast<std::uint16_t>(settings.tid_first == 0 ? 0 : settings.tid_first + (start + i) % ports);
        auto socket = server_.datagrams().open(loop_, local.with_port(port), options);
        if (!socket) continue;
        const auto number = static_cast<std::size_t>(&listener - listeners_.data());
        auto tid = std::make_unique<Tid>(std::move(*socket), number);
        TidPtr leased = lease(*tid);
        scope_.start(receive(std::move(tid)));
        return leased;
    }
    return nullptr;
}

// --- what is known about the way to a client

std::uint32_t Engine::mtu_of(const Flow& flow) {
    const std::uint32_t most = flow.settings().mtu;
    const std::uint32_t of_interface = listeners_[flow.listener].tid->socket->mtu(flow.route.interface);
    if (most == 0 || of_interface == 0) return std::max(most, of_interface);
    return std::min(most, of_interface);
}

std::uint16_t Engine::most_received_block() const noexcept {
    const Settings& settings = server_.at_start();
    const bool uploads = settings.write.mode != WriteMode::off ||
                         std::ranges::any_of(settings.rules, [](const Rule& rule) { return rule.write.has_value(); });
    const bool any = settings.tid_mode != TidMode::single || uploads;
    return any ? most_blksize : static_cast<std::uint16_t>(net::DatagramOptions().receive_size - data_header);
}

std::optional<net::Mac> Engine::mac_of(const Flow& flow) {
    const TidPtr& tid = listeners_[flow.listener].tid;
    return tid ? tid->socket->neighbour(flow.route.peer, flow.route.interface) : std::nullopt;  // null: at the end
}

std::string Engine::interface_of(const Flow& flow) {
    const TidPtr& tid = listeners_[flow.listener].tid;
    return tid ? tid->socket->name_of(flow.route.interface) : std::string();
}

}  // namespace wherry::tftp
