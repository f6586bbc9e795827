#pragma once
// The signals that end a server, taken as values instead of by a handler.
#include <signal.h>

#include "net/network.h"

namespace wherry {

// SIGTERM, SIGINT and SIGHUP no longer act on the calling thread while this lives, and wait() takes them instead. The
// thread that makes it ends it. A process whose other threads do not block these signals must make it before them.
class Signals {
public:
    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // The next signal, or 0 as soon as `descriptor` is readable.
    int wait(int descriptor);

private:
    sigset_t before_;
    net::Socket descriptor_;  // a signalfd
};

}  // namespace wherry
