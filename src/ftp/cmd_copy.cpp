// SITE CPFR, CPTO, COPY, and COMB: bytes that move inside the server (ProFTPD's mod_copy, GlobalScape).
#include "ftp/session.h"
#include "ftp/words.h"

namespace wherry::ftp {
namespace {

net::Task<void> copy(Session& session, const Path& from, const Path& to) {
    Work& work = session.begin_work("Copying " + from.string() + " to " + to.string());
    const auto copied = co_await session.workspace().copy(from, to, work);
    if (!copied) co_return session.refuse(copied.error());
    session.reply(250, "Copied");
}

}  // namespace

net::Task<void> site_cpfr(Session& session, std::string_view argument) {
    session.copy_from.reset();
    auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    if (!session.workspace().may(*path, 'r')) co_return session.refuse({.code = Code::denied});
    const auto stat = co_await session.workspace().stat(*path);
    if (!stat) co_return session.refuse(stat.error());
    if (!stat->is_file()) {
        co_return session.refuse({.code = stat->is_directory() ? Code::is_directory : Code::not_regular});
    }
    session.copy_from = std::move(*path);
    session.reply(350, "Ready for the target of the copy");
}

net::Task<void> site_cpto(Session& session, std::string_view argument) {
    const auto from = std::exchange(session.copy_from, std::nullopt);
    if (!from) co_return session.reply(503, "Say SITE CPFR first");
    const auto to = session.resolve(argument);
    if (!to) co_return session.refuse(to.error());
    co_await copy(session, *from, *to);
}

net::Task<void> site_copy(Session& session, std::string_view argument) {
    const auto words = split_words(argument);
    if (!words || words->size() != 2) {
        co_return session.reply(501, "Use SITE COPY from to, in quotes where there are blanks");
    }
    const auto from = session.resolve(words->front());
    if (!from) co_return session.refuse(from.error());
    const auto to = session.resolve(words->back());
    if (!to) co_return session.refuse(to.error());
    co_await copy(session, *from, *to);
}

net::Task<void> comb(Session& session, std::string_view argument) {
    const auto words = split_words(argument);
    if (!words || words->size() < 2) {
        co_return session.reply(501, "Use COMB target part ..., in quotes where there are blanks");
    }
    std::vector<Path> paths;
    for (const std::string& word : *words) {
        auto path = session.resolve(word);
        if (!path) co_return session.refuse(path.error());
        paths.push_back(std::move(*path));
    }
    Path target = std::move(paths.front());
    paths.erase(paths.begin());
    Work& work = session.begin_work("Combining into " + target.string());
    const auto stayed = co_await session.workspace().combine(std::move(target), std::move(paths), work);
    if (!stayed) co_return session.refuse(stayed.error());
    session.reply(250,
                  *stayed == 0 ? "Combined" : "Combined; parts that could not be removed: " + std::to_string(*stayed));
}

}  // namespace wherry::ftp
