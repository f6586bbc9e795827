#pragma once
// SlowLane: a disk that takes its time by a manual clock. Its jobs have no thread: each is done, all at once, when its
// time is over, and several are under way side by side, as on a lane with threads enough.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "core/clock.h"
#include "net/lane.h"

namespace wherry::testing {

class SlowLane final : public net::Lane {
public:
    // `takes`: how long the next job does.
    SlowLane(const Clock& clock, Metrics& metrics, std::function<std::chrono::nanoseconds()> takes)
        : Lane("disk", 1, metrics), clock_(clock), takes_(std::move(takes)) {}
    ~SlowLane() override;  // what is under way is done

    net::TimePoint due() const noexcept;  // when the next job is done; max: none is under way
    bool run(net::TimePoint until);       // does those that are done by then; false: there were none

private:
    void submit(net::Job& job) override;
    const Clock& clock_;
    std::function<std::chrono::nanoseconds()> takes_;
    std::multimap<net::TimePoint, net::Job*> jobs_;
    Worker worker_;
};

}  // namespace wherry::testing
