#pragma once
// Nat: which address PASV announces, where that is not the one we listen on.
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "ftp/settings.h"
#include "net/lane.h"
#include "net/task.h"

namespace wherry::ftp {

// What the rules of the settings say by themselves; nullopt: somebody has to be asked, or nobody says anything.
std::optional<net::Address> announced_by_rule(const Settings& settings, const net::Address& client,
                                              const net::Address& local);

// Asks the embedder or the system's resolver, on a lane of its own kind so that a resolver which hangs holds up nothing
// else, and remembers the answers. One per server; thread-safe; outlives the sessions that ask, not the jobs on the
// lane.
class Nat {
public:
    static constexpr std::size_t most_answers = 1024;  // that are remembered
    static constexpr std::size_t most_questions = 64;  // on the lane at a time; more are answered from memory

    explicit Nat(net::Lane& lane) : lane_(lane), memory_(std::make_shared<Memory>()) {}

    // The address for that question by nat_resolver or nat_host of the settings: a fresh answer that is remembered,
    // else a new one that comes in time, else the last good one, however old. Code::timeout, or why there is none.
    net::Task<Result<net::Address>> ask(net::Loop& loop, const Settings& settings, NatQuestion question);

private:
    struct Answer {
        net::Address address;
        net::TimePoint at;
    };
    struct Memory {
        std::mutex mutex;
        std::map<std::string, Answer> answers;
        std::size_t questions = 0;
    };
    struct Question;
    static Result<net::Address> find_out(const Question& question);
    std::optional<Answer> remembered(const std::string& key) const;
    static void remember(Memory& memory, const std::string& key, const Answer& answer);

    net::Lane& lane_;
    std::shared_ptr<Memory> memory_;  // shared with jobs that nobody waits for any more
};

}  // namespace wherry::ftp
