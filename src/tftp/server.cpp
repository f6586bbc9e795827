#include "tftp/server.h"

#include <utility>

#include "tftp/engine.h"

namespace wherry::tftp {

struct Server::Place {
    Place(Server& server, net::Loop& on) : loop(on), engine(server, on) {}
    net::Loop& loop;
    Engine engine;
};

Server::Server(Commons& commons, net::Datagrams& datagrams, Settings settings, std::vector<Tree> trees)
    : commons_(commons),
      datagrams_(datagrams),
      settings_(std::move(settings)),
      trees_(std::move(trees)),
      admission_(settings_.limits),
      cache_({settings_.cache_size, settings_.cache_chunk}) {
    for (const Tree& tree : trees_) {
        if (!tree.folder.empty()) settings_.names.strip_prefix.push_back(tree.folder);
    }
    for (auto& post : commons_.runtime.posts()) places_.push_back(std::make_unique<Place>(*this, *post->loop));
}

Server::~Server() = default;

Result<net::Address> Server::listen(const net::Address& address) {
    const bool shared = places_.size() > 1;
    net::Address bound = address;
    for (const auto& place : places_) {
        auto has = place->engine.listen(bound, shared);
        if (!has) return has;
        bound = *has;  // the port that the system chose, if it was to choose
    }
    listening_ = true;
    return bound;
}

void Server::start() {
    if (!listening_) return;
    for (const auto& place : places_) {
        commons_.outstanding.begin();
        place->loop.post([&place = *place] { place.engine.start(); });
    }
}

void Server::drain() {
    if (!listening_) return;
    for (const auto& place : places_) place->loop.post([&place = *place] { place.engine.drain(); });
}

void Server::stop() {
    if (!listening_) return;
    for (const auto& place : places_) place->loop.post([&place = *place] { place.engine.stop(); });
}

void Server::set_map(std::shared_ptr<const Remap> map) {
    const std::lock_guard lock(map_mutex_);
    map_.swap(map);
}

std::shared_ptr<const Remap> Server::map() const {
    const std::lock_guard lock(map_mutex_);
    return map_;
}

Timing Server::timing(std::uint32_t seed) const {
    Timing timing = settings_.timing;
    timing.seed = settings_.seed != 0 ? 0 : seed | 1U;
    return timing;
}

}  // namespace wherry::tftp
