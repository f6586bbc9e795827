#pragma once
// Limits: how many may be here at a time. A Permit is the right to be one of them; dropping it frees the place.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "wherry/result.h"
#include "wherry/user.h"

namespace wherry {

// 0 means no limit.
struct LimitOptions {
    std::uint32_t sessions = 512;
    std::uint32_t sessions_per_address = 0;  // IPv6 addresses count by their /64
    std::uint32_t sessions_per_user = 0;     // where the user's own limits say nothing
    std::uint32_t transfers = 0;
    std::uint32_t transfers_per_address = 0;
    std::uint32_t transfers_per_user = 0;   // where the user's own limits say nothing
    std::uint32_t commands_per_second = 0;  // of one session, likewise; more of them wait
    std::uint32_t checksums_per_user = 1;   // that are computed at the same time
};

// What holds for a user: the word of the user, or if there is none that of the server. 0 is no limit.
constexpr std::uint32_t limit_of(std::uint32_t user, std::uint32_t server) {
    return user == 0 ? server : user == UserLimits::any_number ? 0 : user;
}

class Limits;

class [[nodiscard]] Permit {
public:
    Permit() = default;
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&& other) noexcept;
    ~Permit() { release(); }
    void release() noexcept;
    explicit operator bool() const noexcept { return limits_ != nullptr; }

private:
    friend class Limits;
    using Counter = std::pair<const std::string, std::uint32_t>;
    Limits* limits_ = nullptr;
    std::array<Counter*, 4> counters_{};  // in Limits, that it holds one of each; null: none. transfer() claims most
};

// Thread-safe; outlives its permits. Each refusal is Code::busy with a sentence that names the limit. All are counted
// at all times, so that a limit which set() brings in holds for those who are here already. An address, user or group
// of which nobody is here takes no memory.
class Limits {
public:
    explicit Limits(const LimitOptions& options = {}) : options_(options) {}
    void set(const LimitOptions& options);  // live; who is here stays

    // `address` as text, already unwrapped from ::ffff:.
    Result<Permit> session(std::string_view address);
    // A session of a user who has logged in, and of the user's group.
    Result<Permit> user_session(const User& user);
    Result<Permit> transfer(const User& user, std::string_view address);
    Result<Permit> checksum(const User& user);
    // Of one session of that user, or of one before login; 0: no limit.
    std::uint32_t commands_per_second(const User* user) const;

    bool is_full() const;  // whether there are as many sessions as there may be
    std::uint32_t sessions() const;
    // How many addresses, users and groups take memory here, for tests.
    std::size_t counters() const;
    // What connections are counted by: the address, or the first 64 bits of an IPv6 one.
    static std::string address_key(std::string_view address);

private:
    friend class Permit;
    struct Claim {
        std::string place;
        std::uint32_t most;
        const char* what;
    };
    Result<Permit> take(std::span<Claim> claims);  // all or none; with the mutex held
    std::uint32_t count(const std::string& place) const;
    void release(const Permit& permit) noexcept;

    mutable std::mutex mutex_;
    LimitOptions options_;
    std::unordered_map<std::string, std::uint32_t> counts_;  // by the letter of the kind and the name, if it has one
};

}  // namespace wherry
