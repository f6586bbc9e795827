#include "access/sessions.h"

#include <utility>

namespace wherry {

Sessions::Entry::Entry(Entry&& other) noexcept
    : all_(std::exchange(other.all_, nullptr)), id_(std::exchange(other.id_, 0)) {}

Sessions::Entry& Sessions::Entry::operator=(Entry&& other) noexcept {
    if (this == &other) return *this;
    leave();
    all_ = std::exchange(other.all_, nullptr);
    id_ = std::exchange(other.id_, 0);
    return *this;
}

Sessions::Entry::~Entry() { leave(); }

void Sessions::Entry::set_user(const std::string& user) {
    if (all_ == nullptr) return;
    const std::lock_guard lock(all_->mutex_);
    all_->live_.at(id_).info.user = user;
}

void Sessions::Entry::leave() noexcept {
    Sessions* const all = std::exchange(all_, nullptr);
    if (all == nullptr) return;
    // Declared before the lock, so destroyed after it: what the kill function holds may come back here when it goes.
    decltype(all->live_)::node_type gone;
    const std::lock_guard lock(all->mutex_);
    gone = all->live_.extract(id_);
}

Sessions::Entry Sessions::enter(SessionInfo info, Kill kill) {
    const std::lock_guard lock(mutex_);
    info.id = next_id_++;
    const std::uint64_t id = info.id;
    live_.emplace(id, Live{std::move(info), std::move(kill)});
    return Entry(this, id);
}

std::vector<SessionInfo> Sessions::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<SessionInfo> all;
    all.reserve(live_.size());
    for (const auto& [id, live] : live_) all.push_back(live.info);
    return all;
}

std::size_t Sessions::size() const {
    const std::lock_guard lock(mutex_);
    return live_.size();
}

bool Sessions::kill(std::uint64_t id, Code cause) {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(id);
    if (found == live_.end()) return false;
    found->second.kill(cause);
    return true;
}

void Sessions::kill_all(Code cause) {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, live] : live_) live.kill(cause);
}

}  // namespace wherry
