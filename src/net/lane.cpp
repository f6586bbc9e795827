#include "net/lane.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <system_error>

namespace wherry::net {
namespace {

constexpr std::chrono::seconds idle_for{10};  // before a thread with nothing to do goes

// False when `timeout` passed and nobody woke us.
bool wait_for(std::atomic<std::uint32_t>& flag, std::chrono::seconds timeout) {
    const timespec span{timeout.count(), 0};
    while (flag.load(std::memory_order_acquire) == 0) {
        if (syscall(SYS_futex, &flag, FUTEX_WAIT_PRIVATE, 0, &span, nullptr, 0) != 0 && errno == ETIMEDOUT)
            return false;
    }
    return true;
}

void wake(std::atomic<std::uint32_t>& flag) {
    flag.store(1, std::memory_order_release);
    syscall(SYS_futex, &flag, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace

std::span<std::byte> Lane::Worker::scratch() {
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(scratch_size);
    return {buffer_.get(), scratch_size};
}

Lane::Lane(std::string name, std::size_t threads, Metrics& metrics)
    : name_(std::move(name)), limit_(threads), metrics_(metrics) {}

Lane::~Lane() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (Worker* worker = std::exchange(idle_, nullptr); worker != nullptr;) {
            Worker* next = worker->next_idle_;
            wake(worker->woken_);
            worker = next;
        }
    }
    for (auto& worker : workers_) worker->thread_.join();
}

struct Lane::DetachedJob : Lane::Job {
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
    if (Worker* worker = idle_) {
        idle_ = worker->next_idle_;
        worker->job_ = &job;
        lock.unlock();
        // The job may be done and gone by now, and so may the worker once it has been woken: this is the last touch.
        wake(worker->woken_);
        return;
    }
    reap();
    if (workers_.size() < limit_) add_worker();
    metrics_.add(Metric::lane_queue_depth);
    (last_ != nullptr ? last_->following : first_) = &job;
    last_ = &job;
}

// Throws only if there is no worker at all: where the system gives no further thread, those that are there go on.
void Lane::add_worker() {
    auto worker = std::make_unique<Worker>();
    workers_.reserve(workers_.size() + 1);
    try {
        worker->thread_ = std::thread([this, &self = *worker] { work(self); });
    } catch (const std::system_error&) {
        if (workers_.empty()) throw;
        return;
    }
    workers_.push_back(std::move(worker));
}

// Joins the threads that have gone for want of work.
void Lane::reap() {
    for (Worker* gone : ended_) {
        gone->thread_.join();
        std::erase_if(workers_, [gone](const auto& worker) { return worker.get() == gone; });
    }
    ended_.clear();
}

void Lane::work(Worker& self) {
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    while (Job* job = next_job(self)) perform(*job, self);
}

// Null: this thread is to end.
Lane::Job* Lane::next_job(Worker& self) {
    std::unique_lock lock(mutex_);
    if (Job* job = first_) {
        first_ = job->following;
        if (first_ == nullptr) last_ = nullptr;
        metrics_.add(Metric::lane_queue_depth, -1);
        return job;
    }
    if (stopping_) return nullptr;
    self.job_ = nullptr;
    self.woken_.store(0, std::memory_order_relaxed);
    self.next_idle_ = idle_;
    idle_ = &self;
    lock.unlock();
    const bool woken = wait_for(self.woken_, idle_for);
    lock.lock();
    if (!woken) {
        // Either still in the list, and then it is time to go, or taken out of it this very moment.
        for (Worker** place = &idle_; *place != nullptr; place = &(*place)->next_idle_) {
            if (*place != &self) continue;
            *place = self.next_idle_;
            ended_.push_back(&self);
            return nullptr;
        }
        lock.unlock();
        while (!wait_for(self.woken_, idle_for)) continue;
        lock.lock();
    }
    return static_cast<Job*>(self.job_);
}

void Lane::perform(Job& job, Worker& worker) {
    job.work(job, worker);
    job.loop->post(job);
}

}  // namespace wherry::net
