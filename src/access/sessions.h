#pragma once
// Sessions: the live list, for operators and for kill. Thread-safe; outlives its entries.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "wherry/events.h"

namespace wherry {

class Sessions {
public:
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
        void set_user(const std::string& user);
        void leave() noexcept;

    private:
        friend class Sessions;
        Entry(Sessions* all, std::uint64_t id) : all_(all), id_(id) {}
        Sessions* all_ = nullptr;
        std::uint64_t id_ = 0;
    };

    // `info.id` is given here.
    Entry enter(SessionInfo info, Kill kill);
    std::vector<SessionInfo> list() const;  // by id
    std::size_t size() const;
    bool kill(std::uint64_t id, Code cause);  // false: no such session
    void kill_all(Code cause);

private:
    struct Live {
        SessionInfo info;
        Kill kill;
    };
    mutable std::mutex mutex_;
    std::map<std::uint64_t, Live> live_;
    std::uint64_t next_id_ = 1;
};

}  // namespace wherry
