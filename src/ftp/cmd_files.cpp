// DELE, RNFR, RNTO: files (RFC 959 4.1.3).
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
    if (!renamed && renamed.error().code == Code::invalid) {  // below itself: no mistake of the line, but of the name
        co_return session.reply(553, "A directory cannot become a part of itself");
    }
    if (!renamed) co_return session.refuse(renamed.error());
    session.reply(250, "Renamed");
}

}  // namespace wherry::ftp
