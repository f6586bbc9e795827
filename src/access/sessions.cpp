#include "access/sessions.h"

#include <algorithm>
#include <utility>

namespace wherry {

Sessions::Entry::Entry(Entry&& other) noexcept
    : all_(std::exchange(other.all_, nullptr)),
      live_(std::exchange(other.live_, nullptr)),
      id_(std::exchange(other.id_, 0)) {}

Sessions::Entry& Sessions::Entry::operator=(Entry&& other) noexcept {
    if (this == &other) return *this;
    leave();
    all_ = std::exchange(other.all_, nullptr);
    live_ = std::exchange(other.live_, nullptr);
    id_ = std::exchange(other.id_, 0);
    return *this;
}

Sessions::Entry::~Entry() { leave(); }

void Sessions::Entry::set_info(const SessionInfo& info) {
    if (live_ == nullptr) return;
    SessionInfo copy = info;
    copy.id = id_;
    const std::lock_guard lock(live_->mutex);
    std::swap(live_->info, copy);
}

void Sessions::Entry::set_command(const Command& command) {
    if (live_ == nullptr) return;
    const std::lock_guard lock(live_->mutex);
    live_->command.assign(command.verb);
    if (!command.argument.empty()) {
        live_->command += ' ';
        const std::size_t room = command_limit - std::min(command_limit, live_->command.size());
        live_->command.append(command.argument.substr(0, room));
    }
    if (command.prepares_data) live_->data_command.assign(command.verb);
    live_->busy = command.busy;
    live_->changed = command.at;
}

void Sessions::Entry::leave() noexcept {
    Sessions* const all = std::exchange(all_, nullptr);
    if (all == nullptr) return;
    live_ = nullptr;
    // Declared before the lock, so destroyed after it: what the kill function holds may come back here when it goes.
    decltype(all->live_)::node_type gone;
    const std::lock_guard lock(all->mutex_);
    gone = all->live_.extract(id_);
}

Sessions::Entry Sessions::enter(SessionInfo info, Kill kill, Time now) {
    const std::lock_guard lock(mutex_);
    info.id = next_id_++;
    const std::uint64_t id = info.id;
    const auto [place, added] = live_.try_emplace(id, std::move(info), std::move(kill), now);
    return Entry(this, place->second, id);
}

std::vector<SessionInfo> Sessions::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<SessionInfo> all;
    all.reserve(live_.size());
    for (const auto& [id, live] : live_) {
        const std::lock_guard one(live.mutex);
        all.push_back(live.info);
    }
    return all;
}

std::vector<SessionStatus> Sessions::status(Time now) const {
    const auto since = [now](Time then) { return std::chrono::duration_cast<std::chrono::milliseconds>(now - then); };
    const std::lock_guard lock(mutex_);
    std::vector<SessionStatus> all;
    all.reserve(live_.size());
    for (const auto& [id, live] : live_) {
        const std::lock_guard one(live.mutex);
        all.push_back({.session = live.info,
                       .command = live.command,
                       .data_command = live.data_command,
                       .busy = live.busy,
                       .connected = since(live.entered),
                       .idle = live.busy ? std::chrono::milliseconds(0) : since(live.changed)});
    }
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
