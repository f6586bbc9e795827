#include "ftp/data_channel.h"

#include <cerrno>
#include <utility>

namespace wherry::ftp {
namespace {

constexpr std::uint16_t first_unprivileged = 1024;
constexpr std::uint16_t ftp_data_port = 20;
constexpr int strangers_backlog = 4;  // one client is awaited; a stranger in the queue must not keep it out
constexpr int shared_backlog = 256;   // one client is awaited by each session that shares the port

}  // namespace

DataChannel::DataChannel(const Settings& settings, net::Network& network, net::PortPool& ports, Log& log,
                         const net::Stream& control)
    : settings_(settings), network_(network), ports_(ports), log_(log), control_(control) {}

// Each port of the range may be waited at by one session for each address of a client.
Result<net::Address> DataChannel::listen_shared() {
    for (const std::uint16_t port : ports_.shuffled()) {
        auto listener = network_.listen(control_.loop(), control_.local().with_port(port),
                                        {.backlog = shared_backlog, .reuse_address = true, .client = control_.peer()});
        if (listener) {
            listener_ = std::move(*listener);
            return listener_->local();
        }
        if (listener.error().system != EADDRINUSE && listener.error().system != EACCES) {
            return std::unexpected(std::move(listener.error()));
        }
    }
    return fail(Code::busy, "opening a passive port: this client waits at all " + std::to_string(ports_.size()) +
                                " or they are in use; widen the range");
}

std::uint16_t DataChannel::announced(std::uint16_t port) const noexcept {
    if (settings_.announced_first == 0) return port;
    return static_cast<std::uint16_t>(settings_.announced_first + (port - settings_.passive_first));
}

Result<net::Address> DataChannel::listen() {
    reset();
    if (settings_.share_passive_ports && ports_.has_range()) return listen_shared();
    const net::Address here = control_.local();
    const std::size_t tries = ports_.has_range() ? ports_.size() : 1;
    std::vector<net::PortPool::Lease> taken_by_others;  // kept until the end, so that none is tried twice
    for (std::size_t i = 0; i < tries; ++i) {
        auto lease = ports_.take();
        if (!lease) break;
        auto listener = network_.listen(control_.loop(), here.with_port(lease->port()),
                                        {.backlog = strangers_backlog, .reuse_address = true});
        if (listener) {
            lease_ = std::move(*lease);
            listener_ = std::move(*listener);
            return listener_->local();
        }
        if (listener.error().system != EADDRINUSE && listener.error().system != EACCES) {
            return std::unexpected(std::move(listener.error()));
        }
        taken_by_others.push_back(std::move(*lease));
    }
    return fail(Code::busy, "opening a passive port: all " + std::to_string(tries) + " are in use; widen the range");
}

Result<void> DataChannel::connect_to(const net::Address& remote) {
    if (!allows(remote)) {
        return fail(Code::denied, "connecting to " + remote.text() + " for a client at " + control_.peer().ip() +
                                      ": not allowed by ftp.foreign_addresses and ftp.foreign_networks (RFC 2577)");
    }
    if (remote == control_.local()) {
        return fail(Code::denied, "connecting to " + remote.text() + ": that is this server itself");
    }
    if (!settings_.privileged_ports && remote.port() < first_unprivileged) {
        return fail(Code::denied, "connecting to " + remote.text() + ": privileged ports are off (RFC 2577)");
    }
    reset();
    remote_ = remote;
    return {};
}

bool DataChannel::is_client(const net::Stream& stream) const {
    if (allows(stream.peer())) return true;
    log_.warning(
        "{}: a data connection from {} was refused: it is not the client, and ftp.foreign_addresses and "
        "ftp.foreign_networks do not allow it",
        control_.peer().ip(), stream.peer().text());
    return false;
}

bool DataChannel::allows(const net::Address& remote) const {
    if (remote.same_host(control_.peer())) return true;
    if (!settings_.foreign_addresses && !user_may_be_foreign_) return false;
    return settings_.foreign_networks.empty() || any_contains(settings_.foreign_networks, remote);
}

bool DataChannel::connected() {
    while (listener_ && !early_) {
        auto stream = listener_->try_accept(net::Watch::Class::bulk);
        if (!stream) return false;
        if (is_client(**stream)) early_ = std::move(*stream);
    }
    return early_ != nullptr;
}

net::Task<Result<net::StreamPtr>> DataChannel::open() {
    const auto deadline = control_.loop().now() + settings_.data_connect_timeout;
    Result<net::StreamPtr> stream = fail(Code::invalid, "no data connection was prepared");
    opening_ = true;
    if (aborted_ != Code::ok) {
        // Nobody waits for it any more.
    } else if (connected()) {
        stream = std::move(early_);
    } else if (listener_) {
        stream = co_await listener_->accept(net::Watch::Class::bulk, deadline);
        while (stream && !is_client(**stream)) {
            stream->reset();  // the stranger is not kept on the line while we wait
            stream = co_await listener_->accept(net::Watch::Class::bulk, deadline);
        }
    } else if (remote_) {
        const std::uint16_t from = settings_.active_from_port_20 ? ftp_data_port : 0;
        net::ConnectStop stop;
        connecting_ = &stop;
        stream = co_await network_.connect(control_.loop(), control_.local().with_port(from), *remote_, deadline, stop);
        connecting_ = nullptr;
    }
    opening_ = false;
    reset();
    if (aborted_ != Code::ok) stream = fail(aborted_, "opening the data connection");
    co_return stream;
}

void DataChannel::abort(Code cause) {
    aborted_ = cause;
    if (opening_) {
        if (listener_) listener_->abort(cause);
        if (connecting_ != nullptr) connecting_->abort(cause);
    }
    if (running_ != nullptr) running_->abort(cause);
}

void DataChannel::reset() {
    if (opening_) return;  // open() still uses it; it resets when it is done
    listener_.reset();
    lease_ = {};
    early_.reset();
    remote_.reset();
}

}  // namespace wherry::ftp
