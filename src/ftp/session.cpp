#include "ftp/session.h"

#include <utility>

#include "access/login.h"
#include "ftp/server.h"

namespace wherry::ftp {
namespace {

constexpr std::size_t read_size = 16 * 1024;  // of one look at the control connection
constexpr std::size_t queue_limit = 32;       // commands waiting for the end of a transfer; see look_ahead()
constexpr std::size_t small_buffer = 256;     // what a waiting session may keep
constexpr unsigned reads_a_turn = 4;          // of a client that never pauses; then it is the others' turn

SessionInfo info_of(const net::Stream& control) {
    return {.protocol = "ftp",
            .peer = control.peer().ip(),
            .peer_port = control.peer().port(),
            .local = control.local().ip(),
            .local_port = control.local().port(),
            .secure = control.is_secure()};
}

}  // namespace

Session::Session(Server& server, net::Post& place, std::uint64_t serial, net::StreamPtr control, const Door& door)
    : encoding(server.settings()->ascii == Ascii::convert ? Encoding::ascii : Encoding::image),
      server_(server),
      settings_(server.settings()),
      commons_(server.commons()),
      place_(place),
      loop_(*place.loop),
      serial_(serial),
      control_(std::move(control)),
      door_(door),
      info_(info_of(*control_)),
      data_(*settings_, server.network(), server.ports(), commons_.log, *control_),
      transfers_(loop_),
      senders_(loop_),
      splitter_(settings_->line_limit),
      timer_(
          loop_.timers(), [](void* self) { static_cast<Session*>(self)->on_timer(); }, this),
      started_(loop_.now()),
      logged_out_(started_),
      active_(started_) {
    use_utf8(false);
}

Session::~Session() { loop_.forget(*this); }

const CommandTable& Session::table() const noexcept { return server_.table(); }

// --- life

bool Session::admit() {
    entry_ = commons_.sessions.enter(info_, server_.killer(place_, serial_), started_);
    info_.id = entry_.id();
    commons_.metrics.add(Metric::sessions);
    commons_.events.publish<event::Connected>([&] { return event::Connected{info_}; });
    if (server_.draining()) {
        tell_refused(commons_, info_, event::Refused::Why::draining, "the server is shutting down");
        reply(421, "Service shutting down");
        return false;
    }
    return admit_address();
}

net::Task<void> Session::run() {
    try {
        const bool admitted = admit();
        touch();
        if (door_.implicit_tls && !(admitted && co_await secure_control())) {
            out_.clear();  // a refusal in clear would be noise to a client of TLS
        } else if (admitted && co_await welcome()) {
            co_await serve();
        }
    } catch (const std::exception& error) {
        commons_.log.error("[{} {}] the session ended by an exception: {}", info_.id, info_.peer, error.what());
        cause_ = Code::internal;
    }
    timer_.cancel();
    interrupt(cause_ == Code::closed ? Code::reset : cause_);
    co_await transfers_.join();
    if (leaving_) reply(421, "Service shutting down");
    co_await say_goodbye();
    workspace_.reset();
    entry_.leave();
    commons_.metrics.add(Metric::sessions, -1);
    commons_.events.publish<event::Disconnected>([&] {
        return event::Disconnected{info_, std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - started_),
                                   cause_};
    });
}

void Session::end(Code cause, std::string_view farewell) {
    if (ending_) return control_->abort(cause);  // it only waits for its last replies to be taken
    ending_ = true;
    cause_ = cause;
    interrupt(cause);
    reply(421, farewell);
    send_now();
    control_->abort(cause);
}

void Session::drain() {
    draining_ = true;
    if (!transferring()) leave();
}

// Unlike end() it lets what has been said before arrive, the 226 of the transfer above all.
void Session::leave() {
    if (std::exchange(ending_, true)) return;
    leaving_ = true;
    cause_ = Code::killed;
    control_->wake_reader();
}

// Both timeouts of a session in one timer: nothing heard before login, and nothing moved on either channel.
void Session::on_timer() {
    const auto now = loop_.now();
    if (!logged_in() && now >= logged_out_ + settings().login_timeout) return end(Code::timeout, "Login timeout");
    if (transferring()) active_ = now;  // its own deadline watches over it
    const auto idle = idle_timeout();
    if (idle.count() > 0 && now >= active_ + idle) return end(Code::timeout, "Idle timeout, closing connection");
    auto due = idle.count() > 0 ? active_ + idle : net::TimePoint::max();
    if (!logged_in()) due = std::min(due, logged_out_ + settings().login_timeout);
    if (due != net::TimePoint::max()) timer_.set(due);
}

