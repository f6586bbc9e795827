#pragma once
// Bans: remembers from where logins have failed, so that who guesses passwords is made to wait and then kept out.
//
// Failures count by address and never by user alone: whoever fails on purpose under another's name locks out nobody but
// himself (OWASP's account lock-out). A failure is forgotten after a while; a login that succeeds takes back what the
// same user has failed from the same address, and nothing else, so that one good account does not cover for guesses at
// others.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace wherry {

struct BanOptions {
    std::uint32_t failures = 10;          // of one address within the window that lead to a ban; 0: nobody is banned
    std::chrono::seconds window{600};     // how long a failure is remembered
    std::chrono::seconds duration{900};   // of the first ban; each further one lasts twice as long
    std::chrono::seconds longest{86400};  // of any; also how long a ban is remembered after its end
};

// Thread-safe. `address` is whatever addresses are counted by (Limits::address_key). Times are those of one clock.
class Bans {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    static constexpr std::size_t most_addresses = 65536;  // that are remembered; then the one longest quiet is dropped
    static constexpr std::size_t most_failures = 1000;    // of one address

    explicit Bans(const BanOptions& options = {}) : options_(options) {}
    void set(const BanOptions& options);  // live; who is banned stays so

    // How long the ban of this address lasts still; nullopt: it is not banned.
    std::optional<std::chrono::seconds> banned(const std::string& address, TimePoint now) const;
    // Failures of this address that are remembered.
    std::uint32_t failures(const std::string& address, TimePoint now) const;
    // One more; true if it leads to a ban.
    bool failed(const std::string& address, std::string_view user, TimePoint now);
    void succeeded(const std::string& address, std::string_view user);
    bool lift(const std::string& address);  // an operator's word; false: nothing was known of it
    std::size_t addresses() const;          // in memory

private:
    struct Failure {
        TimePoint at;
        std::size_t user;  // a hash of the name
    };
    struct Record {
        std::deque<Failure> failures;
        std::uint32_t bans = 0;
        TimePoint until{};  // of the ban
        TimePoint last{};   // failure
    };
    bool forgotten(const Record& record, TimePoint now) const;
    void make_room(TimePoint now);

    mutable std::mutex mutex_;
    BanOptions options_;
    std::unordered_map<std::string, Record> records_;
    std::size_t sweep_at_ = 1024;
};

}  // namespace wherry
