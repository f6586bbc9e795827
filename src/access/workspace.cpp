#include "access/workspace.h"

#include <algorithm>
#include <utility>

#include "vfs/filtered_fs.h"

namespace wherry {

Workspace::Workspace(Commons& commons, net::Loop& loop, UserPtr user, SessionInfo session)
    : commons_(commons), loop_(loop), user_(std::move(user)), session_(std::move(session)) {}

Result<void> Workspace::need(const Path& path, char letter, const char* doing) const {
    if (may(path, letter)) return {};
    return fail(Code::denied, std::string(doing) + " " + path.string() + ": " + user_->name + " has no permission '" +
                                  letter + "' there");
}

// --- looking

net::Task<Result<Stat>> Workspace::stat(Path path) {
    if (auto allowed = need(path, 'l', "looking at"); !allowed) co_return std::unexpected(std::move(allowed.error()));
    Filesystem& files = *user_->filesystem;
    if (files.can_answer_at_once()) {
        auto stat = files.stat_at_once(path);
        if (stat || stat.error().code != Code::would_block) co_return stat;
    }
    co_return co_await on_disk_shortly([&] { return files.stat(path); });
}

net::Task<Result<Entry>> Workspace::entry(Path path) {
    if (auto allowed = need(path, 'l', "looking at"); !allowed) co_return std::unexpected(std::move(allowed.error()));
    Filesystem& files = *user_->filesystem;
    co_return co_await on_disk_shortly([&]() -> Result<Entry> {
        auto stat = files.lstat(path);
        if (!stat) return std::unexpected(std::move(stat.error()));
        Entry entry{std::string(path.name()), *stat, {}};
        if (stat->kind == Kind::symlink) entry.target = files.read_link(path).value_or(std::string());
        return entry;
    });
}

net::Task<Result<void>> Workspace::enter(Path path) {
    if (auto allowed = need(path, 'e', "entering"); !allowed) co_return allowed;
    Filesystem& files = *user_->filesystem;
    Result<Stat> stat = fail(Code::would_block);
    if (files.can_answer_at_once()) stat = files.stat_at_once(path);
    if (!stat && stat.error().code == Code::would_block)
        stat = co_await on_disk_shortly([&] { return files.stat(path); });
    if (!stat) co_return std::unexpected(std::move(stat.error()));
    if (!stat->is_directory()) co_return fail(Code::not_directory, "entering " + path.string());
    co_return Result<void>();
}

net::Task<Result<ListingPtr>> Workspace::list(Path path, Detail detail) {
    if (auto allowed = need(path, 'l', "listing"); !allowed) co_return std::unexpected(std::move(allowed.error()));
    co_return co_await on_disk_shortly([&] { return list_now(path, detail); }, commons_.guards.watch<action::List>());
}

Result<ListingPtr> Workspace::list_now(const Path& path, Detail detail) {
    if (auto allowed = need(path, 'l', "listing"); !allowed) return std::unexpected(std::move(allowed.error()));
    if (commons_.guards.watch<action::List>()) {
        if (auto ok = commons_.guards.ask(action::List{session_, path}); !ok) {
            return std::unexpected(std::move(ok.error()));
        }
    }
    return user_->filesystem->list(path, detail);
}

// --- downloads

net::Task<Result<TransferPtr>> Workspace::open_read(Path path, ByteRange range) {
    if (auto allowed = need(path, 'r', "downloading"); !allowed) co_return std::unexpected(std::move(allowed.error()));
    auto permit = commons_.limits.transfer(*user_, session_.peer);
    if (!permit) co_return std::unexpected(std::move(permit.error()));

    Filesystem& files = *user_->filesystem;
    const bool guarded = commons_.guards.watch<action::Download>();
    Result<FilePtr> file = fail(Code::would_block);
    OpenMode mode = OpenMode::for_reading();
    mode.offset = range.from;
    if (files.can_answer_at_once() && !guarded) {
        mode.wait = false;
        file = files.open(path, mode);
        mode.wait = true;
    }
    // Only a file that was opened without waiting may be asked and closed here as well: another may be on a slow mount.
    const bool quick = file.has_value();
    if (!file && file.error().code == Code::would_block) {
        file = co_await on_disk([&]() -> Result<FilePtr> {
            if (guarded) {
                if (auto ok = commons_.guards.ask(action::Download{session_, path}); !ok) {
                    return std::unexpected(std::move(ok.error()));
                }
            }
            return files.open(path, mode);
        });
    }
    if (!file) co_return std::unexpected(std::move(file.error()));
    const auto stat = quick ? (*file)->stat() : co_await on_disk([&] { return (*file)->stat(); });
    if (!stat) co_return std::unexpected(stat.error());

    Transfer::Parts parts{.commons = commons_, .loop = loop_, .path = std::move(path)};
    if (commons_.events.wants<event::Sent>()) parts.session = std::make_unique<SessionInfo>(session_);
    parts.file = std::move(*file);
    parts.offset = range.from;
    if (range.to < stat->size) parts.end = range.to;
    parts.opened = {.size = stat->size,
                    .modified = stat->modified,
                    .inode = stat->inode,
                    .device = stat->device,
                    .modified_nsec = stat->modified_nsec,
                    .changed = Transfer::folded(stat->changed),
                    .mode = static_cast<std::uint16_t>(stat->mode),
                    .links = static_cast<std::uint16_t>(stat->links),
                    .uid = stat->uid};
    parts.quick_close = quick;
    parts.permit = std::move(*permit);
    parts.throttle = commons_.rates.for_download(*user_, &buckets_);
    auto transfer = std::make_unique<Transfer>(std::move(parts));
    if (range.from > stat->size) {
        const auto closed = co_await transfer->finish(Outcome::file(Code::invalid));
        co_return fail(Code::invalid, "downloading from byte " + std::to_string(range.from) + ": the file ends at " +
                                          std::to_string(stat->size));
    }
    co_return transfer;
}

// --- uploads

net::Task<Result<TransferPtr>> Workspace::open_write(Path path, WriteRequest request) {
    const char letter = request.mode == WriteRequest::Mode::append ? 'a' : 'w';
    if (auto allowed = need(path, letter, "uploading"); !allowed) co_return std::unexpected(std::move(allowed.error()));
    auto permit = commons_.limits.transfer(*user_, session_.peer);
    if (!permit) co_return std::unexpected(std::move(permit.error()));
    Transfer::Parts parts{.commons = commons_, .loop = loop_, .path = path};
    begin_upload(parts);
    parts.upload->short_jobs = user_->filesystem->can_answer_at_once();
    parts.permit = std::move(*permit);
    parts.throttle = commons_.rates.for_upload(*user_, &buckets_);
    // Guards, counting what an account holds and claiming room take their time.
    const bool more = commons_.guards.watch<action::Upload>() || is_counted() || request.announced != 0;
    auto opened = co_await on_disk_shortly([&] { return open_upload(path, request, parts); }, more);
    if (!opened) co_return std::unexpected(std::move(opened.error()));
    co_return std::make_unique<Transfer>(std::move(parts));
}

void Workspace::begin_upload(Transfer::Parts& parts) const {
    parts.upload = std::make_unique<Transfer::Upload>();
    if (commons_.events.wants<event::Received>()) parts.session = std::make_unique<SessionInfo>(session_);
}

// On the disk lane: everything between the permission and the first byte.
Result<void> Workspace::open_upload(const Path& path, const WriteRequest& request, Transfer::Parts& parts) {
    using Mode = WriteRequest::Mode;
    Filesystem& files = *user_->filesystem;
    if (commons_.guards.watch<action::Upload>()) {
        const action::Upload action{session_, path, request.mode == Mode::append, request.offset};
        if (auto ok = commons_.guards.ask(action); !ok) return ok;
    }
    const bool counted = is_counted();
    UploadPolicy policy = upload_policy();
    policy.atomic = request.atomic.value_or(policy.atomic);
    policy.overwrite = request.overwrite.value_or(policy.overwrite);
    policy.keep_partial = request.keep_partial.value_or(policy.keep_partial);
    policy.file_mode = request.mode_bits.value_or(policy.file_mode);
    if (request.all_or_nothing) {
        policy.atomic = true;
        policy.keep_partial = false;
    }
    Transfer::Upload& upload = *parts.upload;
    upload.policy = policy;
    OpenMode mode{.read = request.readable, .write = true, .create = !request.only_existing, .mode = policy.file_mode};
    mode.exclusive = request.exclusive || (!policy.overwrite && request.mode == Mode::store && request.offset == 0);
    const bool anew = request.mode == Mode::store && request.offset == 0;
    upload.to_truncate = anew && request.truncate_late && !policy.atomic;
    mode.truncate = anew && !upload.to_truncate;
    upload.truncated = mode.truncate;
    mode.atomic = policy.atomic;
    mode.keep_partial = policy.keep_partial;
    if (counted || !mode.truncate || request.world_writable) {
        const auto before = files.stat(path);
        if (!before && before.error().code != Code::not_found) return std::unexpected(before.error());
        if (request.world_writable && before && (before->mode & 0002) == 0) {
            return fail(Code::denied, "uploading " + path.string() + ": others may not write it");
        }
        upload.existed = before.has_value();
        upload.old_size = before ? before->size : 0;
    }
    const bool made_late = upload.to_truncate && !upload.existed && mode.create;
    mode.exclusive |= made_late;  // then what is there is known to be ours
    upload.unique = (request.exclusive || made_late) && !mode.atomic;
    parts.offset = request.mode == Mode::append ? upload.old_size : request.offset;
    if (request.offset > upload.old_size && request.mode == Mode::store) {
        return fail(Code::invalid, "uploading from byte " + std::to_string(request.offset) + ": the file ends at " +
                                       std::to_string(upload.old_size));
    }
    if (auto fits = check_space(path, request.announced); !fits) return fits;
    if (policy.free_space_floor != 0 || policy.drop_broken || upload.unique) upload.filesystem = user_->filesystem;
    if (counted) {
        auto reservation = reserve(request.announced, upload.existed ? 0 : 1);
        if (!reservation) return std::unexpected(std::move(reservation.error()));
        upload.reservation = std::move(*reservation);
    }
    mode.offset = parts.offset;
    auto file = files.open(path, mode);
    if (!file) return std::unexpected(std::move(file.error()));
    if (request.announced != 0) {
        const auto most = std::numeric_limits<std::uint64_t>::max();
        const auto size = request.announced > most - parts.offset ? most : parts.offset + request.announced;
        if (auto room = (*file)->allocate(size); !room) {
            (*file)->failed(room.error().code);
            [[maybe_unused]] const auto closed = (*file)->close();
            return room;
        }
    }
    parts.file = std::move(*file);
    return {};
}

Result<Reservation> Workspace::reserve(std::uint64_t bytes, std::uint64_t files) const {
    if (!commons_.ledger.ready(*user_)) {
        const auto usage = Ledger::measure(vfs::without_filter(*user_->filesystem));
        if (!usage) return std::unexpected(usage.error());
        commons_.ledger.load(*user_, *usage);
    }
    return commons_.ledger.reserve(*user_, bytes, files);
}

Result<void> Workspace::check_space(const Path& path, std::uint64_t bytes) const {
    const std::uint64_t floor = upload_policy().free_space_floor;
    if (floor == 0 && bytes == 0) return {};
    const auto space = user_->filesystem->space(path.parent());
    if (!space) return {};  // a filesystem that does not tell has no floor
    if (space->free < floor || space->free - floor < bytes) {
        return fail(Code::no_space, "uploading " + path.string() + ": " + std::to_string(space->free) +
                                        " bytes are free, of which " + std::to_string(floor) + " must stay so");
    }
    return {};
}

net::Task<Result<void>> Workspace::room_for(Path path, std::uint64_t bytes) {
    co_return co_await on_disk([&]() -> Result<void> {
        if (auto fits = check_space(path, bytes); !fits) return fits;
        const auto reservation = reserve(bytes, 0);  // given back at once: only whether it is to be had
        if (!reservation) return std::unexpected(reservation.error());
        return {};
    });
}

// --- changing

// Asks the guards and makes the change, both on the disk lane, then tells. `Kind` is the action that guards see.
template <class Kind, class Tell, class Change>
net::Task<Result<void>> Workspace::change(Kind action, Change make, Tell tell) {
    const bool guarded = commons_.guards.watch<Kind>();
    const auto ask_and_make = [&]() -> Result<void> {
        if (guarded) {
            if (auto ok = commons_.guards.ask(action); !ok) return ok;
        }
        return make(*user_->filesystem);
    };
    auto done = co_await on_disk_shortly(ask_and_make, guarded);
    if (done) tell();
    co_return done;
}

net::Task<Result<void>> Workspace::make_directory(Path path) {
    if (auto allowed = need(path, 'm', "making directory"); !allowed) co_return allowed;
    co_return co_await change(
        action::MakeDirectory{session_, path},
        [&](Filesystem& files) { return files.make_directory(path, upload_policy().directory_mode); },
        [&] { commons_.events.publish<event::DirectoryMade>([&] { return event::DirectoryMade{session_, path}; }); });
}

net::Task<Result<void>> Workspace::remove_directory(Path path) {
    if (auto allowed = need(path, 'd', "removing directory"); !allowed) co_return allowed;
    co_return co_await change(
        action::RemoveDirectory{session_, path}, [&](Filesystem& files) { return files.remove_directory(path); },
        [&] {
            commons_.events.publish<event::DirectoryRemoved>([&] { return event::DirectoryRemoved{session_, path}; });
        });
}

net::Task<Result<void>> Workspace::remove_file(Path path) {
    if (auto allowed = need(path, 'd', "removing"); !allowed) co_return allowed;
    co_return co_await change(
        action::RemoveFile{session_, path},
        [&](Filesystem& files) -> Result<void> {
            const auto freed = bytes_freed(path);
            auto removed = files.remove_file(path);
            if (removed && freed) commons_.ledger.change(*user_, -*freed, -1);
            return removed;
        },
        [&] { commons_.events.publish<event::FileRemoved>([&] { return event::FileRemoved{session_, path}; }); });
}

// What the user's account gets back when `path` goes; nothing if nobody counts, or it is not a file.
std::optional<std::int64_t> Workspace::bytes_freed(const Path& path) const {
    if (!is_counted()) return std::nullopt;
    const auto stat = user_->filesystem->lstat(path);
    if (!stat || !stat->is_file()) return std::nullopt;
    return static_cast<std::int64_t>(stat->size);
}

net::Task<Result<void>> Workspace::may_rename(Path from) {
    if (auto allowed = need(from, 'f', "renaming"); !allowed) co_return allowed;
    if (from.is_root()) co_return fail(Code::denied, "renaming /");
    const auto stat = co_await on_disk_shortly([&] { return user_->filesystem->lstat(from); });
    if (!stat) co_return std::unexpected(stat.error());
    co_return Result<void>();
}

net::Task<Result<void>> Workspace::rename(Path from, Path to) {
    if (auto allowed = need(from, 'f', "renaming"); !allowed) co_return allowed;
    if (auto allowed = need(to, 'f', "renaming to"); !allowed) co_return allowed;
    co_return co_await change(
        action::Rename{session_, from, to},
        [&](Filesystem& files) -> Result<void> {
            if (!upload_policy().overwrite && files.lstat(to)) return fail(Code::exists, "renaming to " + to.string());
            const auto freed = from == to ? std::nullopt : bytes_freed(to);
            auto renamed = files.rename(from, to);
            if (renamed && freed) commons_.ledger.change(*user_, -*freed, -1);
            return renamed;
        },
        [&] { commons_.events.publish<event::Renamed>([&] { return event::Renamed{session_, from, to}; }); });
}

net::Task<Result<void>> Workspace::set_mode(Path path, std::uint32_t mode) {
    if (auto allowed = need(path, 'M', "changing the mode of"); !allowed) co_return allowed;
    mode &= 0777;  // set-user-id and its like are never a client's to set
    co_return co_await change(
        action::ChangeMode{session_, path, mode}, [&](Filesystem& files) { return files.set_mode(path, mode); },
        [&] { commons_.events.publish<event::ModeChanged>([&] { return event::ModeChanged{session_, path, mode}; }); });
}

net::Task<Result<void>> Workspace::set_modified(Path path, std::int64_t seconds) {
    if (auto allowed = need(path, 'T', "changing the time of"); !allowed) co_return allowed;
    co_return co_await change(
        action::ChangeTime{session_, path, seconds},
        [&](Filesystem& files) { return files.set_modified(path, seconds); },
        [&] {
            commons_.events.publish<event::TimeChanged>([&] { return event::TimeChanged{session_, path, seconds}; });
        });
}

net::Task<Result<void>> Workspace::set_created(Path path, std::int64_t seconds) {
    if (auto allowed = need(path, 'T', "changing the time of"); !allowed) co_return allowed;
    co_return co_await change(
        action::ChangeTime{session_, path, seconds, true},
        [&](Filesystem& files) { return files.set_created(path, seconds); },
        [&] {
            commons_.events.publish<event::TimeChanged>(
                [&] { return event::TimeChanged{session_, path, seconds, true}; });
        });
}

net::Task<Result<void>> Workspace::set_owner(Path path, std::uint32_t uid, std::optional<std::uint32_t> gid) {
    if (auto allowed = need(path, 'O', "changing the owner of"); !allowed) co_return allowed;
    co_return co_await change(
        action::ChangeOwner{session_, path, uid, gid},
        [&](Filesystem& files) { return files.set_owner(path, uid, gid); },
        [&] {
            commons_.events.publish<event::OwnerChanged>([&] { return event::OwnerChanged{session_, path, uid, gid}; });
        });
}

net::Task<Result<void>> Workspace::make_symlink(Path path, Path target) {
    if (auto allowed = need(path, 'S', "making symlink"); !allowed) co_return allowed;
    if (!user_->rules.empty()) {
        co_return fail(Code::denied, "making symlink " + path.string() + ": " + user_->name +
                                         " has rules for single directories, and a link would lead around them");
    }
    co_return co_await change(
        action::MakeSymlink{session_, path, target},
        [&](Filesystem& files) { return files.make_symlink(path, target); },
        [&] {
            commons_.events.publish<event::SymlinkMade>([&] { return event::SymlinkMade{session_, path, target}; });
        });
}

}  // namespace wherry
