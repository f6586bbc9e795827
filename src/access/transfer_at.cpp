// Transfer for protocols that ask for ranges. From several connections, and so from several loops, at once the file is
// used by one thread at a time: a lock, and not a loop, sees to that. Of many downloads of one file, each a transfer of
// its own, it is the descriptor that all use.
#include <algorithm>
#include <utility>

#include "access/open_files.h"
#include "access/transfer.h"

namespace wherry {

Result<std::size_t> Transfer::read_now(std::uint64_t offset, std::span<std::byte> into, bool counted) {
    const std::lock_guard lock(shared_);
    if (!parts_.file) return fail(Code::closed);
    const auto got = parts_.file->read_at(offset, into);
    if (got && counted) moved_ += *got;
    return got;
}

Result<void> Transfer::write_now(std::uint64_t offset, std::span<const std::byte> from) {
    const std::lock_guard lock(shared_);
    if (!parts_.file) return fail(Code::closed);
    auto written = store(offset, from);
    if (written) {
        at_ = std::max(at_, offset + from.size());
        moved_ += from.size();
    }
    return written;
}

Result<void> Transfer::truncate_now(std::uint64_t size) {
    const std::lock_guard lock(shared_);
    if (!parts_.file) return fail(Code::closed);
    auto cut = parts_.file->truncate(size);
    if (cut) at_ = size;
    return cut;
}

Result<Stat> Transfer::stat_now() {
    const std::lock_guard lock(shared_);
    if (!parts_.file) return fail(Code::closed);
    return parts_.file->stat();
}

net::Task<Result<void>> Transfer::finish_on(net::Loop& loop, Outcome outcome) {
    const auto closed = co_await parts_.commons.runtime.disk().run(loop, [&] {
        const std::lock_guard lock(shared_);
        finished_ = true;
        return close_file(outcome.cause);
    });
    if (outcome.complete() && !closed) outcome = Outcome::file(closed.error().code, closed.error().system);
    account(outcome.cause, loop.now());
    if (outcome.complete()) co_return Result<void>();
    if (!closed) co_return std::unexpected(closed.error());
    co_return fail(outcome.cause, {}, outcome.system);
}

// Without the lock, which a worker may hold as long as its disk takes: the chain of buckets never changes, and each
// bucket guards itself.
std::chrono::nanoseconds Transfer::charge(std::uint64_t bytes, net::TimePoint now) {
    return parts_.throttle.unlimited() ? std::chrono::nanoseconds::zero() : parts_.throttle.take(bytes, now);
}

void Transfer::rest() { parts_.permit.release(); }

Result<void> Transfer::go_on(const User& user, std::string_view peer) {
    if (parts_.permit) return {};
    auto permit = parts_.commons.limits.transfer(user, peer);
    if (!permit) return std::unexpected(std::move(permit.error()));
    parts_.permit = std::move(*permit);
    return {};
}

FileVersion Transfer::version(const void* filesystem) const {
    const Opened& about = parts_.opened;
    return {.filesystem = filesystem,
            .device = about.device,
            .inode = about.inode,
            .size = about.size,
            .modified = about.modified,
            .modified_nsec = about.modified_nsec,
            .changed = about.changed};
}

void Transfer::share_file(OpenFiles& files, const void* filesystem) {
    if (parts_.opened.inode == 0) return;
    std::shared_ptr<File> in_vain = files.share(version(filesystem), parts_.file);
    if (!in_vain || parts_.quick_close) return;
    parts_.commons.runtime.disk().run_detached(parts_.loop, [in_vain = std::move(in_vain)]() mutable {
        [[maybe_unused]] const auto closed = in_vain->close();
        in_vain.reset();
    });
}

}  // namespace wherry
