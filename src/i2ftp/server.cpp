#include "i2ftp/server.h"

#include <unistd.h>

#include <set>
#include <unordered_map>
#include <utility>

#include "i2ftp/session.h"
#include "net/scope.h"
#include "net/tcp.h"

namespace wherry::i2ftp {
namespace {

constexpr int listen_backlog = 1024;
constexpr std::chrono::seconds sweep_every{1};

std::vector<SharedKey> keys_of(const std::vector<Identity>& identities) {
    std::vector<SharedKey> keys;
    for (const Identity& one : identities) keys.push_back(one.key);
    return keys;
}

}  // namespace

Ring::Ring(const std::vector<Identity>& identities) : keys(keys_of(identities)) {
    for (const Identity& one : identities) users.push_back(one.user);
}

struct Server::Place {
    explicit Place(net::Post& where) : post(where), scope(*where.loop) {}
    net::Post& post;
    net::Scope scope;
    std::unordered_map<std::uint64_t, Session*> sessions;
};

Server::Server(Commons& commons, Settings settings, Surroundings surroundings)
    : commons_(commons),
      settings_(settings),
      surroundings_(std::move(surroundings)),
      ring_(std::make_shared<const Ring>(std::vector<Identity>())),
      handles_(settings_, surroundings_.random) {
    if (surroundings_.process == 0) surroundings_.process = static_cast<std::uint32_t>(getpid());
    for (auto& post : commons_.runtime.posts()) places_.push_back(std::make_unique<Place>(*post));
    sweeper_ = std::make_unique<net::Timer>(
        commons_.runtime.first().loop->timers(), [](void* self) { static_cast<Server*>(self)->sweep(); }, this);
}

Server::~Server() = default;

Result<void> Server::set_identities(const std::vector<Identity>& identities) {
    std::set<std::string_view> seen;
    for (const Identity& one : identities) {
        const std::string& name = one.user->name;
        if (one.key.empty()) return fail(Code::invalid, "the I2FTP key of " + name + " is empty");
        if (one.key.is_public() && !settings_.public_key) {
            return fail(Code::denied, "the I2FTP key of " + name +
                                          " is the one in the sources of i2ftps, which everybody has; make one of "
                                          "your own");
        }
        if (!seen.insert(one.key.bytes()).second) {
            return fail(Code::exists, "the I2FTP key of " + name + " is another user's too; each needs one of its own");
        }
    }
    auto ring = std::make_shared<const Ring>(identities);
    const std::lock_guard lock(ring_mutex_);
    ring_ = std::move(ring);
    return {};
}

std::shared_ptr<const Ring> Server::ring() const {
    const std::lock_guard lock(ring_mutex_);
    return ring_;
}

// --- life ----------------------------------------------------------------------------------------

Result<void> Server::prepare() {
    if (!settings_.secured || surroundings_.rsa) return {};
    auto key = RsaKey::generate(settings_.rsa_bits);
    if (!key) return std::unexpected(std::move(key.error()));
    surroundings_.rsa = std::move(*key);
    return {};
}

Result<net::Address> Server::listen(const net::Address& address, Door door, net::Families families) {
    auto socket = net::listen_tcp(address, listen_backlog, families);
    if (!socket) return std::unexpected(std::move(socket.error()));
    return listen(std::move(*socket), door);
}

Result<net::Address> Server::listen(net::Socket socket, Door door) {
    auto& acceptor = acceptors_.emplace_back(std::make_unique<net::Acceptor>(
        std::move(socket), commons_.runtime.posts(),
        [this, door](net::Post& place, net::StreamPtr stream) { serve(place, std::move(stream), door); }, std::string(),
        commons_.outstanding, commons_.log, commons_.metrics));
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

void Server::serve(net::Post& post, net::StreamPtr stream, Door door) {
    Place& place = at(post);
    commons_.outstanding.begin();
    live_.fetch_add(1);
    place.scope.start(run_session(place, std::move(stream), door));
}

net::Task<void> Server::run_session(Place& place, net::StreamPtr stream, Door door) {
    const std::uint64_t serial = next_serial_.fetch_add(1, std::memory_order_relaxed);
    {
        Session session(*this, place.post, serial, std::move(stream), door);
        place.sessions.emplace(serial, &session);
        co_await session.run();
        place.sessions.erase(serial);
    }
    place.post.connections.fetch_sub(1, std::memory_order_relaxed);
    live_.fetch_sub(1);
    end_if_last();
    commons_.outstanding.end();
}

Sessions::Kill Server::killer(net::Post& post, std::uint64_t serial) {
    return [&place = at(post), serial](Code cause) {
        place.post.loop->post([&place, serial, cause] {
            const auto found = place.sessions.find(serial);
            if (found != place.sessions.end()) found->second->end(cause);
        });
    };
}

template <class Function>
void Server::on_all_places(Function function) {
    for (auto& place : places_) {
        place->post.loop->post([&place = *place, function] {
            std::vector<Session*> all;  // one that ends at once leaves the map while we walk it
            for (auto& [serial, session] : place.sessions) all.push_back(session);
            for (Session* session : all) function(*session);
        });
    }
}

void Server::drain() {
    close_down();
    on_all_places([](Session& session) { session.drain(); });
}

void Server::stop() {
    close_down();
    on_all_places([](Session& session) { session.end(Code::killed); });
}

void Server::close_down() {
    if (!draining_.exchange(true)) commons_.outstanding.begin();  // until the open files have been ended
    for (auto& acceptor : acceptors_) acceptor->stop();
    end_if_last();
}

// Open files outlive connections, but not the last one of a server that takes no more.
void Server::end_if_last() {
    if (!draining() || live_.load() != 0 || ending_handles_.exchange(true)) return;
    Place& first = *places_.front();
    first.post.loop->post([this, &first] {
        sweeper_->cancel();
        first.scope.start(end_handles(*first.post.loop, handles_.take_all(), Code::killed));
    });
}

// --- open files ----------------------------------------------------------------------------------

void Server::watch_handles() {
    if (sweeping_.exchange(true)) return;
    commons_.runtime.first().loop->post([this] { sweep(); });
}

void Server::sweep() {
    net::Loop& loop = *commons_.runtime.first().loop;
    if (ending_handles_.load()) return;
    auto over = handles_.expired(loop.now());
    if (!over.empty()) {
        commons_.outstanding.begin();
        places_.front()->scope.start(end_handles(loop, std::move(over), Code::timeout));
    }
    sweeping_.store(false);
    // Whoever adds one from here on sees that nobody sweeps, and calls again.
    if (!handles_.empty() && !sweeping_.exchange(true)) sweeper_->set(loop.now() + sweep_every);
}

net::Task<void> Server::end_handles(net::Loop& loop, std::vector<HandlePtr> handles, Code cause) {
    for (const HandlePtr& handle : handles) {
        [[maybe_unused]] const auto ended = co_await handle->transfer->finish_on(loop, Outcome::network(cause));
    }
    handles.clear();
    commons_.outstanding.end();
}

void Server::start_digest(net::Post& post, HandlePtr handle, Digest::Kind kind) {
    handle->sum.store(Handle::Sum::running);
    commons_.outstanding.begin();
    at(post).scope.start(run_digest(*post.loop, std::move(handle), kind));
}

net::Task<void> Server::run_digest(net::Loop& loop, HandlePtr handle, Digest::Kind kind) {
    constexpr std::uint64_t slice = 8 * 1024 * 1024;  // before others get their turn on the lane
    Digest digest(kind);
    std::uint64_t at = 0;
    std::optional<Stat> before;
    bool end = false;
    bool failed = false;
    while (!end && !failed && !handle->closed.load()) {
        co_await commons_.runtime.hash().run(loop, [&](net::Lane::Worker& worker) {
            if (at == 0) {
                const auto stat = handle->transfer->stat_now();
                if (stat) before = *stat;
                const bool reusable = stat && kind == Digest::Kind::md5 && handle->kind == Handle::Kind::download;
                if (const auto known = reusable ? digests_.find(*stat) : std::nullopt) {
                    handle->digest = *known;
                    end = true;
                    return;
                }
            }
            for (const std::uint64_t stop = at + slice; at < stop && !end && !failed;) {
                const auto got = handle->transfer->read_now(at, worker.scratch(), false);
                failed = !got;
                if (failed) return;
                digest.update(view(std::span<const std::byte>(worker.scratch()).first(*got)));
                at += *got;
                end = *got == 0;
            }
            if (!end) return;
            handle->digest = digest.finish();
            const auto after = handle->transfer->stat_now();
            const bool same = before && after && before->size == after->size && before->modified == after->modified &&
                              before->modified_nsec == after->modified_nsec;
            if (same && kind == Digest::Kind::md5) {
                digests_.add(*after, commons_.runtime.clock().wall_seconds(), handle->digest);
            }
        });
    }
    handle->sum.store(failed || !end ? Handle::Sum::failed : Handle::Sum::known);
    handle.reset();
    commons_.outstanding.end();
}

}  // namespace wherry::i2ftp
