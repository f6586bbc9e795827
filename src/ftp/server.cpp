#include "ftp/server.h"

#include <unordered_map>
#include <utility>

#include "ftp/session.h"
#include "net/tcp.h"

namespace wherry::ftp {
namespace {

constexpr int listen_backlog = 1024;
constexpr const char* out_of_descriptors = "421 Too many connections, try again later\r\n";

}  // namespace

struct Server::Place {
    explicit Place(net::Post& where) : post(where), scope(*where.loop) {}
    net::Post& post;
    net::Scope scope;
    std::unordered_map<std::uint64_t, Session*> sessions;
};

Server::Server(Commons& commons, net::Network& network, Settings settings, Hooks hooks)
    : commons_(commons),
      network_(network),
      hooks_(std::move(hooks)),
      table_(settings, hooks_.commands),
      ports_(settings.passive_first, settings.passive_last),
      nat_(commons.runtime.resolve()),
      settings_(std::move(settings)) {
    for (auto& post : commons_.runtime.posts()) places_.push_back(std::make_unique<Place>(*post));
}

Server::~Server() = default;

Result<net::Address> Server::listen(const net::Address& address, const Door& door, net::Families families) {
    auto socket = net::listen_tcp(address, listen_backlog, families);
    if (!socket) return std::unexpected(std::move(socket.error()));
    return listen(std::move(*socket), door);
}

Result<net::Address> Server::listen(net::Socket socket, const Door& door) {
    const Door& own = doors_.emplace_back(door);
    auto& acceptor = acceptors_.emplace_back(std::make_unique<net::Acceptor>(
        std::move(socket), commons_.runtime.posts(),
        [this, &own](net::Post& place, net::StreamPtr stream) { serve(place, std::move(stream), own); },
        door.implicit_tls ? "" : out_of_descriptors, commons_.outstanding, commons_.log, commons_.metrics));
    return acceptor->local();
}

void Server::start() {
    for (auto& acceptor : acceptors_) acceptor->start();
}

Server::Place& Server::at(const net::Post& post) {
    for (auto& place : places_) {
        if (&place->post == &post) return *place;
    }
    std::unreachable();
}

void Server::serve(net::Post& post, net::StreamPtr control, const Door& door) {
    Place& place = at(post);
    commons_.outstanding.begin();
    place.scope.start(run_session(place, std::move(control), door));
}

net::Task<void> Server::run_session(Place& place, net::StreamPtr control, const Door& door) {
    const std::uint64_t serial = next_serial_.fetch_add(1, std::memory_order_relaxed);
    {
        Session session(*this, place.post, serial, std::move(control), door);
        place.sessions.emplace(serial, &session);
        co_await session.run();
        place.sessions.erase(serial);
    }
    place.post.connections.fetch_sub(1, std::memory_order_relaxed);
    commons_.outstanding.end();
}

Sessions::Kill Server::killer(net::Post& post, std::uint64_t serial) {
    return [&place = at(post), serial](Code cause) {
        place.post.loop->post([&place, serial, cause] {
            const auto found = place.sessions.find(serial);
            if (found != place.sessions.end()) found->second->end(cause, "Session ended by the operator");
        });
    };
}

template <class Function>
void Server::on_all_places(Function function) {
    for (auto& place : places_) {
        place->post.loop->post([&place = *place, function] {
            // A session that ends at once leaves the map while we walk it.
            std::vector<Session*> all;
            for (auto& [serial, session] : place.sessions) all.push_back(session);
            for (Session* session : all) function(*session);
        });
    }
}

void Server::drain() {
    draining_.store(true, std::memory_order_release);
    for (auto& acceptor : acceptors_) acceptor->stop();
    on_all_places([](Session& session) { session.drain(); });
}

void Server::stop() {
    draining_.store(true, std::memory_order_release);
    for (auto& acceptor : acceptors_) acceptor->stop();
    on_all_places([](Session& session) { session.end(Code::killed, "Service shutting down"); });
}

}  // namespace wherry::ftp
