// DELE, RNFR, RNTO, MFMT: files (RFC 959 4.1.3, draft-somers-ftp-mfxx).
#include "core/calendar.h"
#include "ftp/session.h"

namespace wherry::ftp {

net::Task<void> dele(Session& session, std::string_view argument) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    const auto removed = co_await session.workspace().remove_file(*path);
    if (!removed) co_return session.refuse(removed.error());
    session.reply(250, "File removed");
}

net::Task<void> rnfr(Session& session, std::string_view argument) {
    session.rename_from.reset();
    auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    const auto allowed = co_await session.workspace().may_rename(*path);
    if (!allowed) co_return session.refuse(allowed.error());
    session.rename_from = std::move(*path);
    session.reply(350, "Ready for the new name");
}

net::Task<void> rnto(Session& session, std::string_view argument) {
    const auto from = std::exchange(session.rename_from, std::nullopt);
    if (!from) co_return session.reply(503, "Say RNFR first");
    const auto to = session.resolve(argument);
    if (!to) co_return session.refuse(to.error());
    const auto renamed = co_await session.workspace().rename(*from, *to);
    if (!renamed) co_return session.refuse(renamed.error());
    session.reply(250, "Renamed");
}

net::Task<void> mfmt(Session& session, std::string_view argument) {
    const auto blank = argument.find(' ');
    const auto seconds = parse_timestamp(argument.substr(0, blank));
    if (blank == std::string_view::npos || !seconds) {
        co_return session.reply(501, "Use MFMT YYYYMMDDHHMMSS path, in UTC");
    }
    const auto path = session.resolve(argument.substr(blank + 1));
    if (!path) co_return session.refuse(path.error());
    const auto set = co_await session.workspace().set_modified(*path, *seconds);
    if (!set) co_return session.refuse(set.error());
    session.reply(213, "Modify=" + timestamp(*seconds) + "; " + path->string());
}

}  // namespace wherry::ftp
