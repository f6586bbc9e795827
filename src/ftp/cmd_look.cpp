// MLST, SIZE, MDTM: what a single object is (RFC 3659).
#include "core/calendar.h"
#include "ftp/listing.h"
#include "ftp/session.h"

namespace wherry::ftp {

net::Task<void> mlst(Session& session, std::string_view argument) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    const auto stat = co_await session.workspace().stat(*path);
    if (!stat) co_return session.refuse(stat.error());
    MlsxStyle style;
    style.facts = session.facts;
    style.permissions = session.workspace().permissions(*path);
    std::string entry;
    append_mlst(entry, path->text(), *stat, style);
    session.reply(Reply(250, "Listing " + path->string()).line(entry).line("End"));
}

// Exact only in binary: counting the line ends of a huge text file on request would be an invitation (RFC 3659 4.).
net::Task<void> size(Session& session, std::string_view argument) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    if (session.encoding == Encoding::ascii) co_return session.reply(550, "SIZE not allowed in ASCII mode");
    const auto stat = co_await session.workspace().stat(*path);
    if (!stat) co_return session.refuse(stat.error());
    if (!stat->is_file()) co_return session.reply(550, "Not a regular file");
    session.reply(213, std::to_string(stat->size));
}

net::Task<void> mdtm(Session& session, std::string_view argument) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    const auto stat = co_await session.workspace().stat(*path);
    if (!stat) co_return session.refuse(stat.error());
    if (!stat->is_file()) co_return session.reply(550, "Not a regular file");
    session.reply(213, timestamp(stat->modified));
}

}  // namespace wherry::ftp
