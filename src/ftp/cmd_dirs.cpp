// PWD, CWD, CDUP, MKD, RMD, RMDA: directories (RFC 959 4.1.1 and 4.1.3, draft-peterson-streamlined-ftp).
#include "ftp/session.h"

namespace wherry::ftp {
namespace {

net::Task<void> enter(Session& session, Path path) {
    const auto entered = co_await session.workspace().enter(path);
    if (!entered) co_return session.refuse(entered.error());
    session.cwd = std::move(path);
    session.reply(250, quote_path(session.cwd.text()) + " is the current directory");
}

}  // namespace

void pwd(Session& session, std::string_view) {
    session.reply(257, quote_path(session.cwd.text()) + " is the current directory");
}

net::Task<void> cwd(Session& session, std::string_view argument) {
    auto path = session.resolve(argument.empty() ? "/" : argument);
    if (!path) co_return session.refuse(path.error());
    co_await enter(session, std::move(*path));
}

// At the root one stays there (RFC 3659 section 6.1).
net::Task<void> cdup(Session& session, std::string_view) { co_await enter(session, session.cwd.parent()); }

net::Task<void> mkd(Session& session, std::string_view argument) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    const auto made = co_await session.workspace().make_directory(*path);
    if (!made) co_return session.refuse(made.error());
    session.reply(257, quote_path(path->text()) + " created");
}

net::Task<void> rmd(Session& session, std::string_view argument) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    if (path->is_root()) co_return session.reply(550, "The root cannot be removed");
    const auto removed = co_await session.workspace().remove_directory(*path);
    if (!removed) co_return session.refuse(removed.error());
    session.reply(250, "Directory removed");
}

// SITE RMDIR as well.
net::Task<void> rmda(Session& session, std::string_view argument) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    if (path->is_root()) co_return session.reply(550, "The root cannot be removed");
    Work& work = session.begin_work("Removing " + path->string());
    const auto removed = co_await session.workspace().remove_tree(*path, work);
    if (!removed) co_return session.refuse(removed.error());
    session.reply(250, "Directory removed, with all that was in it");
}

}  // namespace wherry::ftp
