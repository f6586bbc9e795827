#pragma once
// What is behind the public Server: the set-up, and the service while it runs.
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/static_users.h"
#include "service/service.h"
#include "wherry/server.h"

namespace wherry {

struct Server::State {
    State();

    // Applies `change` to the set-up.
    template <class Change>
    void set(Change change) {
        const std::lock_guard lock(mutex);
        change(config);
    }
    // The same, at once for a service that runs: `apply` is called with it.
    template <class Change, class Apply>
    void set_live(Change change, Apply apply) {
        const std::lock_guard lock(mutex);
        change(config);
        if (service) apply(*service, config);
    }
    // One more place in one of the lists of the configuration, read as there; `what`: which function was given it.
    void add_place(ListenPlaces& (*list)(Config&), std::string_view text, std::string_view what) {
        if (const auto place = ListenPlace::parse(text)) {
            set([&](Config& all) { list(all).push_back(*place); });
        } else {
            mistake({Code::invalid, 0, std::string(what) + ": " + place.error().message});
        }
    }
    // Remembers a mistake of the set-up for start(), unless the server serves already; returns it.
    Result<void> mistake(Error error);
    // To the log of a service that runs: what is allowed and yet unwise about the program's users.
    void warn(Service& serving) const;
    std::shared_ptr<Service> running() const {
        const std::lock_guard lock(mutex);
        return service;
    }

    std::shared_ptr<Service> attached_service() const {
        const std::lock_guard lock(mutex);
        return attached ? service : nullptr;
    }

    mutable std::mutex mutex;  // of all below; not held while anything waits
    Config config;
    ServiceParts parts;
    struct NamedKey {
        SharedKey key;
        std::string user;
    };
    std::vector<NamedKey> i2ftp_keys;  // of `users`, who are looked up when the server starts
    const std::shared_ptr<StaticUsers> users = std::make_shared<StaticUsers>();
    std::vector<std::string> mistakes;
    std::shared_ptr<Service> service;
    std::mutex starting;  // one start() at a time
    bool attached = false;

    Result<void> start(bool attach);
    // Those keys with their users; Code::not_found for a user who is not there. With the mutex held.
    Result<void> add_keys(ServiceParts& brought) const;
};

}  // namespace wherry
