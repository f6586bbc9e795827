#include "net/loop.h"

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>

#include "net/deputy.h"
#include "net/direct_calls.h"

namespace wherry::net {
namespace {

constexpr std::size_t events_a_poll = 256;
// How long one kind of work goes on before the loop looks for what is more urgent. Looking costs a system call, which
// is much beside a small slice, and nothing beside this.
constexpr std::chrono::microseconds work_span{50};
// A job that took longer has waited for something, or lost the processor: lanes get the next ones for so many times as
// long, and all slow jobs together take a few percent of the loop's time at most.
constexpr std::chrono::microseconds short_job{500};
constexpr int rest_after_slow_job = 40;
constexpr std::chrono::seconds after_stuck_job{1};

}  // namespace

// --- Watch

Watch::~Watch() { forget(); }

bool Watch::take(bool write) noexcept { return std::exchange(write ? writable_ : readable_, false); }

void Watch::wait(bool write, std::coroutine_handle<> waiting) {
    (write ? writer_ : reader_) = waiting;
    if (descriptor_ < 0) return;
    // Writing is told of late: a socket can be written to as a rule, and would wake us for that at once.
    std::uint32_t wanted = EPOLLIN | EPOLLRDHUP | EPOLLET;
    if (write || coupled_) wanted |= EPOLLOUT;
    if (only_read_) wanted = EPOLLIN | EPOLLET;
    if (shared_) wanted = EPOLLIN | EPOLLEXCLUSIVE;
    if ((told_ & wanted) == wanted) return;
    epoll_event event{};
    event.events = told_ | wanted;
    event.data.ptr = this;
    if (epoll_ctl(loop_.epoll_, told_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor_, &event) == 0) {
        told_ |= wanted;
        return;
    }
    // Out of watches (ENOSPC) or memory: who waits tries again, and fails there if the descriptor is no good.
    schedule(write ? writer_ : reader_);
}

void Watch::signal(bool read, bool write) {
    if (coupled_) read = write = read || write;
    if (read) {
        if (reader_) {
            schedule(reader_);
        } else {
            readable_ = !shared_;
        }
    }
    if (write) {
        if (writer_) {
            schedule(writer_);
        } else {
            writable_ = true;
        }
    }
}

void Watch::schedule(std::coroutine_handle<>& waiting) {
    const auto ready = std::exchange(waiting, {});
    if (class_ == Class::bulk) {
        loop_.schedule_bulk(ready);
    } else {
        loop_.schedule(ready);
    }
}

void Watch::forget(bool closing) noexcept {
    if (std::exchange(told_, 0) == 0) return;
    if (!closing) epoll_ctl(loop_.epoll_, EPOLL_CTL_DEL, descriptor_, nullptr);
    // Events of this poll that are still to be handled may point here.
    for (std::size_t i = loop_.event_; i < loop_.event_count_; ++i) {
        if (loop_.events_[i].data.ptr == this) loop_.events_[i].data.ptr = nullptr;
    }
}

// --- Loop

Loop::Loop(const Clock& clock, Kind kind) : clock_(clock), kind_(kind), now_(clock.now()), events_(events_a_poll) {
    if (kind_ == Kind::simulated) return;
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    wakeup_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    alarm_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;  // every write is an edge: nobody needs to read it back
    epoll_event alarm = event;
    alarm.data.ptr = this;
    if (epoll_ < 0 || wakeup_ < 0 || alarm_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event) != 0 ||
        epoll_ctl(epoll_, EPOLL_CTL_ADD, alarm_, &alarm) != 0) {
        throw std::system_error(errno, std::generic_category(), "making an event loop");
    }
}

Loop::~Loop() {
    run_posted();
    if (alarm_ >= 0) close(alarm_);
    if (wakeup_ >= 0) close(wakeup_);
    if (epoll_ >= 0) close(epoll_);
}

void Loop::run() {
    Worker worker;
    thread_.store(gettid(), std::memory_order_relaxed);
    refresh_now();
    while (!stopping_.load(std::memory_order_acquire)) {
        if (!one_turn(std::nullopt, &worker)) return;
    }
    run_posted();  // what was posted before stop() may refer to what goes once this thread has ended
    while (first_job_ != nullptr) {
        if (!run_jobs(worker)) return;
    }
}

void Loop::stop() {
    stopping_.store(true, std::memory_order_release);
    wake();
}

