#pragma once
// ReplayGuard: remembers answers to challenges for as long as they are valid, so that none is taken twice, and
// addresses that come with a right beginning and then cannot go on, which is what a recorded connection looks like.
// Thread-safe.
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "i2ftp/dyn_key.h"
#include "net/timers.h"

namespace wherry::i2ftp {

class ReplayGuard {
public:
    static constexpr std::chrono::seconds answer_life{400};   // beyond the three windows of T64
    static constexpr std::chrono::seconds address_life{240};  // beyond the three windows of T16
    static constexpr std::uint32_t most_broken = 20;          // handshakes that ended after a right beginning
    static constexpr std::size_t most_answers = 100'000;      // then the oldest is forgotten
    static constexpr std::size_t most_addresses = 10'000;

    // False if this answer was accepted before.
    bool accept(const Token64& answer, net::TimePoint now);
    // False if too many handshakes from there, which began with these 16 bytes, came to nothing.
    bool admit(const Token16& token, const std::string& address, net::TimePoint now);
    void broken(const Token16& token, const std::string& address, net::TimePoint now);

private:
    using Beginning = std::pair<std::string, Token16>;
    void forget_old(net::TimePoint now);
    std::mutex mutex_;
    std::set<Token64> answers_;
    std::deque<std::pair<net::TimePoint, Token64>> answers_by_age_;
    std::map<Beginning, std::uint32_t> broken_;
    std::deque<std::pair<net::TimePoint, Beginning>> broken_by_age_;
};

}  // namespace wherry::i2ftp
