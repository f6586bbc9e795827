#pragma once
// Deputy: a thread that watches loops while they run short jobs themselves. A loop whose job waits (a disk, a network
// mount that hangs) is given to another thread: the first one stays with its job. So a short job delays the other
// sessions of its loop by one or two of the deputy's looks at most, five milliseconds each. A loop whose first thread
// is still stuck leaves short jobs to lanes.
//
// While no loop runs jobs the deputy sleeps, and costs nothing.
#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <thread>
#include <vector>

#include "net/loop.h"

namespace wherry::net {

class Deputy {
public:
    // Is to have a new thread call `loop.take_over(job)`, and `loop.run()` if that is true. On the deputy's thread.
    using Replace = std::function<void(Loop& loop, std::uint32_t job)>;
    explicit Deputy(Replace replace) : replace_(std::move(replace)) {}
    ~Deputy() { stop(); }
    Deputy(const Deputy&) = delete;
    Deputy& operator=(const Deputy&) = delete;

    void start(std::span<Loop* const> loops);  // they outlive the deputy
    void stop();                               // waits for its thread; nobody is replaced afterwards

    // From a loop, at the beginning of a job.
    void look() noexcept {
        if (asleep_.load(std::memory_order_seq_cst) != 0) wake();
    }

private:
    struct Watched {
        Loop* loop;
        std::uint32_t job = 0;  // seen at the last look
        int looks = 0;          // that found it running
    };
    void work();
    bool look_at(Watched& watched);
    bool anything_runs() const noexcept;
    void sleep();
    void wake() noexcept;

    const Replace replace_;
    std::vector<Watched> loops_;
    std::atomic<std::uint32_t> asleep_{0};  // a futex
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace wherry::net
