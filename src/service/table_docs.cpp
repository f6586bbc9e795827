#include "service/table_docs.h"

#include <fmt/format.h>

#include <array>
#include <variant>

#include "observe/metrics.h"
#include "wherry/events.h"

namespace wherry {
namespace {

constexpr std::string_view tftp_ended =
    "details, name, upload, text, block_size, window_size, path, size, result, bytes, blocks, repeated, timeouts, "
    "gaps, "
    "round_trip, duration, peer_error";

constexpr auto rows = std::to_array<EventRow>({
    {"Connected", "A client has connected; it has not been greeted yet.", ""},
    {"Refused", "A client was turned away at the door; `why` and `reason` say by what.", "why, reason"},
    {"TlsHandshake", "TLS came up on a control connection, or failed: `complete()` and `cause`.",
     "version, cipher, server_name, cause, reason"},
    {"Disconnected", "A session has ended, whether anybody logged in or not.", "duration, cause"},
    {"LoggedIn", "Somebody has logged in.", ""},
    {"LoginFailed", "A login was refused; `reason` says why, which the client is never told.", "name, reason"},
    {"LoggedOut", "A user has left by REIN or a new USER; who hangs up is only told by Disconnected.", ""},
    {"Command", "A command was answered; what is secret in `argument` reads \"****\".", "verb, argument, reply"},
    {"Sent", "A download has ended, in whatever way: `complete()` and `cause`.",
     "path, offset, bytes, duration, cause"},
    {"Received", "An upload has ended, in whatever way; if it is complete, the file is in its place.",
     "path, offset, bytes, duration, cause"},
    {"DirectoryMade", "A directory was made.", "path"},
    {"DirectoryRemoved", "A directory was removed.", "path"},
    {"FileRemoved", "A file was removed.", "path"},
    {"Renamed", "A file or a directory has another name.", "from, to"},
    {"ModeChanged", "Permission bits were set.", "path, mode"},
    {"TimeChanged", "A time of modification was set or, with `created`, that of creation.", "path, modified, created"},
    {"OwnerChanged", "An owner was set.", "path, uid, gid"},
    {"SymlinkMade", "A symbolic link was made.", "path, target"},
    {"TftpRequested", "A TFTP request was let in; what becomes of it is told under the same id.",
     "details, name, upload, text"},
    {"TftpRefused", "A TFTP request was refused: the client has had `code` and `reason`, `why` is for operators.",
     "details, name, upload, text, code, reason, why"},
    {"TftpStarted", "A TFTP transfer has begun; `name` is what the client wrote, `path` what it stands for.",
     "details, name, upload, text, block_size, window_size, path, size"},
    {"TftpDone", "A TFTP download has reached its end; `result` says whether the client has said so.", tftp_ended},
    {"TftpUploaded", "A TFTP upload is complete, and its file in its place.", tftp_ended},
    {"TftpProbed", "A TFTP client has taken a file's size and gone.", tftp_ended},
    {"TftpFailed", "A TFTP transfer has ended in any other way, which `result` says.", tftp_ended},
});
static_assert(rows.size() == std::variant_size_v<Event>, "a new event needs a row above");

constexpr std::string_view events_preface = R"(# Events

Made from the tables that the program itself reads; do not edit.

`server.on<event::Received>([](const event::Received& e) { ... })` is called after it has happened, on the one event thread of
the server, one event after the other; `on_event` gets all of them. Each has `session`, a `SessionInfo`, and what the table
says; `include/wherry/events.h` has the types. `examples/events_and_guards.cpp` shows them at work. `details` is a pointer to
what few want to know of a TFTP request: its id, the client's hardware address, the interface it came by, the options that were
asked for, the handler that has answered, the file's path on this machine; of a transfer that begins also the options that
are granted, and of one that has ended how many blocks were repeated for a gap or as a probe, how many packets of the client's said nothing new,
which part came out of the cache, and the ERROR that was sent.

| Event | When | Beside `session` |
|---|---|---|
)";

constexpr std::string_view metrics_preface = R"(# Metrics

Made from the table that the program itself reads; do not edit.

`Server::metrics()` answers them in the text format of Prometheus, and so does `wherry metrics` for a server with a control socket.
A counter only grows while the server lives, a gauge goes up and down. A summary is two: how often (`_count`) and how many seconds
together (`_sum`). One with labels has a series for each combination of their values.

| Metric | Type | Labels | |
|---|---|---|---|
)";

}  // namespace

std::span<const EventRow> event_rows() { return rows; }

std::string events_markdown() {
    std::string out(events_preface);
    for (const EventRow& row : rows) out += fmt::format("| `event::{}` | {} | {} |\n", row.name, row.when, row.members);
    return out;
}

std::string metrics_markdown() {
    std::string out(metrics_preface);
    for (std::size_t i = 0; i < static_cast<std::size_t>(Metric::count_); ++i) {
        const auto metric = static_cast<Metric>(i);
        out += fmt::format("| `{}` | {} | {} | {} |\n", Metrics::name(metric), Metrics::type(metric),
                           Metrics::labels(metric), Metrics::sentence(metric));
    }
    return out;
}

}  // namespace wherry