void Session::touch() {
    active_ = loop_.now();
    renew_ticket();
    if (!timer_.is_set()) on_timer();
}

// --- commands

net::Task<void> Session::serve() {
    while (!ending_) {
        if (!queue_.empty() && !transferring()) {
            Pending next = std::move(queue_.front());
            queue_.erase(queue_.begin());
            co_await handle(std::move(next));
        } else if (queue_.size() >= queue_limit) {
            if (!co_await look_ahead()) break;
        } else if (out_.size() >= settings().reply_limit) {
            send_now();
            co_await senders_.join();
        } else if (auto line = next_line()) {
            co_await keep_pace();
            if (ending_) break;
            co_await handle(std::move(*line));
        } else if (!co_await receive()) {
            break;
        }
    }
}

// False when there will be no more. True also without new bytes, when something else is to be done.
net::Task<bool> Session::receive() {
    if (++reads_in_a_row_ > reads_a_turn) {
        reads_in_a_row_ = 0;
        co_await loop_.yield();
    }
    for (;;) {
        const auto room = loop_.scratch().first(read_size);
        const net::Io io = control_->try_read(room);
        if (io.would_block()) {
            reads_in_a_row_ = 0;
            give_back_memory();
            co_await control_->wait(io.needs);
            if (has_queued_work()) co_return true;
            continue;
        }
        if (!io.ok() || io.bytes == 0) {
            if (!ending_) cause_ = io.ok() ? Code::closed : io.code;
            co_return false;
        }
        fresh_ = {reinterpret_cast<const char*>(room.data()), io.bytes};
        touch();
        co_return true;
    }
}

// A session that waits is small: ten thousand of them are a normal day.
void Session::give_back_memory() {
    if (stash_.capacity() > small_buffer) std::string().swap(stash_);
    if (out_.empty() && out_.capacity() > small_buffer) std::string().swap(out_);
    if (queue_.empty() && queue_.capacity() > 0) std::vector<Pending>().swap(queue_);
}

std::optional<Session::Pending> Session::next_line() {
    const auto line = splitter_.next(fresh_);
    if (!line) return std::nullopt;
    Pending pending;
    if (line->too_long) {
        pending.complaint = Reply(500, "Command line too long");
    } else if (auto parsed = parse_command_line(line->text)) {
        pending.line = std::move(*parsed);
        // A password is no name: its bytes are what was hashed.
        if (charset_ && pending.line.verb != "PASS") {
            pending.line.argument = charset_->to_utf8(pending.line.argument);
        }
    } else {
        pending.complaint = Reply(500, "Command not understood");
    }
    if (!fresh_.empty() && stash_.data() + stash_.size() != fresh_.data() + fresh_.size()) {
        stash_.assign(fresh_);  // the scratch is anybody's as soon as this command waits for something
        fresh_ = stash_;
    }
    return pending;
}

net::Task<void> Session::handle(Pending pending) {
    if (pending.complaint || pending.line.foreign != Foreign::none) {
        if (transferring()) {
            queue_.push_back(std::move(pending));
        } else if (pending.complaint) {
            reply(*pending.complaint);
        } else {
            reply(500, "This is an FTP server");
            ending_ = true;
        }
        co_return;
    }
    const Row* row = find(table().commands(), pending.line.verb);
    if (transferring() && (row == nullptr || !row->has(anytime) || !queue_.empty())) {
        // ABOR takes effect at once even where its reply has to wait for those before it.
        if (aborts(row, pending.line.argument)) interrupt(Code::aborted);
        queue_.push_back(std::move(pending));
        co_return;
    }
    commons_.metrics.add(Metric::commands_total);
    if (server_.hooks().before_command && co_await is_held_back(pending.line, row)) co_return;
    if (row == nullptr) {
        const bool elsewhere = is_known_elsewhere(pending.line.verb);
        reply(elsewhere ? 502 : 500, elsewhere ? "Command not implemented" : "Unknown command");
        co_return;
    }
    if (auto refusal = gate(*row, pending.line.argument)) {
        reply(*refusal);
        if (row->has(channel)) take_range();  // REST is for this command, whatever becomes of it
        co_return tell(*row, pending.line.argument);
    }
    // Between RNFR and RNTO nothing else is forbidden, only forgotten with the next RNFR (clients send NOOP there).
    if (runs_beside(*row, pending.line.argument)) {
        data_.begin();
        transfers_.start(run_transfer(*row, std::move(pending.line.argument)));
    } else {
        co_await execute(*row, std::move(pending.line.argument));
    }
}

