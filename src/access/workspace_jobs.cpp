// Workspace: checksums, copies, and trees to be removed. Each is done by workers, a batch at a time, with a turn of the
// loop in between, for whatever may end the work to be heard.
#include <algorithm>
#include <utility>

#include "access/tree_walk.h"
#include "access/workspace.h"
#include "vfs/digest.h"

namespace wherry {
namespace {

constexpr std::uint64_t digest_batch = 8 * 1024 * 1024;  // bytes of one turn on the hash lane
constexpr std::uint64_t copy_batch = 16 * 1024 * 1024;   // and of one on the disk lane
constexpr std::size_t remove_batch_size = 200;           // objects
constexpr int most_looks = 3;  // at a directory that stays full although all in it was removed

}  // namespace

struct Workspace::Reading {
    FilePtr file;
    std::uint64_t size = 0;
};

// As a download: the same letter, the same guard. A checksum of single bytes would tell the content as well.
net::Task<Result<void>> Workspace::begin_reading(Path path, net::Lane& lane, Reading& reading) {
    if (auto allowed = need(path, 'r', "reading"); !allowed) co_return allowed;
    co_return co_await lane.run(loop_, [&]() -> Result<void> {
        if (commons_.guards.watch<action::Download>()) {
            if (auto ok = commons_.guards.ask(action::Download{session_, path}); !ok) return ok;
        }
        auto file = user_->filesystem->open(path, OpenMode::for_reading());
        if (!file) return std::unexpected(std::move(file.error()));
        const auto stat = (*file)->stat();
        if (!stat) return std::unexpected(stat.error());
        reading.file = std::move(*file);
        reading.size = stat->size;
        return {};
    });
}

net::Task<Result<FileDigest>> Workspace::digest(Path path, Hash algorithm, ByteRange range, Work& work) {
    net::Lane& lane = commons_.runtime.hash();
    auto digest = Digest::begin(algorithm);
    if (!digest) co_return std::unexpected(std::move(digest.error()));
    auto permit = commons_.limits.checksum(*user_);
    if (!permit) co_return std::unexpected(std::move(permit.error()));
    Reading reading;
    if (auto begun = co_await begin_reading(path, lane, reading); !begun) {
        co_return std::unexpected(std::move(begun.error()));
    }
    const auto close = [&] { reading.file.reset(); };
    range.to = std::min(range.to, reading.size);
    if (range.from > range.to) {
        co_await lane.run(loop_, close);
        co_return fail(Code::invalid, "computing a checksum of " + path.string() + ": it ends before");
    }
    Result<std::string> known =
        co_await lane.run(loop_, [&] { return user_->filesystem->hash(path, algorithm, range.from, range.to); });
    work.total = range.to - range.from;
    Result<void> read;
    if (!known && known.error().code != Code::unsupported) read = std::unexpected(std::move(known.error()));
    for (std::uint64_t at = range.from; read && !known && at < range.to;) {
        if (work.stopped()) {
            read = fail(work.stop, "computing a checksum of " + path.string());
            break;
        }
        read = co_await lane.run(loop_, [&](net::Lane::Worker& worker) -> Result<void> {
            const std::uint64_t end = std::min(range.to, at + digest_batch);
            while (at < end) {
                const auto room = worker.scratch();
                const std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), end - at));
                const auto got = (*reading.file).read_at(at, room.first(most));
                if (!got) return std::unexpected(got.error());
                if (*got == 0) return fail(Code::io, "computing a checksum of " + path.string() + ": it got shorter");
                digest->add(room.first(*got));
                at += *got;
            }
            return {};
        });
        work.done = at - range.from;
        co_await loop_.bulk_turn();
    }
    co_await lane.run(loop_, close);
    if (!read) co_return std::unexpected(std::move(read.error()));
    co_return FileDigest{known ? std::move(*known) : digest->finish(), range};
}

// --- copies

net::Task<Outcome> Workspace::copy_all(Transfer& target, Reading& source, Work& work) {
    for (std::uint64_t at = 0; at < source.size;) {
        if (work.stopped()) co_return Outcome::network(work.stop);
        const auto copied = co_await target.copy_from(*source.file, at, std::min(copy_batch, source.size - at));
        if (!copied) co_return Outcome::file(copied.error().code, copied.error().system);
        if (*copied == 0) co_return Outcome::file(Code::io);  // it has become shorter meanwhile
        at += *copied;
        work.done += *copied;
        co_await loop_.bulk_turn();
    }
    co_return Outcome();
}

net::Task<Result<void>> Workspace::copy(Path from, Path to, Work& work) {
    if (from == to) co_return fail(Code::invalid, "copying " + from.string() + " to itself");
    Reading source;
    if (auto begun = co_await begin_reading(from, commons_.runtime.disk(), source); !begun) co_return begun;
    work.total = source.size;
    // Written aside: `to` may be another name of `from`, which an ordinary upload would empty first.
    auto target = co_await open_write(std::move(to), {.announced = source.size, .all_or_nothing = true});
    Result<void> done;
    if (target) {
        const Outcome outcome = co_await copy_all(**target, source, work);
        done = co_await (*target)->finish(outcome);
    } else {
        done = std::unexpected(std::move(target.error()));
    }
    co_await on_disk([&] { source.file.reset(); });
    co_return done;
}

