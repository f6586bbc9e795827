#pragma once
// What a program does while its server serves: wait for the end.
#include <functional>

#include "service/service.h"
#include "service/signals.h"

namespace wherry {

// Returns when the service has ended: by drain() or stop() of somebody else, or by a signal. The first SIGTERM or
// SIGINT drains, the second one ends everything at once; `hangup` is called for each SIGHUP, on this thread.
void run_until_end(Service& service, Signals& signals, const std::function<void()>& hangup);

}  // namespace wherry
