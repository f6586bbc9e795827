#pragma once
// Observing: how the program's TftpObservers hear of transfers. Nothing of it is there, and nothing is done for it,
// unless somebody observes.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "access/commons.h"
#include "net/timers.h"
#include "tftp/flow.h"
#include "wherry/tftp.h"

namespace wherry::tftp {

// Of one server. Calls wait here until a worker makes them, one after the other: one at a time is at it.
class Observers {
public:
    explicit Observers(Commons& commons) : commons_(commons) {}

    void add(TftpObserver observer) { observers_.push_back(std::move(observer)); }  // before start
    bool any() const noexcept { return !observers_.empty(); }

    // From any thread that turns a loop; Commons::outstanding tells when all calls have been made.
    void started(net::Loop& loop, TftpTransfer transfer) { tell(loop, {What::started, std::move(transfer)}); }
    void progress(net::Loop& loop, TftpTransfer transfer) { tell(loop, {What::progress, std::move(transfer)}); }
    void finished(net::Loop& loop, TftpTransfer transfer, Code cause) {
        tell(loop, {What::finished, std::move(transfer), cause});
    }

private:
    static constexpr std::size_t most_before_progress = 4096;
    static constexpr std::size_t most = 65536;
    enum class What : std::uint8_t { started, progress, finished };
    struct Call {
        What what = What::started;
        TftpTransfer transfer{};
        Code cause = Code::ok;
    };
    void tell(net::Loop& loop, Call call);
    void work() noexcept;
    void make(const TftpObserver& observer, const Call& call) noexcept;

    Commons& commons_;
    std::vector<TftpObserver> observers_;
    std::mutex mutex_;
    std::deque<Call> calls_;
    bool busy_ = false;  // a worker is at them
};

// A transfer as an operator and the program see it, under the serial of its engine.
TftpTransfer describe_transfer(const Flow& flow);

// Looks once a second at what an engine's transfers have moved, as long as there are any. Belongs to its loop.
class ProgressTick {
public:
    explicit ProgressTick(Engine& engine);
    void begin();

private:
    void tick();
    Engine& engine_;
    net::Timer timer_;
    std::unordered_map<std::uint64_t, std::uint64_t> seen_;  // serial: bytes
    bool ticking_ = false;
};

}  // namespace wherry::tftp
