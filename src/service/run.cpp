#include "service/run.h"

namespace wherry {

void run_until_end(Service& service, Signals& signals, const std::function<void()>& hangup) {
    bool draining = false;
    while (const int number = signals.wait(service.ended_descriptor())) {
        if (number == SIGHUP) {
            hangup();
        } else if (draining) {
            service.log().warning("stopping at once: {} sessions are cut off", service.sessions().size());
            break;
        } else {
            service.log().info(
                "stopping: no new connections; {} sessions may end their transfers (a second signal "
                "cuts them off)",
                service.sessions().size());
            service.drain();
            draining = true;
        }
    }
    service.stop();
    service.log().info("stopped");
}

}  // namespace wherry
