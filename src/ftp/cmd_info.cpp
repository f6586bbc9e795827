// NOOP, SYST, FEAT, HELP, STAT: the server itself (RFC 959 4.1.3, RFC 2389).
#include <algorithm>
#include <iterator>
#include <vector>

#include "core/text.h"
#include "ftp/list_arguments.h"
#include "ftp/listing.h"
#include "ftp/session.h"
#include "vfs/digest.h"

namespace wherry::ftp {
namespace {

constexpr std::size_t stat_limit = 1000;  // entries of STAT <directory>: it all goes through the control connection
constexpr std::size_t verbs_a_line = 8;

void stat_server(Session& session) {
    Reply reply(211, "Wherry status");
    const SessionInfo& who = session.info();
    reply.line("Connected from " + who.peer + (session.logged_in() ? ", logged in as " + who.user : ", not logged in"));
    reply.line(std::string("TYPE ") + (session.encoding == Encoding::ascii ? "A" : "I") + ", MODE " +
               (session.compressed ? "Z" : "S") + ", STRU F");
    if (session.running()) {
        const Transfer& transfer = *session.running();
        reply.line("Transferring " + transfer.path().string() + ": " + std::to_string(transfer.moved()) +
                   " bytes so far");
    } else if (session.work() != nullptr) {
        const Work& work = *session.work();
        reply.line(work.what + ": " + std::to_string(work.done) +
                   (work.total != 0 ? " of " + std::to_string(work.total) : std::string()) + " so far");
    } else {
        reply.line(session.data().prepared() ? "Data connection prepared" : "No data connection");
    }
    session.reply(reply.line("End of status"));
}

// One more than is shown, so that it is known whether there are more. A listing may hand out fewer than it is asked
// for.
Result<void> read_some(Listing& listing, std::vector<Entry>& entries) {
    for (std::vector<Entry> portion; entries.size() <= stat_limit;) {
        if (auto done = listing.next(portion, stat_limit + 1 - entries.size()); !done) return done;
        if (portion.empty()) break;
        std::ranges::move(portion, std::back_inserter(entries));
    }
    return {};
}

// RFC 959: as LIST, but over the control connection.
net::Task<void> stat_path(Session& session, std::string_view argument) {
    const auto path = session.resolve(parse_list_arguments(argument).path);
    if (!path) co_return session.refuse(path.error());
    Workspace& workspace = session.workspace();
    ListStyle style;
    style.now = session.commons().runtime.clock().wall_seconds();
    auto listing = co_await workspace.list(*path, Detail::full);
    std::vector<Entry> entries;
    bool more = false;
    if (listing) {
        const auto read = co_await workspace.on_disk([&] {
            auto done = read_some(**listing, entries);
            listing->reset();
            return done;
        });
        if (!read) co_return session.refuse(read.error());
        more = entries.size() > stat_limit;
        if (more) entries.pop_back();
        std::ranges::sort(entries, {}, &Entry::name);
    } else if (listing.error().code == Code::not_directory) {
        auto entry = co_await workspace.entry(*path);
        if (!entry) co_return session.refuse(entry.error());
        entries.push_back(std::move(*entry));
    } else {
        co_return session.refuse(listing.error());
    }
    Reply reply(listing ? 212 : 213, "Status of " + path->string());
    std::string line;
    for (const Entry& entry : entries) {
        line.clear();
        append_list(line, entry, style);
        line.resize(line.size() - 2);  // Reply ends its lines itself
        reply.line(line);
    }
    if (more) reply.line("... and more: use LIST");
    session.reply(reply.line("End of status"));
}

// "SHA-1;SHA-256*;...": the star is behind the one in use.
std::string hash_feature(Hash in_use) {
    std::string text;
    for (const Hash hash : all_hashes) {
        text.append(text.empty() ? "" : ";").append(hash_name(hash)).append(hash == in_use ? "*" : "");
    }
    return text;
}

Reply verbs(std::span<const Row> rows, std::string_view title) {
    Reply reply(214, title);
    std::string line;
    std::size_t count = 0;
    for (const Row& row : rows) {
        line += row.verb;
        line.append(++count % verbs_a_line == 0 ? 0 : 6 - std::min<std::size_t>(5, row.verb.size()), ' ');
        if (count % verbs_a_line == 0) reply.line(std::exchange(line, {}));
    }
    if (!line.empty()) reply.line(line);
    reply.line("HELP <command> tells more");
    return reply;
}

}  // namespace

void noop(Session& session, std::string_view) { session.reply(200, "OK"); }

// Never another name: clients choose how they read LIST by it.
void syst(Session& session, std::string_view) { session.reply(215, "UNIX Type: L8"); }

void feat(Session& session, std::string_view) {
    std::vector<std::string> lines;
    for (const auto rows : {session.table().commands(), session.table().site_commands()}) {
        for (const Row& row : rows) {
            if (row.feature.empty() || (row.has(secured) && !session.tls_offered())) continue;
            lines.emplace_back(row.feature);
            if (row.feature == "MLST") lines.back() += " " + session.facts.feature_text();
            if (row.feature == "HASH") lines.back() += " " + hash_feature(session.hash_algorithm);
        }
    }
    std::ranges::sort(lines);
    Reply reply(211, "Features:");
    for (const auto& line : lines) reply.line(line);
    session.reply(reply.line("End"));
}

void help_about(Session& session, std::span<const Row> rows, std::string_view title, std::string_view argument) {
    if (argument.empty()) return session.reply(verbs(rows, title));
    const Row* row = find(rows, upper(argument));
    if (row == nullptr) return session.reply(501, "Unknown command");
    session.reply(214, "Syntax: " + std::string(row->help));
}

void help(Session& session, std::string_view argument) {
    if (istarts_with(argument, "SITE ")) {
        return help_about(session, session.table().site_commands(), "SITE commands:", argument.substr(5));
    }
    help_about(session, session.table().commands(), "Commands:", argument);
}

net::Task<void> stat(Session& session, std::string_view argument) {
    if (argument.empty()) co_return stat_server(session);
    if (!session.logged_in()) co_return session.reply(530, "Please log in with USER and PASS");
    co_await stat_path(session, argument);
}

}  // namespace wherry::ftp
