#pragma once
// Policy: the settings and folders that hold for a request. Immutable once it is shared: a reload makes a new one, and
// transfers keep the one they began with.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/neighbours.h"
#include "tftp/patterns.h"
#include "tftp/remap.h"
#include "tftp/settings.h"
#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry::tftp {

// One of the folders that are served; downloads look through all of them, uploads go to the first.
struct Tree {
    UserPtr user;           // whose files and permissions
    std::string folder;     // its path on this machine; empty: unknown
    bool full_path = true;  // clients may put that in front

    // By which that file of it is known among all, also if several folders have it, and after a reload.
    std::string id_of(const Path& path) const;
};

// Another source of hardware addresses beside the kernel. Blocks: for a worker. An error is one to be logged.
using OtherMacs = std::function<Result<std::optional<net::Mac>>(const net::Address& peer, std::int64_t now)>;

struct Policy {
    Settings settings;
    std::vector<Tree> trees;
    std::vector<Tree> rule_trees;      // of settings.rules, one for each; without a user where the rule names no root
    std::shared_ptr<const Remap> map;  // rules for names; null: none
    std::shared_ptr<const Patterns> patterns;  // other names for files that are not there; null: none
    OtherMacs other_macs;                      // asked for clients that the kernel does not know; null: nobody is
};
using PolicyPtr = std::shared_ptr<const Policy>;

// Who asks for what. Only what some rule wants to know is found out (see needs_mac()).
struct Asker {
    net::Address peer;
    net::Address local;  // that the request was sent to
    std::optional<net::Mac> mac;
    std::string interface;
    bool write = false;
    std::string name;  // the path without its first slash
};

bool needs_mac(const Policy& policy) noexcept;

// `base` as it is for that request: itself if no rule is about it. Pure.
PolicyPtr policy_for(const PolicyPtr& base, const Asker& asker);

}  // namespace wherry::tftp
