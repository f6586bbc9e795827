#include "access/limits.h"

#include <arpa/inet.h>

#include <utility>

namespace wherry {
namespace {

constexpr const char* all_sessions = "s";
constexpr const char* all_transfers = "t";
constexpr const char* sessions_of_address = "A";
constexpr const char* sessions_of_user = "U";
constexpr const char* sessions_of_group = "G";
constexpr const char* transfers_of_address = "a";
constexpr const char* transfers_of_user = "u";
constexpr const char* transfers_of_group = "g";
constexpr const char* checksums_of_user = "c";

std::string place_of(const char* kind, std::string_view name) { return std::string(kind).append(name); }

}  // namespace

Permit::Permit(Permit&& other) noexcept : limits_(std::exchange(other.limits_, nullptr)), counters_(other.counters_) {}

Permit& Permit::operator=(Permit&& other) noexcept {
    if (this == &other) return *this;
    release();
    limits_ = std::exchange(other.limits_, nullptr);
    counters_ = other.counters_;
    return *this;
}

void Permit::release() noexcept {
    if (Limits* const limits = std::exchange(limits_, nullptr)) limits->release(*this);
}

void Limits::set(const LimitOptions& options) {
    const std::lock_guard lock(mutex_);
    options_ = options;
}

Result<Permit> Limits::session(std::string_view address) {
    const std::string key = address_key(address);
    const std::lock_guard lock(mutex_);
    std::array<Claim, 2> claims{
        {{all_sessions, options_.sessions, "sessions"},
         {place_of(sessions_of_address, key), options_.sessions_per_address, "sessions from this address"}}};
    return take(claims);
}

Result<Permit> Limits::user_session(const User& user) {
    const std::lock_guard lock(mutex_);
    std::array<Claim, 2> claims{
        {{place_of(sessions_of_user, user.name), limit_of(user.limits.sessions, options_.sessions_per_user),
          "sessions of this user"},
         {place_of(sessions_of_group, user.group), user.group_limits.sessions, "sessions of this group"}}};
    return take(std::span(claims).first(user.group.empty() ? 1 : 2));
}

Result<Permit> Limits::checksum(const User& user) {
    const std::lock_guard lock(mutex_);
    Claim claim{place_of(checksums_of_user, user.name), options_.checksums_per_user, "checksums for this user"};
    return take({&claim, 1});
}

Result<Permit> Limits::transfer(const User& user, std::string_view address) {
    const std::string key = address_key(address);
    const std::lock_guard lock(mutex_);
    std::array<Claim, 4> claims{
        {{all_transfers, options_.transfers, "transfers"},
         {place_of(transfers_of_address, key), options_.transfers_per_address, "transfers from this address"},
         {place_of(transfers_of_user, user.name), limit_of(user.limits.transfers, options_.transfers_per_user),
          "transfers of this user"},
         {place_of(transfers_of_group, user.group), user.group_limits.transfers, "transfers of this group"}}};
    return take(std::span(claims).first(user.group.empty() ? 3 : 4));
}

Result<Permit> Limits::take(std::span<Claim> claims) {
    for (const Claim& claim : claims) {
        if (claim.most == 0 || count(claim.place) < claim.most) continue;
        return fail(Code::busy, std::string("too many ") + claim.what + " (limit " + std::to_string(claim.most) + ")");
    }
    Permit permit;
    permit.limits_ = this;
    auto place = permit.counters_.begin();
    for (Claim& claim : claims) {
        *place = &*counts_.try_emplace(std::move(claim.place)).first;
        ++(*place++)->second;
    }
    return permit;
}

std::uint32_t Limits::count(const std::string& place) const {
    const auto found = counts_.find(place);
    return found == counts_.end() ? 0 : found->second;
}

std::uint32_t Limits::commands_per_second(const User* user) const {
    const std::lock_guard lock(mutex_);
    return limit_of(user == nullptr ? 0 : user->limits.commands_per_second, options_.commands_per_second);
}

bool Limits::is_full() const {
    const std::lock_guard lock(mutex_);
    return options_.sessions != 0 && count(all_sessions) >= options_.sessions;
}

std::uint32_t Limits::sessions() const {
    const std::lock_guard lock(mutex_);
    return count(all_sessions);
}

std::size_t Limits::counters() const {
    const std::lock_guard lock(mutex_);
    return counts_.size() - counts_.count(all_sessions) - counts_.count(all_transfers);
}

std::string Limits::address_key(std::string_view address) {
    if (!address.contains(':')) return std::string(address);
    // Whoever has an IPv6 network has 2^64 addresses in it: they count as one. A zone ("%eth0") is no part of it.
    const std::string text(address.substr(0, address.find('%')));
    in6_addr parsed{};
    if (inet_pton(AF_INET6, text.c_str(), &parsed) != 1) return std::string(address);
    for (std::size_t i = 8; i < sizeof parsed.s6_addr; ++i) parsed.s6_addr[i] = 0;
    char network[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &parsed, network, sizeof network);
    return std::string(network) + "/64";
}

void Limits::release(const Permit& permit) noexcept {
    const std::lock_guard lock(mutex_);
    for (Permit::Counter* const counter : permit.counters_) {
        if (counter == nullptr || --counter->second != 0) continue;
        // The counters of all, which have no name, are asked for again at once.
        if (counter->first.size() > 1) counts_.erase(counts_.find(counter->first));
    }
}

}  // namespace wherry
