#include "tftp/server.h"

#include <algorithm>
#include <random>
#include <utility>

#include "access/login.h"
#include "tftp/engine.h"

namespace wherry::tftp {

struct Server::Place {
    Place(Server& server, net::Loop& on) : loop(on), engine(server, on) {}
    net::Loop& loop;
    Engine engine;
};

namespace {

// With what follows from the rest of it.
Policy completed(Commons& commons, Policy policy) {
    const auto complete = [&](Tree& tree) {
        if (tree.user) tree.user = with_names(commons, std::move(tree.user));
        if (tree.full_path && !tree.folder.empty()) policy.settings.names.strip_prefix.push_back(tree.folder);
    };
    std::ranges::for_each(policy.trees, complete);
    std::ranges::for_each(policy.rule_trees, complete);
    return policy;
}

}  // namespace

std::uint64_t seed_of(std::uint64_t wanted) {
    std::random_device system;
    return wanted != 0 ? wanted : std::uint64_t{system()} << 32U | system();
}

Server::Server(Commons& commons, net::Datagrams& datagrams, Policy policy)
    : commons_(commons),
      datagrams_(datagrams),
      policy_(completed(commons, std::move(policy))),
      at_start_(policy_.get()),
      admission_(at_start_->settings.limits, seed_of(at_start_->settings.seed)),
      cache_({at_start_->settings.cache_size, at_start_->settings.cache_chunk}),
      observers_(commons),
      name_index_(commons.runtime.clock()) {
    traces_ = !at_start_->settings.debug_client.empty();
    for (auto& post : commons_.runtime.posts()) {
        if (at_start_->settings.workers != 0 && places_.size() == at_start_->settings.workers) break;
        places_.push_back(std::make_unique<Place>(*this, *post->loop));
    }
}

Server::~Server() = default;

Result<net::Address> Server::listen(const net::Address& address, net::Families families) {
    const bool shared = places_.size() > 1;
    net::Address bound = address;
    for (const auto& place : places_) {
        auto has = place->engine.listen(bound, shared, families);
        if (!has) return has;
        bound = *has;  // the port that the system chose, if it was to choose
    }
    if (places_.front()->engine.waits_for(bound)) {
        commons_.log.warning(
            "tftp: this machine does not have the address {} yet: requests to {} are taken once it has", bound.ip(),
            bound.text());
    }
    listening_ = true;
    return bound;
}

// Who reads what of a socket that several loops share is chance: a repeated request would begin a second transfer, and
// with a single port blocks would come to loops that know nothing of them.
Result<net::Address> Server::listen(net::Socket bound) {
    listening_ = true;
    return places_[adopted_++ % places_.size()]->engine.listen(std::move(bound));
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

// An id has the loop in it, and the serial that the loop has given.
void Server::list(std::function<void(std::vector<TftpTransfer>)> told) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        places_[i]->loop.post([&engine = places_[i]->engine, i, loops = places_.size(), told] {
            auto running = engine.transfers();
            for (TftpTransfer& one : running) one.id = one.id * loops + i;
            told(std::move(running));
        });
    }
}

std::uint64_t Server::id_of(const Engine& engine, std::uint64_t serial) const {
    const auto place = std::ranges::find_if(places_, [&](const auto& one) { return &one->engine == &engine; });
    return serial * places_.size() + static_cast<std::uint64_t>(place - places_.begin());
}

void Server::end(std::uint64_t id, std::function<void(bool)> told) {
    Place& place = *places_[id % places_.size()];
    place.loop.post([&engine = place.engine, serial = id / places_.size(), told = std::move(told)] {
        told(engine.end_transfer(serial));
    });
}

void Server::set(Policy policy) {
    admission_.set(policy.settings.limits);
    traces_ = !policy.settings.debug_client.empty();
    policy_.set(completed(commons_, std::move(policy)));
}

const TftpOpcodeHandler* Server::opcode(std::uint16_t opcode) const noexcept {
    const auto found = opcodes_.find(opcode);
    return found == opcodes_.end() ? nullptr : &found->second;
}

}  // namespace wherry::tftp
