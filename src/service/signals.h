#pragma once
// The signals that end a server, taken as values instead of by a handler.
#include <signal.h>

#include "net/network.h"

namespace wherry {

// SIGTERM, SIGINT and SIGHUP no longer act on the calling thread while this lives, and wait() takes them instead. The
// thread that makes it ends it. A process whose other threads do not block these signals must make it before them.
//
// Afterwards the signals act as before, unless wait() has given out one that ends the process: then they stay blocked,
// and so do nothing, since a second one that comes late would turn an orderly end into a killed process. What came and
// was not waited for is dropped in either case.
class Signals {
public:
    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // The next signal, or 0 as soon as `descriptor` is readable.
    int wait(int descriptor);
    // For a loop of one's own: readable when a signal has come, which take() then gives; 0: none.
    int descriptor() const noexcept { return descriptor_.descriptor(); }
    int take() noexcept;

private:
    sigset_t before_;
    net::Socket descriptor_;  // a signalfd
    bool ending_ = false;
};

}  // namespace wherry
