#pragma once
// Commons: what all sessions of one server share. Two servers in one process have nothing in common.
#include <chrono>
#include <string>
#include <vector>

#include "access/guards.h"
#include "access/ledger.h"
#include "access/limits.h"
#include "access/sessions.h"
#include "access/throttle.h"
#include "auth/bans.h"
#include "auth/chain.h"
#include "core/live.h"
#include "net/outstanding.h"
#include "net/runtime.h"
#include "net/subnet.h"
#include "observe/event_bus.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "wherry/user.h"

namespace wherry {

// How uploads are written, where a user's settings do not say otherwise.
struct UploadPolicy {
    bool atomic = false;        // seen under their name only when they are complete
    bool keep_partial = false;  // what came of a failed atomic upload stays as NAME.partial
    bool drop_broken = false;   // what came of a failed upload that was not atomic and began at byte 0 is removed
    bool overwrite = true;
    std::uint64_t free_space_floor = 0;  // bytes that uploads must leave free on the disk; 0: none
    std::uint32_t file_mode = 0666;      // permission bits of new files, before the umask of the filesystem
    std::uint32_t directory_mode = 0777;

    // The same with what `user` says otherwise.
    UploadPolicy with(const UserUploads& user) const;
};

struct LoginPolicy {
    std::uint32_t attempts = 3;  // wrong ones before the connection is closed
    // A refusal comes this long after the password, whatever its cause; twice as long for each failure of that address
    // that is remembered, up to the longest.
    std::chrono::milliseconds failure_delay{3000};
    std::chrono::milliseconds longest_failure_delay{30000};
    std::vector<net::Subnet> never_ban;  // addresses whose failures lead to no ban and no longer delay
};

struct Commons {
    net::Runtime& runtime;
    Log& log;
    Metrics& metrics;
    EventBus& events;
    Guards& guards;
    Limits& limits;
    Rates& rates;
    Ledger& ledger;
    Bans& bans;
    Sessions& sessions;
    Chain& authenticators;
    Live<UserPtr> anonymous;  // null: no anonymous login
    Live<UploadPolicy> uploads;
    Live<LoginPolicy> logins;
    Live<NameRules> names;  // of users who have none of their own
    bool use_sendfile = true;
    net::Outstanding outstanding{};  // sessions and acceptors that have not ended
};

}  // namespace wherry
