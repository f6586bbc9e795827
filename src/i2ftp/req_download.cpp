// GETF opens a file, DOWN reads ranges of it.
#include <algorithm>
#include <limits>

#include "i2ftp/requests.h"
#include "i2ftp/session.h"
#include "i2ftp/words.h"

namespace wherry::i2ftp {
namespace {

constexpr std::uint64_t largest_offset = std::numeric_limits<std::int64_t>::max();

// One piece of a download, with the start as the client is to read it. How many bytes of the file were in it; nullopt:
// that was the last that can be said.
net::Task<std::optional<std::size_t>> send_piece(Session& session, Handle& handle, View start_text, std::uint64_t start,
                                                 std::size_t bytes) {
    const std::size_t head = start_text.size() + 3;
    Bytes message = session.memory();
    message.resize(head + bytes);
    message[0] = 1;
    message[1] = message[head - 1] = ',';
    std::copy(start_text.begin(), start_text.end(), message.begin() + 2);
    const auto into = std::as_writable_bytes(std::span(message)).subspan(head);
    const auto got = co_await session.commons().runtime.disk().run(
        session.loop(), [&] { return handle.transfer->read_now(start, into, true); });
    if (!got) {
        session.refuse(got.error().code == Code::closed ? says::bad_id : words_for(got.error()));
        co_return std::nullopt;
    }
    message.resize(head + *got);
    if (bytes > 0) co_await session.loop().bulk_turn();  // sums are computed when it is sent
    handle.used.store(session.loop().now());
    session.send(message);
    session.give_back(std::move(message));
    co_await session.pause(handle.transfer->charge(*got, session.loop().now()));
    co_return *got;
}

net::Task<void> send_rest(Session& session, Lease handle, std::uint64_t start, std::uint64_t end) {
    while (start < end && co_await session.room()) {
        Bytes start_text;
        append_u64(start_text, start);
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece, end - start));
        const auto got = co_await send_piece(session, *handle, start_text, start, wanted);
        if (!got || *got == 0) break;  // one piece beyond the end is said, and no more
        start += wanted;
    }
}

}  // namespace

net::Task<void> open_download(Session& session, View payload) {
    if (session.server().draining()) co_return session.refuse(says::stopping);
    if (session.server().handles().full()) co_return session.refuse(says::full);
    const auto path = parse_path(text(payload), says::no_file);
    if (!path) co_return session.refuse(path.error());
    auto transfer = co_await session.workspace().open_read(*path, 0);
    if (!transfer) {
        const Error& error = transfer.error();
        const bool told = error.shown || error.code == Code::denied || error.code == Code::busy;
        if (!told) co_return session.refuse(says::no_file);
        co_return error.code == Code::busy ? session.refuse("too many transfers, try again later")
                                           : session.refuse(error);
    }
    const auto handle = std::make_shared<Handle>(Handle::Kind::download, session.owner(), std::move(*transfer));
    if (!session.adopt(handle)) {
        [[maybe_unused]] const auto ended =
            co_await handle->transfer->finish_on(session.loop(), Outcome::network(Code::busy));
        co_return session.refuse(says::full);
    }
    session.start_digest(handle, Digest::Kind::md5);
    session.done(View(handle->id));
}

net::Task<void> read_download(Session& session, View payload) {
    const RangeRequest range = parse_range(payload);
    Lease handle = session.find(range.id);
    if (!handle) co_return session.refuse(says::bad_id);
    handle->used.store(session.loop().now());
    const std::uint64_t end = std::min(range.end <= range.start ? handle->size : range.end, largest_offset);
    const std::uint64_t length = end > range.start ? end - range.start : 0;
    co_await session.download_slot();
    if (!co_await session.room()) co_return;
    const auto first = static_cast<std::size_t>(std::min<std::uint64_t>(length, piece));
    const auto got = co_await send_piece(session, *handle, range.start_text, range.start, first);
    if (length <= piece || !got || *got == 0) co_return;
    session.downloads().start(send_rest(session, std::move(handle), range.start + piece, end));
}

}  // namespace wherry::i2ftp
