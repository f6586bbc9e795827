// SITE: commands that no RFC knows.
#include <ctime>

#include "core/text.h"
#include "ftp/new_facts.h"
#include "ftp/session.h"
#include "ftp/words.h"

namespace wherry::ftp {
net::Task<void> site(Session& session, std::string_view argument) {
    const auto blank = argument.find(' ');
    const Row* row = find(session.table().site_commands(), upper(argument.substr(0, blank)));
    if (row == nullptr) {
        const bool known = find(site_commands(), upper(argument.substr(0, blank))) != nullptr;
        co_return session.reply(known ? 502 : 500, known ? "SITE command not implemented" : "Unknown SITE command");
    }
    co_await session.call(*row, blank == std::string_view::npos ? std::string_view() : argument.substr(blank + 1));
}

void site_help(Session& session, std::string_view argument) {
    help_about(session, session.table().site_commands(), "SITE commands:", argument);
}

net::Task<void> site_chmod(Session& session, std::string_view argument) {
    const auto blank = argument.find(' ');
    const auto mode = parse_mode(argument.substr(0, blank));
    if (!mode || blank == std::string_view::npos) co_return session.reply(501, "Use SITE CHMOD 644 path");
    const auto path = session.resolve(argument.substr(blank + 1));
    if (!path) co_return session.refuse(path.error());
    const auto set = co_await session.workspace().set_mode(*path, *mode);
    if (!set) co_return session.refuse(set.error());
    session.reply(200, "Mode changed");
}

net::Task<void> site_chown(Session& session, std::string_view argument) {
    const auto owner = parse_owner(argument);
    if (!owner) co_return session.reply(501, "Use SITE CHOWN uid[:gid] path, with numbers");
    const auto path = session.resolve(owner->path);
    if (!path) co_return session.refuse(path.error());
    const auto set = co_await session.workspace().set_owner(*path, owner->uid, owner->gid);
    if (!set) co_return session.refuse(set.error());
    session.reply(200, "Owner changed");
}

net::Task<void> site_symlink(Session& session, std::string_view argument) {
    const auto words = split_words(argument);
    if (!words || words->size() != 2) {
        co_return session.reply(501, "Use SITE SYMLINK target link, in quotes where there are blanks");
    }
    const auto link = session.resolve(words->back());
    if (!link) co_return session.refuse(link.error());
    // As ln -s has it: a relative target counts from the directory of the link.
    const auto target = Path::resolve(link->parent(), words->front());
    if (!target) co_return session.refuse(target.error());
    const auto made = co_await session.workspace().make_symlink(*link, *target);
    if (!made) co_return session.refuse(made.error());
    session.reply(200, "Symbolic link made");
}

net::Task<void> site_mkdir(Session& session, std::string_view argument) {
    const auto path = session.resolve(argument);
    if (!path) co_return session.refuse(path.error());
    Path made;
    for (const std::string_view name : path->components()) {
        made = made.child(name);
        auto done = co_await session.workspace().make_directory(made);
        if (done) continue;
        // A parent that may not be made, because of its letters or because it is there, need not be.
        const auto there = co_await session.workspace().stat(made);
        if (there && there->is_directory()) continue;
        if (there) done = fail(Code::not_directory);
        co_return session.refuse(done.error());
    }
    session.reply(250, quote_path(path->text()) + " is there");
}

net::Task<void> site_utime(Session& session, std::string_view argument) {
    const auto time = parse_utime(argument);
    if (!time) co_return session.reply(501, "Use SITE UTIME YYYYMMDDhhmmss path, in UTC");
    const auto path = session.resolve(time->path);
    if (!path) co_return session.refuse(path.error());
    const auto set = co_await session.workspace().set_modified(*path, time->modified);
    if (!set) co_return session.refuse(set.error());
    session.reply(200, "Time changed");
}

net::Task<void> site_quota(Session& session, std::string_view) {
    const auto usage = co_await session.workspace().usage();
    if (!usage && usage.error().code == Code::unsupported) co_return session.reply(200, "There is no quota");
    if (!usage) co_return session.refuse(usage.error());
    const auto of = [](std::uint64_t used, std::uint64_t most, std::string_view what) {
        return std::to_string(used) + (most == 0 ? std::string() : " of " + std::to_string(most)) + " " +
               std::string(what);
    };
    const UserLimits& limits = session.workspace().user().limits;
    session.reply(200, of(usage->bytes, limits.storage, "bytes, ") + of(usage->files, limits.files, "files"));
}

net::Task<void> site_usage(Session& session, std::string_view argument) {
    const auto path = session.resolve(argument.empty() ? "/" : argument);
    if (!path) co_return session.refuse(path.error());
    Work& work = session.begin_work("Counting what is in " + path->string());
    const auto usage = co_await session.workspace().measure(*path, work);
    if (!usage) co_return session.refuse(usage.error());
    session.reply(200, std::to_string(usage->bytes) + " bytes in " + std::to_string(usage->files) + " files");
}

// Of the times in LIST.
void site_zone(Session& session, std::string_view) {
    long minutes = 0;
    if (session.settings().show_local_time) {
        const time_t now = session.commons().runtime.clock().wall_seconds();
        tm local{};
        if (localtime_r(&now, &local) != nullptr) minutes = local.tm_gmtoff / 60;
    }
    const auto two = [](long number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    const long size = minutes < 0 ? -minutes : minutes;
    session.reply(200, std::string("UTC") + (minutes < 0 ? "-" : "+") + two(size / 60) + two(size % 60));
}

}  // namespace wherry::ftp
