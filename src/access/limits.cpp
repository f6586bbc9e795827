#include "access/limits.h"

#include <arpa/inet.h>

#include <utility>

namespace wherry {
namespace {

using Counts = std::unordered_map<std::string, std::uint32_t>;

std::uint32_t count_of(const Counts& counts, const std::string& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}

void drop_one(Counts& counts, const std::string& key) noexcept {
    const auto found = counts.find(key);
    if (found == counts.end()) return;
    if (--found->second == 0) counts.erase(found);
}

bool reached(std::uint32_t count, std::uint32_t most) { return most != 0 && count >= most; }

std::unexpected<Error> full(const char* what, std::uint32_t most) {
    return fail(Code::busy, std::string("too many ") + what + " (limit " + std::to_string(most) + ")");
}

}  // namespace

Permit::Permit(Permit&& other) noexcept
    : limits_(std::exchange(other.limits_, nullptr)), kind_(other.kind_), key_(std::move(other.key_)) {}

Permit& Permit::operator=(Permit&& other) noexcept {
    if (this == &other) return *this;
    release();
    limits_ = std::exchange(other.limits_, nullptr);
    kind_ = other.kind_;
    key_ = std::move(other.key_);
    return *this;
}

void Permit::release() noexcept {
    if (Limits* const limits = std::exchange(limits_, nullptr)) limits->release(kind_, key_);
}

void Limits::set(const LimitOptions& options) {
    const std::lock_guard lock(mutex_);
    options_ = options;
}

Result<Permit> Limits::session(std::string_view address) {
    std::string key = address_key(address);
    const std::lock_guard lock(mutex_);
    if (reached(sessions_, options_.sessions)) return full("sessions", options_.sessions);
    if (reached(count_of(by_address_, key), options_.sessions_per_address)) {
        return full("sessions from this address", options_.sessions_per_address);
    }
    ++by_address_[key];
    ++sessions_;
    return Permit(this, Permit::Kind::session, std::move(key));
}

Result<Permit> Limits::user_session(std::string_view user, std::uint32_t most) {
    std::string key(user);
    const std::lock_guard lock(mutex_);
    if (reached(count_of(by_user_, key), most)) return full("sessions of this user", most);
    ++by_user_[key];
    return Permit(this, Permit::Kind::user_session, std::move(key));
}

Result<Permit> Limits::transfer() {
    const std::lock_guard lock(mutex_);
    if (reached(transfers_, options_.transfers)) return full("transfers", options_.transfers);
    ++transfers_;
    return Permit(this, Permit::Kind::transfer, {});
}

std::uint32_t Limits::sessions() const {
    const std::lock_guard lock(mutex_);
    return sessions_;
}

std::size_t Limits::counters() const {
    const std::lock_guard lock(mutex_);
    return by_address_.size() + by_user_.size();
}

std::string Limits::address_key(std::string_view address) {
    // Whoever has an IPv6 network has 2^64 addresses in it: they count as one. A zone ("%eth0") is no part of it.
    const std::string text(address.substr(0, address.find('%')));
    in6_addr parsed{};
    if (inet_pton(AF_INET6, text.c_str(), &parsed) != 1) return std::string(address);
    for (std::size_t i = 8; i < sizeof parsed.s6_addr; ++i) parsed.s6_addr[i] = 0;
    char network[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &parsed, network, sizeof network);
    return std::string(network) + "/64";
}

void Limits::release(Permit::Kind kind, const std::string& key) noexcept {
    const std::lock_guard lock(mutex_);
    switch (kind) {
        case Permit::Kind::session:
            --sessions_;
            drop_one(by_address_, key);
            break;
        case Permit::Kind::user_session: drop_one(by_user_, key); break;
        case Permit::Kind::transfer: --transfers_; break;
    }
}

}  // namespace wherry
