#include "net/timers.h"

namespace wherry::net {

void Timer::set(TimePoint due) {
    due_ = due;
    set_ = true;
    if (index_ != nowhere && due >= queued_) return;  // put right once it comes to the front
    if (index_ != nowhere) timers_.remove(*this);
    queued_ = due;
    timers_.insert(*this);
}

void Timer::cancel() noexcept {
    set_ = false;
    if (index_ != nowhere) timers_.remove(*this);
}

// Puts those in front that have been moved where they belong by now. A loop that woke up to find that out would do so
// once for each short transfer: all of them push a timer on before they end.
void Timers::settle() noexcept {
    while (!heap_.empty() && heap_.front()->due_ != heap_.front()->queued_) {
        heap_.front()->queued_ = heap_.front()->due_;
        sift_down(0);
    }
}

TimePoint Timers::next() noexcept {
    settle();
    return heap_.empty() ? TimePoint::max() : heap_.front()->due_;
}

std::size_t Timers::fire_due(TimePoint now) {
    std::size_t fired = 0;
    while (next() <= now && !heap_.empty()) {
        Timer& timer = *heap_.front();
        remove(timer);
        timer.set_ = false;
        ++fired;
        timer.fire_(timer.context_);
    }
    return fired;
}

void Timers::insert(Timer& timer) {
    heap_.push_back(&timer);
    timer.index_ = static_cast<std::uint32_t>(heap_.size() - 1);
    sift_up(timer.index_);
}

void Timers::remove(Timer& timer) noexcept {
    const std::size_t index = timer.index_;
    Timer* last = heap_.back();
    heap_.pop_back();
    timer.index_ = Timer::nowhere;
    if (last == &timer) return;
    place(last, index);
    sift_up(index);
    sift_down(last->index_);
}

void Timers::place(Timer* timer, std::size_t index) noexcept {
    heap_[index] = timer;
    timer->index_ = static_cast<std::uint32_t>(index);
}

void Timers::sift_up(std::size_t index) noexcept {
    Timer* timer = heap_[index];
    while (index > 0) {
        const std::size_t parent = (index - 1) / 2;
        if (heap_[parent]->queued_ <= timer->queued_) break;
        place(heap_[parent], index);
        index = parent;
    }
    place(timer, index);
}

void Timers::sift_down(std::size_t index) noexcept {
    Timer* timer = heap_[index];
    while (2 * index + 1 < heap_.size()) {
        std::size_t child = 2 * index + 1;
        if (child + 1 < heap_.size() && heap_[child + 1]->queued_ < heap_[child]->queued_) ++child;
        if (timer->queued_ <= heap_[child]->queued_) break;
        place(heap_[child], index);
        index = child;
    }
    place(timer, index);
}

}  // namespace wherry::net
