#include "testing/memory_network.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace wherry::testing {

class MemoryStream final : public net::Stream {
public:
    MemoryStream(net::Loop& loop, ConnectionPtr connection, net::Watch::Class kind)
        : Stream(loop, -1, kind), connection_(std::move(connection)) {
        connection_->stream_ = this;
        peer_ = connection_->client;
    }
    ~MemoryStream() override {
        connection_->server_done_ = true;
        connection_->stream_ = nullptr;
    }

    net::Io try_read(std::span<std::byte> into) override {
        if (const auto failed = failure(); !failed.ok()) return failed;
        std::string& from = connection_->to_server_;
        if (from.empty()) {
            return connection_->client_done_ ? net::Io::moved(0) : net::Io::wait_for(net::Io::Needs::read);
        }
        const std::size_t count = std::min(into.size(), from.size());
        std::memcpy(into.data(), from.data(), count);
        from.erase(0, count);
        return net::Io::moved(count);
    }

    net::Io try_write(std::span<const std::byte> from) override {
        if (const auto failed = failure(); !failed.ok()) return failed;
        std::string& to = connection_->to_client_;
        const std::size_t count = std::min(room(), from.size());
        if (count == 0) return net::Io::wait_for(net::Io::Needs::write);
        to.append(reinterpret_cast<const char*>(from.data()), count);
        return net::Io::moved(count);
    }

    std::size_t room() const noexcept override {
        const std::size_t on_the_way = connection_->to_client_.size();
        return connection_->window > on_the_way ? connection_->window - on_the_way : 0;
    }

    net::Address local() const override { return connection_->server; }
    void shutdown_write() override { connection_->server_done_ = true; }
    bool has_unread() override { return !connection_->to_server_.empty(); }
    bool has_ended() const noexcept override {
        return connection_->reset_ || (connection_->client_done_ && connection_->to_server_.empty());
    }
    void wake(bool read, bool write) { watch_.signal(read, write); }

private:
    void on_abort() override { connection_->server_done_ = true; }
    net::Io failure() {
        if (cause() != Code::ok) return net::Io::failed(cause());
        if (connection_->fail_after == 0) connection_->reset_ = true;
        if (connection_->fail_after > 0) --connection_->fail_after;
        if (connection_->reset_) return net::Io::failed(Code::reset, ECONNRESET);
        return net::Io::moved(0);
    }
    ConnectionPtr connection_;
};

void Connection::send(std::string_view bytes) {
    to_server_ += bytes;
    if (stream_ != nullptr) stream_->wake(true, false);
}

void Connection::end_sending() {
    client_done_ = true;
    if (stream_ != nullptr) stream_->wake(true, false);
}

void Connection::reset() {
    reset_ = true;
    if (stream_ != nullptr) stream_->wake(true, true);
}

void Connection::refuse() { reset_ = server_done_ = true; }

std::string Connection::receive() {
    std::string taken = std::exchange(to_client_, {});
    if (stream_ != nullptr && !taken.empty()) stream_->wake(false, true);
    return taken;
}

class MemoryNetwork::PortListener final : public net::Listener {
public:
    PortListener(MemoryNetwork& network, net::Loop& loop, const net::Address& local, std::string client)
        : network_(network), watch_(loop, -1), local_(local), client_(std::move(client)) {
        network_.listeners_[{local.port(), client_}] = this;
    }
    ~PortListener() override {
        network_.listeners_.erase({local_.port(), client_});
        for (const auto& connection : waiting_) connection->refuse();
    }
    net::Address local() const override { return local_; }
    net::Watch& watch() override { return watch_; }
    Result<net::StreamPtr> try_accept(net::Watch::Class kind) override {
        if (waiting_.empty()) return fail(Code::would_block);
        auto connection = std::move(waiting_.front());
        waiting_.pop_front();
        return std::make_unique<MemoryStream>(watch_.loop(), std::move(connection), kind);
    }
    void add(ConnectionPtr connection) {
        waiting_.push_back(std::move(connection));
        watch_.signal(true, false);
    }

private:
    MemoryNetwork& network_;
    net::Watch watch_;
    net::Address local_;
    const std::string client_;  // the only one; empty: anybody
    std::deque<ConnectionPtr> waiting_;
};

Result<net::ListenerPtr> MemoryNetwork::listen(net::Loop& loop, const net::Address& local,
                                               const net::ListenOptions& options) {
    const std::uint16_t port = local.port() != 0 ? local.port() : next_port_++;
    const std::string client = options.client ? options.client->ip() : "";
    const bool taken = client.empty() ? listens_at(port) : listeners_.contains({port, ""});
    if (taken || listeners_.contains({port, client})) return fail(Code::busy, "binding " + local.text(), EADDRINUSE);
    return std::make_unique<PortListener>(*this, loop, local.with_port(port), client);
}

bool MemoryNetwork::listens_at(std::uint16_t port) const {
    const auto first = listeners_.lower_bound({port, ""});
    return first != listeners_.end() && first->first.first == port;
}

net::Task<Result<net::StreamPtr>> MemoryNetwork::connect(net::Loop& loop, const net::Address& local,
                                                         const net::Address& remote, net::TimePoint deadline,
                                                         net::ConnectStop& stop) {
    auto [connection, stream] = pair(loop, remote, local, net::Watch::Class::bulk);
    if (unreachable) {
        stop.attach(stream.get());
        stream->set_deadline(deadline);
        while (stream->cause() == Code::ok) co_await stream->wait(net::Io::Needs::read);
        stop.attach(nullptr);
        co_return fail(stream->cause(), "connecting to " + remote.text());
    }
    const auto port = client_ports_.find(remote.text());
    if (port == client_ports_.end()) co_return fail(Code::reset, "connecting to " + remote.text(), ECONNREFUSED);
    port->second = connection;
    co_return std::move(stream);
}

ConnectionPtr MemoryNetwork::connect(const net::Address& client, const net::Address& server) {
    auto listener = listeners_.find({server.port(), client.ip()});
    if (listener == listeners_.end()) listener = listeners_.find({server.port(), ""});
    if (listener == listeners_.end()) return nullptr;
    auto connection = std::make_shared<Connection>();
    connection->client = client;
    connection->server = server;
    listener->second->add(connection);
    return connection;
}

std::pair<ConnectionPtr, net::StreamPtr> MemoryNetwork::pair(net::Loop& loop, const net::Address& client,
                                                             const net::Address& server, net::Watch::Class kind) {
    auto connection = std::make_shared<Connection>();
    connection->client = client;
    connection->server = server;
    return {connection, std::make_unique<MemoryStream>(loop, connection, kind)};
}

}  // namespace wherry::testing
