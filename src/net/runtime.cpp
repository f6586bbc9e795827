#include "net/runtime.h"

#include <pthread.h>

#include <algorithm>
#include <string>

namespace wherry::net {

Runtime::Runtime(const RuntimeOptions& options, Metrics& metrics)
    : clock_(steady_),
      disk_(std::make_unique<Lane>("disk", options.disk_threads, metrics)),
      auth_(std::make_unique<Lane>("auth", options.auth_threads, metrics)),
      hash_(std::make_unique<Lane>("hash", options.hash_threads, metrics)),
      resolve_(std::make_unique<Lane>("resolve", options.resolve_threads, metrics)) {
    std::size_t count = options.loops != 0 ? options.loops : std::max(1U, std::thread::hardware_concurrency());
    if (options.attached) count = 1;
    for (std::size_t i = 0; i < count; ++i) {
        auto& loop = loops_.emplace_back(std::make_unique<Loop>(clock_));
        posts_.emplace_back(std::make_unique<Post>())->loop = loop.get();
    }
}

Runtime::Runtime(const Clock& clock, Metrics& metrics, std::size_t disk_threads)
    : clock_(clock),
      disk_(std::make_unique<Lane>("disk", disk_threads, metrics)),
      auth_(std::make_unique<Lane>("auth", 0, metrics)),
      hash_(std::make_unique<Lane>("hash", 0, metrics)),
      resolve_(std::make_unique<Lane>("resolve", 0, metrics)) {
    auto& loop = loops_.emplace_back(std::make_unique<Loop>(clock_, Loop::Kind::simulated));
    posts_.emplace_back(std::make_unique<Post>())->loop = loop.get();
}

std::unique_ptr<Runtime> Runtime::simulated(const Clock& clock, Metrics& metrics, std::size_t disk_threads) {
    return std::unique_ptr<Runtime>(new Runtime(clock, metrics, disk_threads));
}

Runtime::~Runtime() { stop(); }

void Runtime::start() {
    for (auto& loop : loops_) {
        threads_.emplace_back([&loop = *loop, number = threads_.size()] {
            pthread_setname_np(pthread_self(), ("loop" + std::to_string(number)).c_str());
            loop.run();
        });
    }
}

void Runtime::stop() {
    for (auto& loop : loops_) loop->stop();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

}  // namespace wherry::net