void Loop::turn(Duration wait) {
    refresh_now();
    one_turn(wait, nullptr);
    // From here on somebody may wait for descriptor(): it must tell of what is ready by now and of what is posted
    // later.
    sleeping_.store(true, std::memory_order_seq_cst);
    const bool more = something_ready() || posted_.load(std::memory_order_seq_cst) != nullptr;
    if (more && sleeping_.exchange(false, std::memory_order_seq_cst)) wake();
}

// `wait`: none, until something happens. False: another thread runs the loop by now, and nothing of it may be touched
// any more.
bool Loop::one_turn(std::optional<Duration> wait, Worker* worker) {
    run_ready();
    run_ends_of_turn();
    run_bulk();
    if (first_job_ != nullptr && !run_jobs(*worker)) return false;
    poll(wait ? patience(*wait) : patience());
    refresh_now();
    run_posted();
    timers_.fire_due(now_);
    return true;
}

void Loop::run_bulk() {
    if (bulk_.empty()) return;
    const TimePoint until = clock_.now() + work_span;
    do {
        const auto next = bulk_.front();
        bulk_.pop_front();
        next.resume();
        run_ends_of_turn();
    } while (!bulk_.empty() && clock_.now() < until);
}

// --- short jobs

void Loop::queue(Job& job) noexcept {
    job.following = nullptr;
    (last_job_ != nullptr ? last_job_->following : first_job_) = &job;
    last_job_ = &job;
}

bool Loop::run_jobs(Worker& worker) {
    const TimePoint until = clock_.now() + work_span;
    do {
        Job& job = *first_job_;
        first_job_ = job.following;
        if (first_job_ == nullptr) last_job_ = nullptr;
        if (!run_job(job, worker)) return false;
    } while (first_job_ != nullptr && clock_.now() < until);
    run_ends_of_turn();
    return true;
}

// The stack holds nothing of any coroutine here, so that another thread can go on from where this one stands.
bool Loop::run_job(Job& job, Worker& worker) {
    std::uint32_t number = job_number_.load(std::memory_order_relaxed) + 1;
    const TimePoint began = clock_.now();
    job_number_.store(number, std::memory_order_seq_cst);
    deputy_->look();
    job.work(job, worker);
    if (!job_number_.compare_exchange_strong(number, number + 1, std::memory_order_acq_rel)) {
        freed_.fetch_add(1, std::memory_order_relaxed);
        post(job);
        return false;
    }
    const Duration took = clock_.now() - began;
    if (took > short_job) jobs_from_ = now_ + rest_after_slow_job * took;
    job.run(job);
    return true;
}

bool Loop::take_over(std::uint32_t number) noexcept {
    if (!job_number_.compare_exchange_strong(number, number + 1, std::memory_order_acq_rel)) return false;
    ++replaced_;
    refresh_now();
    jobs_from_ = now_ + after_stuck_job;
    return true;
}

// Of run(). The kernel is told of the next timer only if that is to come before what it knows of: timers are moved on
// all the time, and as a time limit of each wait they would cost as much as a small call.
int Loop::patience() noexcept {
    if (something_ready()) return 0;
    const TimePoint next = timers_.next();
    if (next >= alarm_due_) return -1;
    const TimePoint now = clock_.now();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
    if (left.count() <= 0) return 0;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    itimerspec alarm{};
    alarm.it_value = {seconds.count(), std::chrono::nanoseconds(left - seconds).count()};
    timerfd_settime(alarm_, 0, &alarm, nullptr);
    alarm_due_ = now + left;
    return -1;
}

// Of turn().
int Loop::patience(Duration wait) noexcept {
    if (something_ready() || wait <= Duration::zero()) return 0;
    const int most = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
    const int next = milliseconds_to_next();
    return next < 0 ? most : std::min(most, next);
}

