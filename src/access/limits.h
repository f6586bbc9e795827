#pragma once
// Limits: how many may be here at a time. A Permit is the right to be one of them; dropping it frees the place.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "wherry/result.h"

namespace wherry {

// 0 means no limit.
struct LimitOptions {
    std::uint32_t sessions = 512;
    std::uint32_t sessions_per_address = 0;  // IPv6 addresses count by their /64
    std::uint32_t transfers = 0;
};

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
    enum class Kind : std::uint8_t { session, user_session, transfer };
    Permit(Limits* limits, Kind kind, std::string key) : limits_(limits), kind_(kind), key_(std::move(key)) {}
    Limits* limits_ = nullptr;
    Kind kind_ = Kind::session;
    std::string key_;
};

// Thread-safe; outlives its permits. Each refusal is Code::busy with a sentence that names the limit. All are counted
// at all times, so that a limit which set() brings in holds for those who are here already. An address or user of whom
// nobody is here takes no memory.
class Limits {
public:
    explicit Limits(const LimitOptions& options = {}) : options_(options) {}
    void set(const LimitOptions& options);  // live; who is here stays

    // `address` as text, already unwrapped from ::ffff:.
    Result<Permit> session(std::string_view address);
    Result<Permit> user_session(std::string_view user, std::uint32_t most);
    Result<Permit> transfer();

    std::uint32_t sessions() const;
    // How many addresses and users take memory here, for tests.
    std::size_t counters() const;
    // What connections are counted by: the address, or the first 64 bits of an IPv6 one.
    static std::string address_key(std::string_view address);

private:
    friend class Permit;
    void release(Permit::Kind kind, const std::string& key) noexcept;

    mutable std::mutex mutex_;
    LimitOptions options_;
    std::uint32_t sessions_ = 0;
    std::uint32_t transfers_ = 0;
    std::unordered_map<std::string, std::uint32_t> by_address_;
    std::unordered_map<std::string, std::uint32_t> by_user_;
};

}  // namespace wherry
