// The part of Session that is about what is moved, or worked at, without being a file transfer.
#include <utility>

#include "ftp/session.h"

namespace wherry::ftp {
namespace {

constexpr std::size_t most_client_name = 128;

}  // namespace

net::Task<void> Session::end_data(net::StreamPtr stream, net::Io last) {
    if (last.ok() && stream->is_secure()) last = co_await stream->say_end();
    data_.attach(nullptr);
    if (last.ok() && stream->has_unread()) co_await stream->close_gently();
    stream.reset();
    if (last.ok()) {
        reply(226, "Transfer complete");
    } else {
        reply(reply_for(last.code));
    }
}

void Session::interrupt(Code cause) {
    data_.abort(cause);
    if (work_) work_->stop = cause;
}

Work& Session::begin_work(std::string what) {
    return work_.emplace(Work{.what = std::move(what), .stop = data_.aborted()});
}

// Of SITE, the command behind it decides.
bool Session::runs_beside(const Row& row, std::string_view argument) const {
    if (row.waiting != &site) return row.has(transfer);
    const Row* command = find(table().site_commands(), upper(argument.substr(0, argument.find(' '))));
    return command != nullptr && command->has(transfer);
}

Wire Session::wire() const {
    Wire wire(encoding);
    wire.deflate = compressed;
    wire.level = level.value_or(settings().mode_z_level);
    wire.most_ratio = settings().mode_z_ratio;
    return wire;
}

void Session::set_client(std::string_view name) {
    info_.client = printable(name.substr(0, most_client_name));
    entry_.set_info(info_);
}

// For the list of sessions.
void Session::note(const Row& row, std::string_view argument, bool busy) {
    const bool prepares = row.waiting == &pasv || row.plain == &epsv || row.plain == &port || row.plain == &eprt;
    entry_.set_command({.verb = row.verb,
                        .argument = row.has(secret) ? "****" : argument,
                        .prepares_data = prepares,
                        .busy = busy,
                        .at = loop_.now()});
}

}  // namespace wherry::ftp
