// RETR: send one file over the data connection (RFC 959 4.1.3, RFC 3659 section 5 for REST, draft-bryan-ftp-range for
// RANG).
#include "ftp/session.h"

namespace wherry::ftp {

net::Task<void> retr(Session& session, std::string_view argument) {
    const ByteRange range = session.take_range();
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    auto transfer = co_await session.workspace().open_read(*path, range);
    if (!transfer && transfer.error().code == Code::invalid) co_return session.reply(554, "Offset beyond the end");
    if (!transfer) co_return session.refuse(transfer.error());
    session.running() = std::move(*transfer);

    std::string text = "Sending ";
    if (session.compressed) {
        text += "compressed data";
    } else if (session.encoding == Encoding::image) {
        append_decimal(text, session.running()->size() - range.from);
        text += " bytes";
    } else {
        text += "text";
    }
    auto stream = co_await session.open_data(text);
    if (!stream) co_return co_await session.abandon(Code::closed);
    const Outcome outcome = co_await session.running()->send_to(*stream, session.wire(), session.stall_timeout());
    co_await session.end_transfer(std::move(stream), outcome);
}

}  // namespace wherry::ftp
