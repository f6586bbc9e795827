// What a Service asks its loops, and waits for.
#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>

#include "service/service.h"

namespace wherry {
namespace {

constexpr std::chrono::seconds patience{2};  // with a loop that is stuck, or has just ended

// What the loops tell. Shared with them: one may tell when nobody waits any more.
template <class Part>
class Answers {
public:
    explicit Answers(std::size_t wanted) : wanted_(wanted) {}
    void add(Part part) {
        const std::lock_guard lock(mutex_);
        parts_.push_back(std::move(part));
        more_.notify_all();
    }
    std::vector<Part> take(std::chrono::milliseconds most) {
        std::unique_lock lock(mutex_);
        more_.wait_for(lock, most, [&] { return parts_.size() >= wanted_; });
        return std::exchange(parts_, {});
    }

private:
    const std::size_t wanted_;
    std::mutex mutex_;
    std::condition_variable more_;
    std::vector<Part> parts_;
};

}  // namespace

std::string Service::exposition() {
    metrics_.set(Metric::tftp_cache_bytes, static_cast<std::int64_t>(tftp_.cache().bytes()));
    return metrics_.exposition();
}

bool Service::serves() {
    const std::lock_guard lock(mutex_);
    return started_ && !stopped_;
}

// How long to wait then. Loops turn by themselves, but for an attached one.
std::chrono::milliseconds Service::let_loops_tell(Asker who) {
    if (who != Asker::embedder || !config_.runtime.attached) return patience;
    loop().turn(net::Duration::zero());
    return std::chrono::milliseconds(0);
}

std::vector<TftpTransfer> Service::tftp_transfers(Asker who) {
    if (!serves()) return {};
    const auto answers = std::make_shared<Answers<std::vector<TftpTransfer>>>(tftp_.loops());
    tftp_.list([answers](std::vector<TftpTransfer> part) { answers->add(std::move(part)); });
    std::vector<TftpTransfer> all;
    for (auto& part : answers->take(let_loops_tell(who))) {
        std::ranges::move(part, std::back_inserter(all));
    }
    std::ranges::sort(all, [](const TftpTransfer& one, const TftpTransfer& other) {
        return std::tie(other.age, one.id) < std::tie(one.age, other.id);
    });
    return all;
}

bool Service::end_tftp_transfer(std::uint64_t id, Asker who) {
    if (!serves()) return false;
    const auto answers = std::make_shared<Answers<char>>(1);
    tftp_.end(id, [answers](bool found) { answers->add(found ? 1 : 0); });
    const auto told = answers->take(let_loops_tell(who));
    return !told.empty() && told.front() != 0;
}

}  // namespace wherry
