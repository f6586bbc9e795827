// STOR and APPE: receive one file over the data connection (RFC 959 4.1.3).
#include "ftp/session.h"

namespace wherry::ftp {
namespace {

net::Task<void> receive(Session& session, std::string_view argument, WriteRequest request) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    request.announced = session.take_announced();
    auto transfer = co_await session.workspace().open_write(*path, request);
    if (!transfer && transfer.error().code == Code::invalid) co_return session.reply(554, "Offset beyond the end");
    if (!transfer) co_return session.refuse(transfer.error());
    session.running() = std::move(*transfer);

    auto stream = co_await session.open_data("Ready to receive");
    if (!stream) co_return co_await session.abandon(Code::closed);
    const Outcome outcome =
        co_await session.running()->receive_from(*stream, session.encoding, session.stall_timeout());
    co_await session.end_transfer(std::move(stream), outcome);
}

}  // namespace

net::Task<void> stor(Session& session, std::string_view argument) {
    return receive(session, argument, {.mode = WriteRequest::Mode::store, .offset = session.take_restart()});
}

net::Task<void> appe(Session& session, std::string_view argument) {
    if (session.take_restart() != 0) co_return session.reply(450, "REST and APPE contradict each other");
    co_await receive(session, argument, {.mode = WriteRequest::Mode::append});
}

}  // namespace wherry::ftp
