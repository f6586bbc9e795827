// ALLO, AVBL, DSIZ: how much there is, and how much there may be (RFC 959 4.1.3, draft-peterson-streamlined-ftp).
#include "core/text.h"
#include "ftp/session.h"

namespace wherry::ftp {

// Really asked, since a client that says ALLO wants to know before it sends gigabytes.
net::Task<void> allo(Session& session, std::string_view argument) {
    const auto bytes = parse_u63(argument.substr(0, argument.find(' ')));
    if (!bytes) co_return session.reply(501, "Not a number of bytes");
    const auto fits = co_await session.workspace().room_for(session.cwd, *bytes);
    if (!fits) co_return session.refuse(fits.error());
    session.announced = *bytes;
    session.reply(200, "There is room");
}

net::Task<void> avbl(Session& session, std::string_view argument) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    const auto bytes = co_await session.workspace().available(*path);
    if (!bytes) co_return session.refuse(bytes.error());
    session.reply(213, std::to_string(*bytes));
}

net::Task<void> dsiz(Session& session, std::string_view argument) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    Work& work = session.begin_work("Counting what is in " + path->string());
    const auto usage = co_await session.workspace().measure(*path, work);
    if (!usage) co_return session.refuse(usage.error());
    session.reply(213, std::to_string(usage->bytes));
}

}  // namespace wherry::ftp
