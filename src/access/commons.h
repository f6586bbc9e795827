#pragma once
// Commons: what all sessions of one server share. Two servers in one process have nothing in common.
#include <chrono>
#include <string>

#include "access/guards.h"
#include "access/ledger.h"
#include "access/limits.h"
#include "access/sessions.h"
#include "access/throttle.h"
#include "auth/chain.h"
#include "net/outstanding.h"
#include "net/runtime.h"
#include "observe/event_bus.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "wherry/user.h"

namespace wherry {

// How uploads are written, where a user's settings do not say otherwise.
struct UploadPolicy {
    bool atomic = false;        // seen under their name only when they are complete
    bool keep_partial = false;  // what came of a failed atomic upload stays as NAME.partial
    bool overwrite = true;
    std::uint64_t free_space_floor = 0;  // bytes that uploads must leave free on the disk; 0: none
};

struct LoginPolicy {
    std::uint32_t attempts = 3;                     // wrong ones before the connection is closed
    std::chrono::milliseconds failure_delay{3000};  // a refusal comes this long after the password, whatever its cause
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
    Sessions& sessions;
    Chain& authenticators;
    UserPtr anonymous;  // null: no anonymous login
    UploadPolicy uploads;
    LoginPolicy logins;
    bool use_sendfile = true;
    net::Outstanding outstanding{};  // sessions and acceptors that have not ended
};

}  // namespace wherry
