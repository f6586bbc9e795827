#include "tftp/observing.h"

#include <chrono>
#include <exception>

#include "tftp/engine.h"
#include "tftp/packet.h"
#include "tftp/server.h"

namespace wherry::tftp {
namespace {

constexpr std::chrono::seconds progress_step{1};

}  // namespace

void Observers::tell(net::Loop& loop, Call call) {
    {
        const std::lock_guard lock(mutex_);
        if (calls_.size() >= (call.what == What::progress ? most_before_progress : most)) return;
        calls_.push_back(std::move(call));
        if (std::exchange(busy_, true)) return;
    }
    commons_.outstanding.begin();
    commons_.runtime.disk().run_detached(loop, [this] { work(); });
}

void Observers::work() noexcept {
    for (;;) {
        Call call;
        {
            const std::lock_guard lock(mutex_);
            busy_ = !calls_.empty();
            if (!busy_) break;
            call = std::move(calls_.front());
            calls_.pop_front();
        }
        for (const TftpObserver& observer : observers_) make(observer, call);
    }
    commons_.outstanding.end();
}

void Observers::make(const TftpObserver& observer, const Call& call) noexcept {
    try {
        switch (call.what) {
            case What::started:
                if (observer.started) observer.started(call.transfer);
                break;
            case What::progress:
                if (observer.progress) observer.progress(call.transfer);
                break;
            case What::finished:
                if (observer.finished) observer.finished(call.transfer, call.cause);
                break;
        }
    } catch (const std::exception& exception) {
        commons_.log.warning("tftp: an observer has thrown: {}", exception.what());
    } catch (...) {
        commons_.log.warning("tftp: an observer has thrown");
    }
}

TftpTransfer describe_transfer(const Flow& flow) {
    const auto request = parse_request(flow.request(), flow.settings().parse);
    TftpTransfer out;
    out.id = flow.serial;
    out.upload = direction_of(flow) == TftpDirection::write;
    out.peer = flow.route.peer.ip();
    out.peer_port = flow.route.peer.port();
    if (request) out.name = request->name;
    if (flow.exchange) {
        const Progress progress = flow.exchange->progress();
        out.bytes = progress.bytes;
        out.size = progress.size;
    }
    out.age = std::chrono::duration_cast<std::chrono::milliseconds>(flow.engine.loop().now() - flow.began);
    return out;
}

ProgressTick::ProgressTick(Engine& engine)
    : engine_(engine),
      timer_(engine.loop().timers(), [](void* self) { static_cast<ProgressTick*>(self)->tick(); }, this) {}

void ProgressTick::begin() {
    if (std::exchange(ticking_, true)) return;
    timer_.set(engine_.loop().now() + progress_step);
}

void ProgressTick::tick() {
    std::unordered_map<std::uint64_t, std::uint64_t> now;
    for (TftpTransfer& one : engine_.transfers()) {
        now[one.id] = one.bytes;
        const auto before = seen_.find(one.id);
        if (one.bytes == (before == seen_.end() ? 0 : before->second)) continue;
        one.id = engine_.server().id_of(engine_, one.id);
        engine_.server().observers().progress(engine_.loop(), std::move(one));
    }
    seen_ = std::move(now);
    ticking_ = !seen_.empty();
    if (ticking_) timer_.set(engine_.loop().now() + progress_step);
}

}  // namespace wherry::tftp
