// STOR, APPE and STOU: receive one file over the data connection (RFC 959 4.1.3, RFC 1123 4.1.2.9).
#include "ftp/session.h"

namespace wherry::ftp {
namespace {

// After the file was opened. `text` is that of 125 or 150.
net::Task<void> receive_into(Session& session, Result<TransferPtr> transfer, std::string text) {
    if (!transfer && transfer.error().code == Code::invalid) co_return session.reply(554, "Offset beyond the end");
    if (!transfer) co_return session.refuse(transfer.error());
    session.running() = std::move(*transfer);

    auto stream = co_await session.open_data(text);
    if (!stream) co_return co_await session.abandon(Code::closed);
    const Outcome outcome =
        co_await session.running()->receive_from(*stream, session.wire(), session.stall_timeout(), &session.control());
    co_await session.end_transfer(std::move(stream), outcome);
}

net::Task<void> receive(Session& session, std::string_view argument, WriteRequest request) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    request.announced = session.take_announced();
    auto transfer = co_await session.workspace().open_write(*path, request);
    co_await receive_into(session, std::move(transfer), "Ready to receive");
}

// What is said against a REST or RANG that this command cannot honour.
bool has_range(Session& session) {
    const ByteRange range = session.take_range();
    const bool given = range.from != 0 || range.to != ByteRange().to;
    if (given) session.reply(450, "REST and RANG do not go with this command");
    return given;
}

}  // namespace

net::Task<void> stor(Session& session, std::string_view argument) {
    if (session.range_end != ByteRange().to && has_range(session)) co_return;
    co_await receive(session, argument, {.mode = WriteRequest::Mode::store, .offset = session.take_restart()});
}

net::Task<void> appe(Session& session, std::string_view argument) {
    if (has_range(session)) co_return;
    co_await receive(session, argument, {.mode = WriteRequest::Mode::append});
}

// The name begins with what the client gave, and is told as the client can use it.
net::Task<void> stou(Session& session, std::string_view argument) {
    if (has_range(session)) co_return;
    const auto path = session.resolve(argument.empty() ? "ftpd" : argument);
    if (!path) co_return session.refuse(path.error());
    auto transfer = co_await session.workspace().open_unique(*path, session.take_announced());
    std::string name(argument.substr(0, argument.rfind('/') + 1));
    if (transfer) name += (*transfer)->path().name();
    co_await receive_into(session, std::move(transfer), "FILE: " + name);
}

}  // namespace wherry::ftp
