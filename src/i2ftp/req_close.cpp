// CLOZ: a download tells its digest, an upload is complete.
#include "i2ftp/requests.h"
#include "i2ftp/session.h"
#include "i2ftp/words.h"

namespace wherry::i2ftp {
namespace {

net::Task<void> close_download(Session& session, Lease& handle) {
    if (handle->sum.load() == Handle::Sum::running) co_return session.refuse(says::calculating);
    if (!session.server().handles().close(*handle)) co_return session.refuse(says::bad_id);
    const bool known = handle->sum.load() == Handle::Sum::known;
    [[maybe_unused]] const auto ended =
        co_await handle->transfer->finish_on(session.loop(), known ? Outcome() : Outcome::file(Code::io));
    if (!known) co_return session.refuse("the file could not be read");
    session.done(handle->digest);
}

net::Task<void> close_upload(Session& session, Lease& handle) {
    bool right = true;
    if (!handle->expected.empty()) {
        const auto kind = handle->expected.size() == 64 ? Digest::Kind::sha256 : Digest::Kind::md5;
        if (handle->sum.load() == Handle::Sum::none) session.start_digest(handle.pointer(), kind);
        if (handle->sum.load() == Handle::Sum::running) co_return session.refuse(says::calculating);
        right = handle->sum.load() == Handle::Sum::known && handle->digest == handle->expected;
    }
    if (!session.server().handles().close(*handle)) co_return session.refuse(says::bad_id);
    const auto settled = co_await session.workspace().on_disk([&] { return handle->settle(); });
    Outcome outcome = right ? Outcome() : Outcome::file(Code::invalid);
    if (!settled) outcome = Outcome::file(settled.error().code, settled.error().system);
    const auto ended = co_await handle->transfer->finish_on(session.loop(), outcome);
    if (!right) co_return session.refuse(says::wrong_hash);
    if (!ended) co_return session.refuse(ended.error());
    session.done(std::string_view());
}

}  // namespace

net::Task<void> close_file(Session& session, View payload) {
    Lease handle = session.find(payload);
    if (!handle) co_return session.refuse(says::bad_id);
    handle->used.store(session.loop().now());
    if (handle->kind == Handle::Kind::download) {
        co_await close_download(session, handle);
    } else {
        co_await close_upload(session, handle);
    }
}

}  // namespace wherry::i2ftp
