#include "loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace wherry::bench {

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) {
        std::perror("epoll_create1");
        std::exit(1);
    }
}

Loop::~Loop() { ::close(epoll_); }

bool Loop::watch(int fd, Turn turn) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= watches_.size()) watches_.resize(std::max(index + 1, watches_.size() * 2));
    Watch& watch = watches_[index];
    watch.bulk = turn == Turn::bulk;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = (std::uint64_t{watch.generation} << 32) | static_cast<std::uint32_t>(fd);
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Loop::forget(int fd) noexcept {
    Watch& watch = slot(fd);
    ++watch.generation;
    watch.reader = watch.writer = {};
}

bool Loop::run(Clock::time_point deadline) {
    std::array<epoll_event, 256> events{};
    while (!stopped_) {
        if (!queue_.empty()) {
            const auto next = queue_.front();
            queue_.pop_front();
            next.resume();
            if (stopped_) break;
        }
        const auto now = Clock::now();
        if (now >= deadline) return false;
        fire_timers(now);
        const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), patience(now, deadline));
        for (int i = 0; i < count; ++i) dispatch(events[static_cast<std::size_t>(i)]);
    }
    return true;
}

int Loop::patience(Clock::time_point now, Clock::time_point deadline) const {
    if (!queue_.empty() || stopped_) return 0;
    const auto until = timers_.empty() ? deadline : std::min(deadline, timers_.begin()->first);
    if (until == Clock::time_point::max()) return -1;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(wait, 0, 60'000));
}

void Loop::fire_timers(Clock::time_point now) {
    while (!timers_.empty() && timers_.begin()->first <= now) {
        post(timers_.begin()->second);
        timers_.erase(timers_.begin());
    }
}

void Loop::dispatch(const epoll_event& event) {
    const auto fd = static_cast<int>(event.data.u64 & 0xffff'ffffU);
    const auto generation = static_cast<std::uint32_t>(event.data.u64 >> 32);
    constexpr std::uint32_t broken = EPOLLHUP | EPOLLERR;
    // Each step may close the descriptor, and open another one of the same number.
    if ((event.events & (EPOLLIN | EPOLLRDHUP | broken)) != 0 && slot(fd).generation == generation) {
        wake(fd, &Watch::reader);
    }
    if ((event.events & (EPOLLOUT | broken)) != 0 && slot(fd).generation == generation) wake(fd, &Watch::writer);
}

void Loop::wake(int fd, std::coroutine_handle<> Watch::* side) {
    Watch& watch = slot(fd);
    const auto handle = std::exchange(watch.*side, {});
    if (!handle) return;
    if (watch.bulk) {
        post(handle);
    } else {
        handle.resume();
    }
}

void Group::start(Task<> child) {
    ++running_;
    run(std::move(child));
}

Group::Detached Group::run(Task<> child) {
    co_await child;
    if (--running_ == 0 && waiter_) loop_.post(std::exchange(waiter_, {}));
}

}  // namespace wherry::bench
