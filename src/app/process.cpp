#include "app/process.h"

#include <signal.h>
#include <sys/resource.h>

#include <utility>

#include "service/config_check.h"

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

std::vector<std::string> process_warnings(const Config& config) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
    std::string warning = descriptor_warning(config, limit.rlim_max);
    return warning.empty() ? std::vector<std::string>() : std::vector{std::move(warning)};
}

}  // namespace wherry::app