net::Task<Result<std::size_t>> Workspace::combine(Path target, std::vector<Path> parts, Work& work) {
    if (auto allowed = need(target, 'w', "combining into"); !allowed) {
        co_return std::unexpected(std::move(allowed.error()));
    }
    for (auto part = parts.begin(); part != parts.end(); ++part) {
        if (auto allowed = need(*part, 'd', "combining"); !allowed)
            co_return std::unexpected(std::move(allowed.error()));
        if (*part == target || std::find(parts.begin(), part, *part) != part) {
            co_return fail(Code::invalid, "combining " + part->string() + ": it is named twice");
        }
    }
    auto opened = co_await open_write(std::move(target), {.mode = WriteRequest::Mode::append, .all_or_nothing = true});
    if (!opened) co_return std::unexpected(std::move(opened.error()));
    const TransferPtr combined = std::move(*opened);
    Outcome outcome;
    Result<void> reading;
    for (auto part = parts.begin(); outcome.complete() && reading && part != parts.end(); ++part) {
        Reading source;
        reading = co_await begin_reading(*part, commons_.runtime.disk(), source);
        if (!reading) break;
        outcome = co_await copy_all(*combined, source, work);
        co_await on_disk([&] { source.file.reset(); });
    }
    if (!reading) outcome = Outcome::file(reading.error().code, reading.error().system);
    const auto done = co_await combined->finish(outcome);
    if (!reading) co_return std::unexpected(std::move(reading.error()));
    if (!done) co_return std::unexpected(done.error());
    // All of it is safe under its name; what cannot be removed now is there twice, which loses nothing.
    std::size_t stayed = 0;
    for (const Path& part : parts) {
        const auto removed = co_await remove_file(part);
        if (!removed) ++stayed;
    }
    co_return stayed;
}

// --- trees

Result<void> Workspace::remove_one(const Path& path, const Stat& stat) {
    if (auto allowed = need(path, 'D', "removing"); !allowed) return allowed;
    Filesystem& files = *user_->filesystem;
    if (stat.is_directory()) {
        if (commons_.guards.watch<action::RemoveDirectory>()) {
            if (auto ok = commons_.guards.ask(action::RemoveDirectory{session_, path}); !ok) return ok;
        }
        if (auto removed = files.remove_directory(path); !removed) return removed;
        commons_.events.publish<event::DirectoryRemoved>([&] { return event::DirectoryRemoved{session_, path}; });
        return {};
    }
    if (commons_.guards.watch<action::RemoveFile>()) {
        if (auto ok = commons_.guards.ask(action::RemoveFile{session_, path}); !ok) return ok;
    }
    const auto freed = bytes_freed(path);
    if (auto removed = files.remove_file(path); !removed) return removed;
    if (freed) commons_.ledger.change(*user_, -*freed, -1);
    commons_.events.publish<event::FileRemoved>([&] { return event::FileRemoved{session_, path}; });
    return {};
}

// On the disk lane. Some filesystems pass over names while others are taken out of the directory: it is looked at
// again.
Result<void> Workspace::remove_batch(TreeWalk& walk, std::uint64_t& removed, bool& end) {
    int looks = 0;
    for (std::size_t i = 0; i < remove_batch_size; ++i) {
        auto found = walk.next();
        if (!found) return std::unexpected(std::move(found.error()));
        end = !found->has_value();
        if (end) return {};
        auto done = remove_one((*found)->path, (*found)->stat);
        if (!done && done.error().code == Code::not_empty && ++looks < most_looks) {
            walk.again(std::move(**found));
            continue;
        }
        if (!done && done.error().code != Code::not_found) return done;
        ++removed;
    }
    return {};
}

net::Task<Result<void>> Workspace::remove_tree(Path path, Work& work) {
    if (auto allowed = need(path, 'D', "removing the tree"); !allowed) co_return allowed;
    if (path.is_root()) co_return fail(Code::denied, "removing /");
    Filesystem& files = *user_->filesystem;
    const auto stat = co_await on_disk([&] { return files.lstat(path); });
    if (!stat) co_return std::unexpected(stat.error());
    if (!stat->is_directory()) co_return fail(Code::not_directory, "removing the tree " + path.string());
    TreeWalk walk(files, path);
    Result<void> done;
    for (bool end = false; done && !end;) {
        if (work.stopped()) {
            done = fail(work.stop, "removing the tree " + path.string());
            break;
        }
        std::uint64_t removed = work.done;
        done = co_await on_disk([&] { return remove_batch(walk, removed, end); });
        work.done = removed;
        co_await loop_.bulk_turn();
    }
    co_await on_disk([&] { TreeWalk(std::move(walk)); });  // closes what it holds open
    co_return done;
}

}  // namespace wherry
