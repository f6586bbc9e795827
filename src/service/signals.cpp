#include "service/signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace wherry {
namespace {

sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
    return set;
}

}  // namespace

Signals::Signals() {
    const sigset_t set = ending_signals();
    pthread_sigmask(SIG_BLOCK, &set, &before_);
    descriptor_ = net::Socket(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

Signals::~Signals() {
    if (ending_) return;
    while (take() != 0) continue;
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int Signals::take() noexcept {
    signalfd_siginfo what{};
    if (read(descriptor_.descriptor(), &what, sizeof what) != static_cast<ssize_t>(sizeof what)) return 0;
    ending_ = ending_ || what.ssi_signo != SIGHUP;
    return static_cast<int>(what.ssi_signo);
}

int Signals::wait(int descriptor) {
    pollfd waiting[] = {{descriptor_.descriptor(), POLLIN, 0}, {descriptor, POLLIN, 0}};
    for (;;) {
        if (poll(waiting, 2, -1) < 0 && errno != EINTR) return SIGTERM;  // nothing can be waited for: an orderly end
        if (const int number = take(); number != 0) return number;
        if ((waiting[1].revents & POLLIN) != 0) return 0;
    }
}

}  // namespace wherry
