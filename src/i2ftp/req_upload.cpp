// PULF opens a file for writing, UPLD writes into it.
#include "core/text.h"
#include "i2ftp/requests.h"
#include "i2ftp/session.h"
#include "i2ftp/words.h"

namespace wherry::i2ftp {
namespace {

net::Task<Result<void>> make_parents(Session& session, Path directory) {
    std::vector<Path> missing;
    for (; !directory.is_root(); directory = directory.parent()) {
        const auto stat = co_await session.workspace().stat(directory);
        if (stat && stat->is_directory()) break;
        if (stat) co_return fail(Code::not_directory);
        if (stat.error().code != Code::not_found) co_return std::unexpected(stat.error());
        missing.push_back(directory);
    }
    for (; !missing.empty(); missing.pop_back()) {
        const auto made = co_await session.workspace().make_directory(missing.back());
        if (!made && made.error().code != Code::exists) co_return made;
    }
    co_return Result<void>();
}

// The transfer of an earlier upload of the file that was interrupted, if it can be continued; null: there is none.
net::Task<HandlePtr> interrupted(Session& session, const Path& path) {
    HandlePtr earlier = session.server().handles().take_interrupted(session.owner(), path);
    if (!earlier) co_return nullptr;
    const auto is = co_await session.workspace().on_disk([&] { return earlier->transfer->stat_now(); });
    const auto stands = co_await session.workspace().stat(path);
    // Somebody may have put another file in its place, or removed it. One that is written aside stands nowhere yet.
    const bool same = is && (earlier->transfer->is_atomic() ||
                             (stands && is->inode == stands->inode && is->device == stands->device));
    if (same && earlier->expected.empty() && earlier->prefix() > 0 &&
        earlier->transfer->go_on(session.workspace().user(), session.info().peer)) {
        co_return earlier;
    }
    [[maybe_unused]] const auto ended =
        co_await earlier->transfer->finish_on(session.loop(), Outcome::network(Code::timeout));
    co_return nullptr;
}

void refuse_opening(Session& session, const Error& error) {
    switch (error.code) {
        case Code::not_found:
        case Code::is_directory:
        case Code::not_directory:
        case Code::not_regular:
        case Code::name_not_allowed:
        case Code::invalid: return session.refuse(says::no_file);
        case Code::exists: return session.refuse(says::path_exists);
        case Code::read_only: return session.refuse(says::read_only_server);
        default: return session.refuse(error);
    }
}

}  // namespace

net::Task<void> open_upload(Session& session, View payload) {
    if (session.server().draining()) co_return session.refuse(says::stopping);
    if (session.server().handles().full()) co_return session.refuse(says::full);
    const UploadTarget target = parse_upload_target(text(payload));
    const auto path = parse_path(target.path, says::no_file);
    if (!path) co_return session.refuse(path.error());
    if (path->is_root()) co_return session.refuse(says::no_file);

    const HandlePtr earlier = target.hash.empty() ? co_await interrupted(session, *path) : nullptr;
    std::shared_ptr<Transfer> transfer = earlier ? earlier->transfer : nullptr;
    if (!transfer) {
        if (const auto made = co_await make_parents(session, path->parent()); !made) {
            co_return refuse_opening(session, made.error());
        }
        WriteRequest request;
        if (!target.hash.empty()) request.atomic = true;  // nothing is seen of a file that turns out to be wrong
        request.readable = session.workspace().may(*path, 'r') || !target.hash.empty();
        auto opened = co_await session.workspace().open_write(*path, request);
        if (!opened) co_return refuse_opening(session, opened.error());
        transfer = std::move(*opened);
    }
    const auto handle = std::make_shared<Handle>(Handle::Kind::upload, session.owner(), transfer);
    handle->expected = target.hash;
    if (earlier) handle->continue_from(*earlier);
    if (!session.adopt(handle)) {
        [[maybe_unused]] const auto ended = co_await transfer->finish_on(session.loop(), Outcome::network(Code::busy));
        co_return session.refuse(says::full);
    }
    session.done(View(handle->id));
}

net::Task<void> write_upload(Session& session, View payload) {
    const RangeRequest range = parse_range(payload);
    const Lease handle = session.find(range.id);
    if (!handle) co_return session.refuse(says::bad_id);
    if (handle->kind != Handle::Kind::upload) co_return session.refuse(says::read_only_session);
    handle->used.store(session.loop().now());
    const auto written = co_await session.workspace().on_disk([&] { return handle->write(range.start, range.data); });
    handle->used.store(session.loop().now());
    if (!written && written.error().code == Code::closed) co_return session.refuse(says::bad_id);
    if (!written) {
        session.commons().log.info("[{} {}] writing {}: {}", session.info().id, session.info().peer,
                                   for_log(handle->path.text()), for_log(written.error().message));
    }
    // A client sees by the offset that nothing was written: the original has no other word for it.
    Bytes answer;
    append_u64(answer, range.start + (written ? range.data.size() : 0));
    session.done(View(answer));
    co_await session.pause(handle->transfer->charge(range.data.size(), session.loop().now()));
}

}  // namespace wherry::i2ftp
