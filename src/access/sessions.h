#pragma once
// Sessions: the live list, for operators and for kill. Thread-safe; outlives its entries.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wherry/events.h"

namespace wherry {

class Sessions {
    struct Live;

public:
    using Time = std::chrono::steady_clock::time_point;

    // A command that begins or ends; the texts are copied, up to command_limit bytes.
    struct Command {
        std::string_view verb;
        std::string_view argument;  // without secrets
        bool prepares_data = false;
        bool busy = false;
        Time at{};
    };
    static constexpr std::size_t command_limit = 256;

    // Called by kill() on the thread of the one who kills, with the list locked: it must only pass the word on to the
    // session's loop. Never called after the Entry is gone.
    using Kill = std::function<void(Code cause)>;

    // A session's place in the list; leaving is its destructor.
    class Entry {
    public:
        Entry() = default;
        Entry(Entry&& other) noexcept;
        Entry& operator=(Entry&& other) noexcept;
        ~Entry();
        std::uint64_t id() const noexcept { return id_; }
        void set_info(const SessionInfo& info);
        void set_command(const Command& command);
        void leave() noexcept;

    private:
        friend class Sessions;
        Entry(Sessions* all, Live& live, std::uint64_t id) : all_(all), live_(&live), id_(id) {}
        Sessions* all_ = nullptr;
        Live* live_ = nullptr;
        std::uint64_t id_ = 0;
    };

    // `info.id` is given here.
    Entry enter(SessionInfo info, Kill kill, Time now = {});
    std::vector<SessionInfo> list() const;              // by id
    std::vector<SessionStatus> status(Time now) const;  // likewise
    std::size_t size() const;
    bool kill(std::uint64_t id, Code cause);  // false: no such session
    void kill_all(Code cause);

private:
    struct Live {
        Live(SessionInfo about, Kill how, Time now)
            : info(std::move(about)), kill(std::move(how)), entered(now), changed(now) {}
        mutable std::mutex mutex;  // of what follows, but for `kill`; sessions of several loops do not wait for another
        SessionInfo info;
        Kill kill;
        std::string command;
        std::string data_command;
        bool busy = false;
        Time entered;
        Time changed;
    };
    mutable std::mutex mutex_;
    std::map<std::uint64_t, Live> live_;
    std::uint64_t next_id_ = 1;
};

}  // namespace wherry