int Loop::milliseconds_to_next() noexcept {
    if (something_ready() || posted_.load(std::memory_order_relaxed) != nullptr) return 0;
    const TimePoint next = timers_.next();
    if (next == TimePoint::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - clock_.now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

bool Loop::run_until_idle() {
    bool ran = false;
    for (;;) {
        refresh_now();
        bool any = run_posted();
        any = timers_.fire_due(now_) > 0 || any;
        any = run_ready() || any;
        any = !ends_.empty() || any;
        run_ends_of_turn();
        if (!bulk_.empty()) {
            any = true;
            const auto next = bulk_.front();
            bulk_.pop_front();
            next.resume();
        }
        if (!any) return ran;
        ran = true;
    }
}

bool Loop::run_ready() {
    // Only what is ready now: work that schedules itself again must not keep the descriptors waiting.
    const std::size_t count = control_.size();
    for (std::size_t i = 0; i < count; ++i) {
        const auto next = control_.front();
        control_.pop_front();
        next.resume();
    }
    return count > 0;
}

void Loop::run_ends_of_turn() {
    while (!ends_.empty()) {
        ending_.swap(ends_);
        for (std::size_t i = 0; i < ending_.size(); ++i) {
            EndOfTurn* who = ending_[i];
            if (who == nullptr) continue;
            who->queued_ = false;
            who->end_of_turn();
        }
        ending_.clear();
    }
}

void Loop::at_end_of_turn(EndOfTurn& who) {
    if (std::exchange(who.queued_, true)) return;
    ends_.push_back(&who);
}

void Loop::forget(EndOfTurn& who) noexcept {
    if (!std::exchange(who.queued_, false)) return;
    std::replace(ends_.begin(), ends_.end(), &who, static_cast<EndOfTurn*>(nullptr));
    std::replace(ending_.begin(), ending_.end(), &who, static_cast<EndOfTurn*>(nullptr));
}

bool Loop::poll(int milliseconds) {
    if (kind_ == Kind::simulated) return false;
    if (milliseconds != 0) {
        sleeping_.store(true, std::memory_order_seq_cst);
        if (posted_.load(std::memory_order_seq_cst) != nullptr || stopping_.load(std::memory_order_seq_cst)) {
            milliseconds = 0;
        }
    }
    const int count = direct::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), milliseconds);
    sleeping_.store(false, std::memory_order_relaxed);
    if (count <= 0) return false;
    event_count_ = static_cast<std::size_t>(count);
    for (event_ = 0; event_ < event_count_; ++event_) {
        const epoll_event& event = events_[event_];
        if (event.data.ptr == nullptr) continue;  // a wake-up, or closed meanwhile
        if (event.data.ptr == this) {
            alarm_due_ = TimePoint::max();
            continue;
        }
        constexpr std::uint32_t ended = EPOLLHUP | EPOLLERR;
        static_cast<Watch*>(event.data.ptr)
            ->signal((event.events & (EPOLLIN | EPOLLRDHUP | ended)) != 0, (event.events & (EPOLLOUT | ended)) != 0);
    }
    event_count_ = 0;
    return true;
}

void Loop::wake() noexcept {
    if (wakeup_ < 0) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wakeup_, &one, sizeof one);
}

void Loop::post(Posted& job) {
    // The job may run and be gone as soon as it is in the list: only the loop is touched after that.
    Posted* head = posted_.load(std::memory_order_relaxed);
    do {
        job.next = head;
    } while (!posted_.compare_exchange_weak(head, &job, std::memory_order_seq_cst, std::memory_order_relaxed));
    if (sleeping_.exchange(false, std::memory_order_seq_cst)) wake();
}

void Loop::post(std::function<void()> function) {
    struct Job : Posted {
        std::function<void()> function;
    };
    auto* job = new Job;
    job->function = std::move(function);
    job->run = [](Posted& self) {
        const std::unique_ptr<Job> owned(static_cast<Job*>(&self));
        owned->function();
    };
    post(*job);
}

bool Loop::run_posted() {
    if (posted_.load(std::memory_order_relaxed) == nullptr) return false;
    Posted* list = posted_.exchange(nullptr, std::memory_order_acquire);
    if (list == nullptr) return false;
    Posted* ordered = nullptr;  // the list is the newest first
    while (list != nullptr) {
        Posted* next = list->next;
        list->next = ordered;
        ordered = list;
        list = next;
    }
    while (ordered != nullptr) {
        Posted& job = *ordered;
        ordered = ordered->next;
        job.run(job);
    }
    return true;
}

std::span<std::byte> Worker::scratch() {
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(scratch_size);
    return {buffer_.get(), scratch_size};
}

std::span<std::byte> Loop::scratch() {
    if (!scratch_) scratch_ = std::make_unique_for_overwrite<std::byte[]>(scratch_size);
    return {scratch_.get(), scratch_size};
}

}  // namespace wherry::net
