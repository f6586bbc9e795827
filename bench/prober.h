#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "result.h"
#include "session.h"

namespace wherry::bench {

/// One logged-in session that asks NOOP and times the answer, with blocking calls, so that it can sit on a thread of
/// its own. log_in() and measure() are to be called from that thread: it is given real-time priority where the system
/// allows it, so that what is measured is the server and not the wait for a CPU among the load's own threads.
class Prober {
public:
    explicit Prober(const Target& target) : target_(target) {}
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;
    ~Prober();

    Result<> log_in();
    /// Round trips in seconds, one about every two milliseconds.
    Result<std::vector<double>> measure(double seconds);

private:
    Result<> connect();
    Result<std::string> command(const std::string& line);
    Result<std::string> reply();

    const Target& target_;
    int fd_ = -1;
};

}  // namespace wherry::bench
