#include "auth/bans.h"

#include <algorithm>
#include <functional>

namespace wherry {

void Bans::set(const BanOptions& options) {
    const std::lock_guard lock(mutex_);
    options_ = options;
}

std::optional<std::chrono::seconds> Bans::banned(const std::string& address, TimePoint now) const {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(address);
    if (found == records_.end() || found->second.until <= now) return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(found->second.until - now);
}

std::uint32_t Bans::failures(const std::string& address, TimePoint now) const {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(address);
    if (found == records_.end()) return 0;
    return static_cast<std::uint32_t>(std::ranges::count_if(
        found->second.failures, [&](const Failure& one) { return now - one.at < options_.window; }));
}

bool Bans::failed(const std::string& address, std::string_view user, TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (!records_.contains(address)) make_room(now);
    Record& record = records_[address];
    record.last = now;
    std::erase_if(record.failures, [&](const Failure& one) { return now - one.at >= options_.window; });
    record.failures.push_back({now, std::hash<std::string_view>()(user)});
    if (record.failures.size() > most_failures) record.failures.pop_front();
    if (options_.failures == 0 || record.failures.size() < options_.failures) return false;
    if (record.until != TimePoint() && now - record.until >= options_.longest) record.bans = 0;
    const auto doubled = options_.duration * (std::int64_t{1} << std::min(record.bans, 20U));
    record.until = now + std::min<std::chrono::seconds>(options_.longest, doubled);
    ++record.bans;
    record.failures.clear();
    return true;
}

void Bans::succeeded(const std::string& address, std::string_view user) {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(address);
    if (found == records_.end()) return;
    const std::size_t who = std::hash<std::string_view>()(user);
    std::erase_if(found->second.failures, [who](const Failure& one) { return one.user == who; });
    if (found->second.failures.empty() && found->second.bans == 0) records_.erase(found);
}

bool Bans::lift(const std::string& address) {
    const std::lock_guard lock(mutex_);
    return records_.erase(address) != 0;
}

std::size_t Bans::addresses() const {
    const std::lock_guard lock(mutex_);
    return records_.size();
}

bool Bans::forgotten(const Record& record, TimePoint now) const {
    const bool ban_forgotten = record.bans == 0 || now >= record.until + options_.longest;
    return ban_forgotten && now - record.last >= options_.window;
}

// Somebody who has many addresses must neither fill the memory nor, by that, have the bans of all others forgotten: the
// one that was quiet longest goes, one for one.
void Bans::make_room(TimePoint now) {
    if (records_.size() < std::min(sweep_at_, most_addresses)) return;
    std::erase_if(records_, [&](const auto& entry) { return forgotten(entry.second, now); });
    sweep_at_ = std::max<std::size_t>(1024, records_.size() * 2);
    if (records_.size() < most_addresses) return;
    records_.erase(std::ranges::min_element(
        records_, {}, [](const auto& entry) { return std::max(entry.second.last, entry.second.until); }));
}

}  // namespace wherry
