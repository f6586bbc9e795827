#pragma once
// Admission: who may cause how much before it is known that the source address is true (spoofed requests must not turn
// the server on somebody else), and how many may be here at a time. Arithmetic only: the time is an argument.
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/address.h"
#include "tftp/rto.h"

namespace wherry::tftp {

// Thread-safe; outlives its seats. A source is an IPv4 address or the first 64 bits of an IPv6 one.
class Admission {
public:
    struct Options {
        std::uint32_t max_transfers = 10'000;
        std::uint32_t max_per_address = 256;  // four times as many from a /64 of IPv6
        std::uint32_t requests_per_second = 5000;
        std::uint32_t requests_per_second_address = 50;
        std::uint32_t unverified_per_address = 64;   // transfers whose client has given no sign of life
        std::uint32_t unverified_per_second = 2000;  // packets to such clients
        std::uint32_t unverified_per_second_address = 100;
        std::uint32_t unknown_tid_per_second = 50;  // ERROR 5
        std::uint32_t unknown_tid_per_second_address = 5;
    };
    // `seed`: of the table's hash, so that nobody can choose addresses that collide.
    explicit Admission(const Options& options, std::uint64_t seed = 0)
        : options_(options), sources_(usual, Hash{seed}) {
        keys_.reserve(usual);
    }
    void set(const Options& options);  // from now on

    // The place of one transfer; given back by its destructor.
    class Seat {
    public:
        Seat() = default;
        Seat(Seat&& other) noexcept
            : all_(std::exchange(other.all_, nullptr)), source_(other.source_), verified_(other.verified_) {}
        Seat& operator=(Seat&& other) noexcept;
        ~Seat() { leave(); }
        void leave() noexcept;
        // The client has given a sign of life.
        void verify() noexcept {
            if (all_ != nullptr && !verified_) tell_verified();
        }
        explicit operator bool() const noexcept { return all_ != nullptr; }

    private:
        friend class Admission;
        Seat(Admission* all, std::uint64_t source) : all_(all), source_(source) {}
        void tell_verified() noexcept;
        Admission* all_ = nullptr;
        std::uint64_t source_ = 0;
        bool verified_ = false;
    };

    // A request has come: may it be looked at?
    bool request(Time now, const net::Address& source);
    // May a transfer begin? An empty seat: no.
    Seat begin(Time now, const net::Address& source);
    // May a packet be sent to a client that has not been heard of since its request?
    bool unverified_reply(Time now, const net::Address& source);
    // May an ERROR 5 be sent?
    bool unknown_tid(Time now, const net::Address& source);

    std::size_t transfers() const;
    std::size_t sources() const;  // that take memory, for tests
    static constexpr std::size_t most_sources = 65536;

private:
    static constexpr std::size_t usual = 4096;  // sources that there is room for from the start
    // How many more there may be; as small as that, since there are many sources.
    struct Level {
        float left = -1;  // -1: full
        void refill(Span passed, double rate, double depth) noexcept;
        bool take(double rate, double depth) noexcept;
    };
    struct Source {
        std::uint32_t transfers = 0;
        std::uint32_t unverified = 0;
        Level requests;
        Level replies;
        Level errors;
        std::uint32_t seen = 0;  // the levels are those of then: milliseconds, of which only differences count
    };
    struct Hash {
        std::uint64_t seed;
        std::size_t operator()(std::uint64_t key) const noexcept {
            key = (key ^ seed) * 0x9e3779b97f4a7c15U;
            return key ^ key >> 32U;
        }
    };
    struct Bucket {
        Level level;
        Time last{};
        bool take(Time now, double rate, double depth) noexcept;
    };
    Source& source_of(Time now, std::uint64_t key);
    void forget_old(Time now);
    static std::uint64_t key_of(const net::Address& address) noexcept;

    mutable std::mutex mutex_;
    Options options_;
    std::unordered_map<std::uint64_t, Source, Hash> sources_;
    std::vector<std::uint64_t> keys_;  // of all sources
    std::size_t hand_ = 0;             // goes round them
    std::size_t transfers_ = 0;
    Bucket requests_;
    Bucket replies_;
    Bucket errors_;
};

}  // namespace wherry::tftp
