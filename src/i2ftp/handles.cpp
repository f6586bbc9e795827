#include "i2ftp/handles.h"

#include <algorithm>
#include <utility>

namespace wherry::i2ftp {

// --- one open file -------------------------------------------------------------------------------

Result<void> Handle::write(std::uint64_t start, View data) {
    const std::lock_guard lock(writing_);
    if (std::exchange(undecided_, false)) {
        // From within what is kept: that stays. From the beginning, or with a gap: a file of its own.
        if (start > prefix_) prefix_ = 0;
        prefix_ = std::min(prefix_.load(), start);
        extent_ = prefix_.load();
        if (auto cut = transfer->truncate_now(prefix_); !cut) return cut;
    }
    if (data.empty()) return {};
    if (auto written = transfer->write_now(start, std::as_bytes(data)); !written) return written;
    const std::uint64_t end = start + data.size();
    if (start <= prefix_) prefix_ = std::max(prefix_.load(), end);
    extent_ = std::max(extent_.load(), end);
    return {};
}

Result<void> Handle::settle() {
    const std::lock_guard lock(writing_);
    if (!std::exchange(undecided_, false)) return {};
    prefix_ = extent_ = 0;
    return transfer->truncate_now(0);
}

void Handle::continue_from(const Handle& earlier) {
    prefix_ = earlier.prefix();
    extent_ = earlier.prefix();
    undecided_ = true;
}

// --- all of them ---------------------------------------------------------------------------------

bool Handles::full() const {
    const std::lock_guard lock(mutex_);
    return open_.size() >= settings_.handles;
}

bool Handles::add(const HandlePtr& handle, net::TimePoint now) {
    handle->used.store(now);
    const std::lock_guard lock(mutex_);
    if (open_.size() >= settings_.handles) return false;
    do {
        random_.fill(handle->id);
    } while (!open_.emplace(handle->id, handle).second);
    return true;
}

Lease Handles::find(View id, const std::string& owner) const {
    Id key;
    if (id.size() != key.size()) return {};
    std::copy(id.begin(), id.end(), key.begin());
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(key);
    return found != open_.end() && found->second->owner == owner ? Lease(found->second) : Lease();
}

bool Handles::close(Handle& handle) {
    if (handle.closed.exchange(true)) return false;
    const std::lock_guard lock(mutex_);
    open_.erase(handle.id);
    return true;
}

HandlePtr Handles::upload_of(const std::string& owner, const Path& path) const {
    const std::lock_guard lock(mutex_);
    HandlePtr latest;
    for (const auto& [id, handle] : open_) {
        if (handle->kind != Handle::Kind::upload || handle->owner != owner || handle->path != path) continue;
        if (!latest || handle->used.load() > latest->used.load()) latest = handle;
    }
    return latest;
}

HandlePtr Handles::take_interrupted(const std::string& owner, const Path& path) {
    const std::lock_guard lock(mutex_);
    const auto same = [&](const HandlePtr& handle) {
        return handle->kind == Handle::Kind::upload && handle->owner == owner && handle->path == path;
    };
    for (const auto& [id, handle] : open_) {
        if (!same(handle) || handle->attached.load() != 0 || handle->busy.load() != 0) continue;
        if (handle->closed.exchange(true)) continue;
        HandlePtr taken = handle;
        open_.erase(id);
        return taken;
    }
    const auto kept = std::find_if(kept_.rbegin(), kept_.rend(), same);
    if (kept == kept_.rend()) return nullptr;
    HandlePtr taken = *kept;
    kept_.erase(std::next(kept).base());
    return taken;
}

std::vector<HandlePtr> Handles::expired(net::TimePoint now) {
    std::vector<HandlePtr> over;
    const std::lock_guard lock(mutex_);
    for (auto next = open_.begin(); next != open_.end();) {
        const HandlePtr handle = next->second;
        const bool due = handle->busy.load() == 0 && handle->used.load() + settings_.handle_timeout <= now;
        if (!due || handle->closed.exchange(true)) {
            ++next;
            continue;
        }
        next = open_.erase(next);
        keep(handle, over);
    }
    const auto old = [&](const HandlePtr& handle) {
        return handle->used.load() + settings_.handle_timeout + settings_.keep_uploads <= now;
    };
    for (const HandlePtr& handle : kept_) {
        if (old(handle)) over.push_back(handle);
    }
    std::erase_if(kept_, old);
    return over;
}

// An upload with something in it may be continued; all else is over.
void Handles::keep(const HandlePtr& handle, std::vector<HandlePtr>& over) {
    const bool worth = handle->kind == Handle::Kind::upload && handle->expected.empty() && handle->prefix() > 0 &&
                       settings_.keep_uploads.count() > 0 && settings_.kept_uploads > 0;
    if (!worth) return over.push_back(handle);
    handle->transfer->rest();
    kept_.push_back(handle);
    if (kept_.size() > settings_.kept_uploads) {
        over.push_back(kept_.front());
        kept_.erase(kept_.begin());
    }
}

std::vector<HandlePtr> Handles::take_all() {
    std::vector<HandlePtr> all;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, handle] : open_) {
        if (!handle->closed.exchange(true)) all.push_back(handle);
    }
    open_.clear();
    all.insert(all.end(), kept_.begin(), kept_.end());
    kept_.clear();
    return all;
}

bool Handles::empty() const {
    const std::lock_guard lock(mutex_);
    return open_.empty() && kept_.empty();
}

std::size_t Handles::open() const {
    const std::lock_guard lock(mutex_);
    return open_.size();
}

std::size_t Handles::kept() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
}

}  // namespace wherry::i2ftp