std::optional<Reply> Session::gate(const Row& row, std::string_view argument) const {
    if (row.has(login) && !logged_in()) return Reply(530, "Please log in with USER and PASS");
    const bool superfluous = row.has(alone) && settings().strict && !argument.empty();
    if ((row.has(Needs::argument) && argument.empty()) || superfluous) {
        return Reply(501, "Syntax: " + std::string(row.help));
    }
    if (row.has(channel) && !data_secured && data_must_be_secured())
        return Reply(521, "Data must be protected: PROT P");
    if (row.has(channel) && !data_.prepared()) return Reply(425, "Use PASV, EPSV, PORT or EPRT first");
    return std::nullopt;
}

net::Task<void> Session::call(const Row& row, std::string_view argument) {
    if (auto refusal = gate(row, argument)) co_return reply(*refusal);
    co_await invoke(row, argument);
}

net::Task<void> Session::invoke(const Row& row, std::string_view argument) {
    if (row.plain != nullptr) {
        row.plain(*this, argument);
    } else if (row.waiting != nullptr) {
        co_await row.waiting(*this, argument);
    } else {
        co_await run_own(*row.own, argument);
    }
}

net::Task<void> Session::execute(const Row& row, std::string argument) {
    if (!transferring()) note(row, argument, true);
    co_await invoke(row, argument);
    touch();
    if (!transferring()) note(row, argument, false);
    tell(row, argument);
    if (row.has(secret)) {
        volatile char* secret_bytes = argument.data();
        for (std::size_t i = 0; i < argument.size(); ++i) secret_bytes[i] = 0;
    }
}

net::Task<void> Session::run_transfer(const Row& row, std::string argument) {
    note(row, argument, true);
    try {
        co_await invoke(row, argument);
    } catch (const std::exception& error) {
        commons_.log.error("[{} {}] {} ended by an exception: {}", info_.id, info_.peer, row.verb, error.what());
        data_.attach(nullptr);
        running_.reset();
        reply(451, "Local error in processing");
    }
    work_.reset();
    touch();
    note(row, argument, false);
    tell(row, argument);
    if (draining_) leave();
    if (!queue_.empty()) control_->wake_reader();
}

void Session::tell(const Row& row, std::string_view argument) {
    commons_.events.publish<event::Command>([&] {
        return event::Command{info_, std::string(row.verb), std::string(row.has(secret) ? "****" : argument),
                              last_code_};
    });
}

// --- data connections

net::Task<net::StreamPtr> Session::open_data(std::string_view text) {
    const bool connected = data_.connected();
    reply(connected ? 125 : 150, text);
    auto stream = co_await data_.open();
    if (!stream) {
        if (stream.error().code == Code::aborted) {
            reply(426, "Transfer aborted");
        } else {
            commons_.log.info("[{} {}] {}", info_.id, info_.peer, for_log(stream.error().message));
            reply(425, "Cannot open data connection");
        }
        co_return nullptr;
    }
    data_.attach(stream->get());
    if (data_secured) co_return co_await secure_data(std::move(*stream));
    co_return std::move(*stream);
}

net::Task<void> Session::end_transfer(net::StreamPtr stream, Outcome outcome) {
    // Of an upload everything has been read.
    const bool download = running_->direction() == Transfer::Direction::download;
    if (outcome.complete() && stream->is_secure()) {
        const net::Io said = co_await stream->say_end();
        if (!said.ok() && download) outcome = Outcome::network(said.code, said.system);
    }
    data_.attach(nullptr);
    if (outcome.complete() && download && stream->has_unread()) co_await stream->close_gently();
    stream.reset();  // before the reply: who reads 226 may count on having been sent everything
    const auto done = co_await running_->finish(outcome);
    running_.reset();
    if (done) {
        reply(226, "Transfer complete");
    } else {
        refuse(done.error());
    }
}

net::Task<void> Session::abandon(Code cause) {
    [[maybe_unused]] const auto done = co_await running_->finish(Outcome::network(cause));
    running_.reset();
}

// --- users

void Session::log_out() {
    if (!logged_in()) return;
    commons_.events.publish<event::LoggedOut>([&] { return event::LoggedOut{info_}; });
    workspace_.reset();
    user_permit_.release();
    data_.allow_foreign(false);
    info_.user.clear();
    info_.extra = own_extra_;
    entry_.set_info(info_);
    logged_out_ = loop_.now();
    on_timer();
}

void Session::reset_parameters() {
    data_.reset();
    cwd = Path();
    encoding = first_encoding();
    compressed = false;
    level.reset();
    take_range();
    announced = 0;
    rename_from.reset();
    copy_from.reset();
    login_name.clear();
    password_due = false;
    only_epsv = false;
    facts = Facts::standard();
    hash_algorithm = Hash::sha256;
}

}  // namespace wherry::ftp
