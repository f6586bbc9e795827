#include "app/process.h"

#include <signal.h>
#include <sys/resource.h>

namespace wherry::app {

void prepare_to_serve() {
    // Each session takes a descriptor or two, each transfer up to four more; shells hand down a soft limit of 1024.
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);  // a file above RLIMIT_FSIZE is an error of that upload, not the end of the program
}

std::uint64_t most_descriptors() {
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : RLIM_INFINITY;
}

}  // namespace wherry::app
