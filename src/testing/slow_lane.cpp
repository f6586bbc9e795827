#include "testing/slow_lane.h"

namespace wherry::testing {

SlowLane::~SlowLane() {
    while (run(net::TimePoint::max())) continue;
}

net::TimePoint SlowLane::due() const noexcept { return jobs_.empty() ? net::TimePoint::max() : jobs_.begin()->first; }

bool SlowLane::run(net::TimePoint until) {
    bool any = false;
    while (!jobs_.empty() && jobs_.begin()->first <= until) {
        net::Job& job = *jobs_.begin()->second;
        jobs_.erase(jobs_.begin());
        job.work(job, worker_);
        job.loop->post(job);
        any = true;
    }
    return any;
}

void SlowLane::submit(net::Job& job) { jobs_.emplace(clock_.now() + takes_(), &job); }

}  // namespace wherry::testing
