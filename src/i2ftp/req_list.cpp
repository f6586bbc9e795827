// LIST: what is in a directory, or what a file is, as a JSON object.
#include "i2ftp/frame.h"
#include "i2ftp/requests.h"
#include "i2ftp/session.h"
#include "i2ftp/words.h"

namespace wherry::i2ftp {
namespace {

constexpr std::size_t entries_at_once = 500;            // entries read at a time
constexpr std::size_t most_text = largest_message - 2;  // of a reply

void append_member(std::string& out, std::string_view name, const Stat& stat) {
    if (out.size() > 1) out += ", ";
    append_listed(out, name, stat.is_directory(), stat.size, stat.modified, stat.modified_nsec);
}

// A file that this client is uploading: as large as what is written so far, which is how the client of an interrupted
// upload learns from where to go on.
bool list_own_upload(Session& session, const Path& path, const Result<Stat>& stat) {
    const HandlePtr upload = session.server().handles().upload_of(session.owner(), path);
    if (!upload || (stat && stat->is_directory())) return false;
    Stat shown = stat ? *stat : Stat::file(0, session.loop().clock().wall_seconds());
    shown.size = upload->extent();
    std::string text = "{";
    append_member(text, path.name(), shown);
    session.done(text += '}');
    return true;
}

net::Task<void> list_directory(Session& session, const Path& path) {
    auto listing = co_await session.workspace().list(path, Detail::full);
    if (!listing) co_return session.refuse(listing.error());
    std::string out = "{";
    std::vector<Entry> entries;
    for (;;) {
        const auto read =
            co_await session.workspace().on_disk([&] { return (*listing)->next(entries, entries_at_once); });
        if (!read) co_return session.refuse(read.error());
        if (entries.empty() || session.ending()) break;
        for (const Entry& entry : entries) {
            if (entry.stat.kind != Kind::symlink) {
                append_member(out, entry.name, entry.stat);
            } else if (const auto target = co_await session.workspace().stat(path.child(entry.name))) {
                append_member(out, entry.name, *target);
            }
        }
        if (out.size() > most_text) co_return session.refuse(says::too_large);
        co_await session.loop().bulk_turn();
    }
    out += '}';
    if (out.size() > most_text) co_return session.refuse(says::too_large);
    session.done(out);
}

}  // namespace

net::Task<void> list(Session& session, View payload) {
    const auto path = parse_path(text(payload), says::missing);
    if (!path) co_return session.refuse(path.error());
    const auto stat = co_await session.workspace().stat(*path);
    if (list_own_upload(session, *path, stat)) co_return;
    if (!stat && stat.error().code == Code::denied) co_return session.refuse(says::denied);
    if (!stat) co_return session.refuse(says::missing);
    if (stat->is_directory()) co_return co_await list_directory(session, *path);
    std::string out = "{";
    append_member(out, path->name(), *stat);
    session.done(out += '}');
}

}  // namespace wherry::i2ftp
