#include "net/lane.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "net/futex.h"

namespace wherry::net {
namespace {

constexpr std::chrono::seconds idle_for{10};  // before a thread with nothing to do goes

// False when `timeout` passed and nobody woke us.
bool wait_for(const std::atomic<std::uint32_t>& flag, std::chrono::seconds timeout) {
    while (flag.load(std::memory_order_acquire) == 0) {
        if (!futex_wait_for(flag, 0, timeout)) return false;
    }
    return true;
}

void wake(std::atomic<std::uint32_t>& flag) {
    flag.store(1, std::memory_order_release);
    futex_wake(flag);
}

}  // namespace

Lane::Lane(std::string name, std::size_t threads, Metrics& metrics)
    : name_(std::move(name)), limit_(threads), metrics_(metrics) {}

Lane::~Lane() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (Thread* thread = std::exchange(idle_, nullptr); thread != nullptr;) {
            Thread* next = thread->next_idle;
            wake(thread->woken);
            thread = next;
        }
    }
    for (auto& thread : threads_) thread->thread.join();
}

struct Lane::DetachedJob : Job {
    std::function<void()> function;
};

void Lane::run_detached(Loop& loop, std::function<void()> function) {
    if (is_inline()) return function();
    auto job = std::make_unique<DetachedJob>();
    job->function = std::move(function);
    job->loop = &loop;
    job->work = [](Job& self, Worker&) { static_cast<DetachedJob&>(self).function(); };
    job->Posted::run = [](Posted& self) { delete static_cast<DetachedJob*>(&self); };
    try {
        submit(*job);
    } catch (const std::system_error&) {
        return job->function();  // there is no thread to be had for it: late is better than never
    }
    [[maybe_unused]] DetachedJob* owned_by_the_lane = job.release();
}

void Lane::submit(Job& job) {
    metrics_.add(Metric::lane_jobs_total);
    std::unique_lock lock(mutex_);
    job.following = nullptr;
    if (Thread* thread = idle_) {
        idle_ = thread->next_idle;
        thread->job = &job;
        lock.unlock();
        // The job may be done and gone by now, and so may the thread once it has been woken: this is the last touch.
        wake(thread->woken);
        return;
    }
    reap();
    if (threads_.size() < limit_) add_thread();
    metrics_.add(Metric::lane_queue_depth);
    (last_ != nullptr ? last_->following : first_) = &job;
    last_ = &job;
}

// Throws only if there is no thread at all: where the system gives no further thread, those that are there go on.
void Lane::add_thread() {
    auto thread = std::make_unique<Thread>();
    threads_.reserve(threads_.size() + 1);
    try {
        thread->thread = std::thread([this, &self = *thread] { work(self); });
    } catch (const std::system_error&) {
        if (threads_.empty()) throw;
        return;
    }
    threads_.push_back(std::move(thread));
}

// Joins the threads that have gone for want of work.
void Lane::reap() {
    for (Thread* gone : ended_) {
        gone->thread.join();
        std::erase_if(threads_, [gone](const auto& thread) { return thread.get() == gone; });
    }
    ended_.clear();
}

void Lane::work(Thread& self) {
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    while (Job* job = next_job(self)) perform(*job, self);
}

// Null: this thread is to end.
Job* Lane::next_job(Thread& self) {
    std::unique_lock lock(mutex_);
    if (Job* job = first_) {
        first_ = job->following;
        if (first_ == nullptr) last_ = nullptr;
        metrics_.add(Metric::lane_queue_depth, -1);
        return job;
    }
    if (stopping_) return nullptr;
    self.job = nullptr;
    self.woken.store(0, std::memory_order_relaxed);
    self.next_idle = idle_;
    idle_ = &self;
    lock.unlock();
    const bool woken = wait_for(self.woken, idle_for);
    lock.lock();
    if (!woken) {
        // Either still in the list, and then it is time to go, or taken out of it this very moment.
        for (Thread** place = &idle_; *place != nullptr; place = &(*place)->next_idle) {
            if (*place != &self) continue;
            *place = self.next_idle;
            ended_.push_back(&self);
            return nullptr;
        }
        lock.unlock();
        while (!wait_for(self.woken, idle_for)) continue;
        lock.lock();
    }
    return static_cast<Job*>(self.job);
}

void Lane::perform(Job& job, Worker& worker) {
    job.work(job, worker);
    job.loop->post(job);
}

}  // namespace wherry::net
