#include "net/runtime.h"

#include <pthread.h>

#include <algorithm>
#include <string>
#include <system_error>

namespace wherry::net {
namespace {

// The other half of the processors is for what loops give away: encryption and uploads by workers, the network's work
// in the kernel. A loop that shares its processor with such work answers a NOOP a scheduler's turn later.
std::size_t default_loops() { return std::max(1U, (std::thread::hardware_concurrency() + 1) / 2); }

}  // namespace

Runtime::Runtime(const RuntimeOptions& options, Metrics& metrics)
    : clock_(steady_),
      disk_(std::make_unique<Lane>("disk", options.disk_threads, metrics)),
      auth_(std::make_unique<Lane>("auth", options.auth_threads, metrics)),
      hash_(std::make_unique<Lane>("hash", options.hash_threads, metrics)),
      resolve_(std::make_unique<Lane>("resolve", options.resolve_threads, metrics)) {
    std::size_t count = options.loops != 0 ? options.loops : default_loops();
    if (options.attached) count = 1;
    for (std::size_t i = 0; i < count; ++i) {
        auto& loop = loops_.emplace_back(std::make_unique<Loop>(clock_));
        posts_.emplace_back(std::make_unique<Post>())->loop = loop.get();
    }
}

Runtime::Runtime(const Clock& clock, Metrics& metrics, std::unique_ptr<Lane> disk)
    : clock_(clock),
      disk_(std::move(disk)),
      auth_(std::make_unique<Lane>("auth", 0, metrics)),
      hash_(std::make_unique<Lane>("hash", 0, metrics)),
      resolve_(std::make_unique<Lane>("resolve", 0, metrics)) {
    auto& loop = loops_.emplace_back(std::make_unique<Loop>(clock_, Loop::Kind::simulated));
    posts_.emplace_back(std::make_unique<Post>())->loop = loop.get();
}

std::unique_ptr<Runtime> Runtime::simulated(const Clock& clock, Metrics& metrics, std::size_t disk_threads) {
    return simulated(clock, metrics, std::make_unique<Lane>("disk", disk_threads, metrics));
}

std::unique_ptr<Runtime> Runtime::simulated(const Clock& clock, Metrics& metrics, std::unique_ptr<Lane> disk) {
    return std::unique_ptr<Runtime>(new Runtime(clock, metrics, std::move(disk)));
}

Runtime::~Runtime() { stop(); }

void Runtime::start() {
    std::vector<Loop*> loops;
    for (auto& loop : loops_) loops.push_back(loop.get());
    deputy_.start(loops);
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        add_thread(i, [](Loop& loop) { loop.run(); });
    }
}

void Runtime::add_thread(std::size_t number, std::function<void(Loop&)> run) {
    const std::lock_guard lock(threads_mutex_);
    std::erase_if(threads_, [](const auto& one) {
        if (!one->ended.load(std::memory_order_acquire)) return false;
        one->thread.join();
        return true;
    });
    auto added = std::make_unique<LoopThread>();
    threads_.reserve(threads_.size() + 1);
    added->thread = std::thread([&loop = *loops_[number], &ended = added->ended, number, run = std::move(run)] {
        pthread_setname_np(pthread_self(), ("loop" + std::to_string(number)).c_str());
        run(loop);
        ended.store(true, std::memory_order_release);
    });
    threads_.push_back(std::move(added));
}

// Where the system gives no thread, the loop waits for its job after all.
void Runtime::replace(Loop& loop, std::uint32_t job) {
    const auto which = std::ranges::find(loops_, &loop, &std::unique_ptr<Loop>::get);
    try {
        add_thread(static_cast<std::size_t>(which - loops_.begin()), [job](Loop& stuck) {
            if (stuck.take_over(job)) stuck.run();
        });
    } catch (const std::system_error&) {
        return;
    }
}

void Runtime::stop() {
    deputy_.stop();
    for (auto& loop : loops_) loop->stop();
    const std::lock_guard lock(threads_mutex_);
    for (auto& one : threads_) one->thread.join();
    threads_.clear();
}

}  // namespace wherry::net
