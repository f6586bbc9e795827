// MFMT, MFCT, MFF, and MDTM that sets: what is known of a file, changed (draft-somers-ftp-mfxx).
#include "core/calendar.h"
#include "ftp/new_facts.h"
#include "ftp/session.h"

namespace wherry::ftp {

namespace {

// "20240131235959 path"
struct TimedPath {
    std::int64_t seconds;
    std::string_view path;
};
std::optional<TimedPath> parse_timed_path(std::string_view argument) {
    const auto blank = argument.find(' ');
    const auto seconds = parse_timestamp(argument.substr(0, blank));
    if (blank == std::string_view::npos || !seconds) return std::nullopt;
    return TimedPath{*seconds, argument.substr(blank + 1)};
}

}  // namespace

net::Task<void> mfmt(Session& session, std::string_view argument) {
    const auto words = parse_timed_path(argument);
    if (!words) co_return session.reply(501, "Use MFMT YYYYMMDDHHMMSS path, in UTC");
    const auto path = session.resolve(words->path);
    if (!path) co_return session.refuse(path.error());
    const auto set = co_await session.workspace().set_modified(*path, words->seconds);
    if (!set) co_return session.refuse(set.error());
    session.reply(213, "Modify=" + timestamp(words->seconds) + "; " + path->string());
}

// FEAT is silent about it: which filesystem a client will have is not known before its login.
net::Task<void> mfct(Session& session, std::string_view argument) {
    const auto words = parse_timed_path(argument);
    if (!words) co_return session.reply(501, "Use MFCT YYYYMMDDHHMMSS path, in UTC");
    const auto path = session.resolve(words->path);
    if (!path) co_return session.refuse(path.error());
    const auto set = co_await session.workspace().set_created(*path, words->seconds);
    if (!set && set.error().code == Code::unsupported) {
        co_return session.reply(504, "The time of creation cannot be set here");
    }
    if (!set) co_return session.refuse(set.error());
    session.reply(213, "Create=" + timestamp(words->seconds) + "; " + path->string());
}

// Letters first, so that a user who lacks one of them changes nothing.
net::Task<void> mff(Session& session, std::string_view argument) {
    const auto facts = parse_new_facts(argument);
    if (!facts && facts.error().code == Code::unsupported) co_return session.reply(504, "Only modify and UNIX.mode");
    if (!facts) co_return session.reply(501, "Use MFF modify=YYYYMMDDHHMMSS;UNIX.mode=0644; path");
    const auto path = session.resolve(facts->path);
    if (!path) co_return session.refuse(path.error());
    Workspace& workspace = session.workspace();
    const bool allowed = (!facts->mode || workspace.may(*path, 'M')) && (!facts->modified || workspace.may(*path, 'T'));
    if (!allowed) co_return session.refuse({.code = Code::denied});
    if (facts->mode) {
        const auto set = co_await workspace.set_mode(*path, *facts->mode);
        if (!set) co_return session.refuse(set.error());
    }
    if (facts->modified) {
        const auto set = co_await workspace.set_modified(*path, *facts->modified);
        if (!set) co_return session.refuse(set.error());
    }
    session.reply(213, facts->text());
}

// "MDTM 20240131235959 path" of old clients. A file may be called so: if it is there, its time is what was asked for.
net::Task<void> mdtm_or_set(Session& session, std::string_view argument) {
    const auto blank = argument.find(' ');
    const auto seconds = parse_timestamp(argument.substr(0, blank));
    const bool sets = blank != std::string_view::npos && blank + 1 < argument.size() && seconds;
    if (!sets) co_return co_await mdtm(session, argument);
    const auto whole = session.resolve(argument);
    if (whole && co_await session.workspace().stat(*whole)) co_return co_await mdtm(session, argument);
    const auto path = session.resolve(argument.substr(blank + 1));
    if (!path) co_return session.refuse(path.error());
    const auto set = co_await session.workspace().set_modified(*path, *seconds);
    if (!set) co_return session.refuse(set.error());
    session.reply(213, timestamp(*seconds));
}

}  // namespace wherry::ftp
