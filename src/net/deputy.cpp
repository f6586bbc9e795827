#include "net/deputy.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "net/futex.h"

namespace wherry::net {
namespace {

constexpr std::chrono::milliseconds look_every{5};  // each costs what a small file costs
constexpr int quiet_looks = 20;                     // without any job: time to sleep
// A thread that computes, or waits for a processor, gets longer: there is nothing to be gained by another one.
constexpr int looks_if_running = 4;

// Whether the thread waits for something else than a processor (proc(5), the third field of stat).
bool waits(pid_t thread) {
    const std::string name = "/proc/self/task/" + std::to_string(thread) + "/stat";
    const int file = open(name.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return true;  // nothing to be known: the loop is worth more than a thread
    std::array<char, 128> text{};
    const ssize_t got = read(file, text.data(), text.size());
    close(file);
    const std::string_view stat(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    const auto end_of_name = stat.rfind(')');
    return end_of_name == std::string_view::npos || end_of_name + 2 >= stat.size() || stat[end_of_name + 2] != 'R';
}

}  // namespace

void Deputy::start(std::span<Loop* const> loops) {
    for (Loop* loop : loops) {
        loops_.push_back({loop});
        loop->set_deputy(*this);
    }
    thread_ = std::thread([this] { work(); });
}

void Deputy::stop() {
    stopping_.store(true, std::memory_order_seq_cst);
    wake();
    if (thread_.joinable()) thread_.join();
}

void Deputy::work() {
    pthread_setname_np(pthread_self(), "deputy");
    int quiet = 0;
    while (!stopping_.load(std::memory_order_seq_cst)) {
        std::this_thread::sleep_for(look_every);
        bool busy = false;
        for (Watched& watched : loops_) busy = look_at(watched) || busy;
        quiet = busy ? 0 : quiet + 1;
        if (quiet < quiet_looks) continue;
        quiet = 0;
        sleep();
    }
}

// True if there was a job since the last look.
bool Deputy::look_at(Watched& watched) {
    const std::uint32_t job = watched.loop->job_number();
    const bool runs = job % 2 != 0;
    if (job != watched.job || !runs) {
        watched.looks = 0;
        return std::exchange(watched.job, job) != job;
    }
    ++watched.looks;
    if (watched.looks >= looks_if_running || waits(watched.loop->thread())) {
        watched.looks = 0;
        replace_(*watched.loop, job);
    }
    return true;
}

bool Deputy::anything_runs() const noexcept {
    return std::ranges::any_of(loops_, [](const Watched& watched) { return watched.loop->job_number() % 2 != 0; });
}

void Deputy::sleep() {
    // Either the loop that begins a job sees us asleep, or we see its job.
    asleep_.store(1, std::memory_order_seq_cst);
    if (anything_runs() || stopping_.load(std::memory_order_seq_cst)) {
        asleep_.store(0, std::memory_order_seq_cst);
        return;
    }
    while (asleep_.load(std::memory_order_acquire) != 0) futex_wait(asleep_, 1);
}

void Deputy::wake() noexcept {
    if (asleep_.exchange(0, std::memory_order_seq_cst) != 0) futex_wake(asleep_);
}

}  // namespace wherry::net
