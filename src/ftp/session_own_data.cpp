// What a command of the embedder's moves over the data connection: in pieces, each of which a worker asks for or hands
// over.
#include <span>
#include <string>
#include <vector>

#include "core/text.h"
#include "ftp/deflated_text.h"
#include "ftp/server.h"
#include "ftp/session.h"

namespace wherry::ftp {
namespace {

constexpr std::size_t piece_size = 64 * 1024;

}  // namespace

net::Task<void> Session::move_own(const OwnCommand& command, const FtpReply& given) {
    if (!command.row.data) {
        commons_.log.error("[{} {}] {}: its function moves data, and its row says nothing of it", info_.id, info_.peer,
                           command.row.verb);
        co_return reply(451, "Local error in processing");
    }
    if (given.receive && compressed) co_return reply(504, "Not in MODE Z");
    auto stream = co_await open_data(given.text.empty() ? "Data connection" : std::string_view(given.text));
    if (!stream) co_return;
    const net::Io io =
        given.send ? co_await send_own(*stream, given.send) : co_await receive_own(*stream, given.receive);
    co_await end_data(std::move(stream), io);
}

net::Task<net::Io> Session::send_own(net::Stream& stream, const FtpSource& source) {
    DeflatedText sender(*this);
    for (std::string piece;;) {
        stream.set_deadline(loop_.now() + stall_timeout());
        piece.resize(piece_size);
        const auto got = co_await commons_.runtime.disk().run(
            loop_, [&]() -> Result<std::size_t> { return source(std::as_writable_bytes(std::span(piece))); });
        if (stream.cause() != Code::ok) co_return net::Io::failed(stream.cause());
        if (!got || *got > piece.size()) {
            commons_.log.info("[{} {}] data of a command: {}", info_.id, info_.peer,
                              got ? "more than was asked for" : for_log(got.error().message));
            co_return got ? net::Io::failed(Code::internal) : net::Io::failed(got.error().code, got.error().system);
        }
        if (*got == 0) break;
        piece.resize(*got);
        const net::Io io = co_await sender.send(stream, piece);
        if (!io.ok()) co_return io;
        co_await loop_.bulk_turn();
    }
    stream.set_deadline(loop_.now() + stall_timeout());
    co_return co_await sender.end(stream);
}

net::Task<net::Io> Session::receive_own(net::Stream& stream, const FtpSink& sink) {
    std::vector<std::byte> piece(piece_size);
    for (;;) {
        stream.set_deadline(loop_.now() + stall_timeout());
        const net::Io io = co_await stream.read(piece);
        if (!io.ok()) co_return io;
        const auto taken = co_await commons_.runtime.disk().run(
            loop_, [&]() -> Result<void> { return sink(std::span(piece).first(io.bytes)); });
        if (stream.cause() != Code::ok) co_return net::Io::failed(stream.cause());
        if (!taken) {
            commons_.log.info("[{} {}] data of a command: {}", info_.id, info_.peer, for_log(taken.error().message));
            co_return net::Io::failed(taken.error().code, taken.error().system);
        }
        if (io.bytes == 0) co_return io;
        co_await loop_.bulk_turn();
    }
}

}  // namespace wherry::ftp
