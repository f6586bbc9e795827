#pragma once
// Runtime: the loops and the lanes of one server.
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "net/acceptor.h"
#include "net/deputy.h"
#include "net/lane.h"
#include "net/loop.h"
#include "observe/metrics.h"

namespace wherry::net {

struct RuntimeOptions {
    std::size_t loops = 0;  // threads with an event loop; 0: one for each two processors
    bool attached = false;  // instead: one loop without a thread, which the caller turns
    std::size_t disk_threads = 8;
    std::size_t auth_threads = 2;  // each password hash takes some 64 MiB while it is computed
    std::size_t hash_threads = 2;
    std::size_t resolve_threads = 2;  // for names of hosts: a resolver that hangs holds up nothing else
};

class Runtime {
public:
    Runtime(const RuntimeOptions& options, Metrics& metrics);
    // One loop without descriptors, lanes that run their jobs at once, time by `clock`: the caller turns the loop. With
    // `disk_threads` the disk lane is a real one, with `disk` it is that one: for tests of what waits for it.
    static std::unique_ptr<Runtime> simulated(const Clock& clock, Metrics& metrics, std::size_t disk_threads = 0);
    static std::unique_ptr<Runtime> simulated(const Clock& clock, Metrics& metrics, std::unique_ptr<Lane> disk);
    ~Runtime();  // stop()
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    void start();  // one thread per loop
    // Ends the loops after what they are doing now, and waits for their threads.
    void stop();

    std::vector<std::unique_ptr<Post>>& posts() noexcept { return posts_; }
    Post& first() noexcept { return *posts_.front(); }
    Lane& disk() noexcept { return *disk_; }
    Lane& auth() noexcept { return *auth_; }
    Lane& hash() noexcept { return *hash_; }
    Lane& resolve() noexcept { return *resolve_; }
    const Clock& clock() const noexcept { return clock_; }

private:
    Runtime(const Clock& clock, Metrics& metrics, std::unique_ptr<Lane> disk);
    SteadyClock steady_;
    const Clock& clock_;
    std::vector<std::unique_ptr<Loop>> loops_;
    std::vector<std::unique_ptr<Post>> posts_;
    struct LoopThread {
        std::atomic<bool> ended{false};
        std::thread thread;
    };
    void add_thread(std::size_t number, std::function<void(Loop&)> run);
    void replace(Loop& loop, std::uint32_t job);

    std::mutex threads_mutex_;
    std::vector<std::unique_ptr<LoopThread>> threads_;
    Deputy deputy_{[this](Loop& loop, std::uint32_t job) { replace(loop, job); }};
    std::unique_ptr<Lane> disk_;  // the lanes end before the loops that their jobs report to
    std::unique_ptr<Lane> auth_;
    std::unique_ptr<Lane> hash_;
    std::unique_ptr<Lane> resolve_;
};

}  // namespace wherry::net
