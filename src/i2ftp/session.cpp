#include "i2ftp/session.h"

#include <algorithm>
#include <utility>

#include "access/login.h"
#include "core/text.h"
#include "i2ftp/requests.h"

namespace wherry::i2ftp {
namespace {

constexpr std::size_t inbox_messages = 128;  // then it is not read from the client
constexpr std::size_t inbox_limit = 1024 * 1024;
constexpr std::size_t outbox_limit = 768 * 1024;  // bytes to be sent; then no more are made
constexpr std::size_t much = 32 * 1024;
constexpr std::size_t most_spare = 2;               // a message that is made, and its frames
constexpr std::chrono::seconds farewell_within{2};  // of TLS
constexpr std::chrono::seconds look_every{1};       // at an ending session, whether its files are closed

SessionInfo info_of(const net::Stream& stream) {
    return {.protocol = "i2ftp", .peer = stream.peer().ip(), .peer_port = stream.peer().port()};
}

}  // namespace

Session::Session(Server& server, net::Post& place, std::uint64_t serial, net::StreamPtr stream, Door door)
    : server_(server),
      commons_(server.commons()),
      place_(place),
      loop_(*place.loop),
      serial_(serial),
      door_(door),
      stream_(std::move(stream)),
      info_(info_of(*stream_)),
      arrived_(loop_),
      taken_(loop_),
      queued_(loop_),
      written_(loop_),
      reader_(loop_),
      writer_(loop_),
      downloads_(loop_),
      timer_(
          loop_.timers(), [](void* self) { static_cast<Session*>(self)->on_timer(); }, this),
      started_(loop_.now()),
      active_(started_),
      progress_(started_) {}

Session::~Session() = default;

double Session::unix_time() const {
    return std::chrono::duration<double>(loop_.clock().wall().time_since_epoch()).count();
}

// --- life ----------------------------------------------------------------------------------------

bool Session::enter() {
    entry_ = commons_.sessions.enter(info_, server_.killer(place_, serial_));
    info_.id = entry_.id();
    commons_.metrics.add(Metric::sessions);
    commons_.events.publish<event::Connected>([&] { return event::Connected{info_}; });
    if (server_.draining()) {
        tell_refused(commons_, info_, event::Refused::Why::draining, "the server is shutting down");
        return false;
    }
    auto permit = admit_connection(commons_, info_, stream_->peer(), loop_.now());
    if (!permit) return false;
    permit_ = std::move(*permit);
    return true;
}

net::Task<void> Session::run() {
    try {
        if (enter() && co_await begin_tls() && co_await shake_hands()) co_await serve();
        if (!ending_) co_await downloads_.join();  // the client says no more, but may still listen
    } catch (const std::exception& error) {
        commons_.log.error("[{} {}] the session ended by an exception: {}", info_.id, info_.peer, error.what());
        cause_ = Code::internal;
    }
    ending_ = true;
    timer_.cancel();
    written_.ring();
    taken_.ring();
    queued_.ring();
    co_await downloads_.join();
    queued_.ring();
    co_await writer_.join();
    stream_->wake_reader();
    co_await reader_.join();
    if (stream_->is_secure() && stream_->cause() == Code::ok) {
        stream_->set_deadline(loop_.now() + farewell_within);
        [[maybe_unused]] const net::Io said = co_await stream_->say_end();
    }
    if (stream_->cause() == Code::ok && stream_->has_unread()) co_await stream_->close_gently();
    if (stream_->cause() != Code::ok && cause_ == Code::closed) cause_ = stream_->cause();
    for (const HandlePtr& handle : used_) --handle->attached;
    used_.clear();
    workspace_.reset();
    entry_.leave();
    commons_.metrics.add(Metric::sessions, -1);
    commons_.events.publish<event::Disconnected>([&] {
        return event::Disconnected{info_, std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - started_),
                                   cause_};
    });
}

void Session::end(Code cause) {
    if (stream_->cause() == Code::ok && cause_ == Code::closed) cause_ = cause;
    ending_ = true;
    stream_->abort(cause);
    arrived_.ring();
    taken_.ring();
    queued_.ring();
    written_.ring();
}

// What has been answered is still sent.
void Session::finish_softly() {
    if (ending_) return;
    cause_ = Code::killed;
    ending_ = true;
    arrived_.ring();
    taken_.ring();
    stream_->wake_reader();
}

void Session::drain() {
    draining_ = true;
    on_timer();
}

bool Session::has_open_files() const {
    return std::any_of(used_.begin(), used_.end(), [](const HandlePtr& handle) { return !handle->closed.load(); });
}

void Session::on_timer() {
    const auto now = loop_.now();
    if (draining_ && inbox_.empty() && !has_open_files()) return channel_ ? finish_softly() : end(Code::killed);
    if (!channel_) return;  // the handshake has a deadline of its own
    if (outbox_.empty()) progress_ = now;
    const auto& settings = server_.settings();
    if (now >= active_ + settings.idle_timeout || now >= progress_ + settings.stall_timeout) return end(Code::timeout);
    auto due = std::min(active_ + settings.idle_timeout, progress_ + settings.stall_timeout);
    if (draining_) due = std::min<net::TimePoint>(due, now + look_every);
    timer_.set(due);
}

// --- messages in ---------------------------------------------------------------------------------

net::Task<void> Session::serve() {
    stream_->clear_deadline();
    touch();
    on_timer();
    writer_.start(write_messages());
    reader_.start(read_messages());
    while (!ending_) {
        if (inbox_.empty()) {
            if (input_ended_) break;
            co_await arrived_.heard();
            continue;
        }
        Bytes message = std::move(inbox_.front());
        inbox_.pop_front();
        inbox_bytes_ -= message.size();
        taken_.ring();
        co_await handle(std::move(message));
        if (draining_) on_timer();
    }
}

net::Task<void> Session::read_messages() {
    View rest = stash_;
    bool stashed = true;
    while (!ending()) {
        if (!take(rest)) {
            if (!stashed) {
                stash_.assign(rest.begin(), rest.end());  // the scratch is anybody's while we wait
                rest = stash_;
                stashed = true;
            }
            co_await taken_.heard();
            continue;
        }
        if (std::exchange(stashed, false)) Bytes().swap(stash_);
        rest = {};
        const auto room = loop_.scratch();
        const net::Io io = stream_->try_read(room);
        if (io.would_block()) {
            co_await stream_->wait(io.needs);
            continue;
        }
        if (!io.ok() || io.bytes == 0) {
            if (!ending_) cause_ = io.ok() ? Code::closed : io.code;
            break;
        }
        touch();
        rest = view(std::span<const std::byte>(room).first(io.bytes));
        // Sums over much data have been computed on the loop: others first.
        if (io.bytes >= much && take(rest)) co_await loop_.bulk_turn();
    }
    input_ended_ = true;
    arrived_.ring();
}

// Messages into the inbox; false: it is full, and something is left.
bool Session::take(View& input) {
    while (!ending_) {
        if (inbox_.size() >= inbox_messages || inbox_bytes_ >= inbox_limit) return input.empty();
        auto received = channel_->next(input);
        if (!received) return true;
        if (received->kind == Received::Kind::message) {
            inbox_bytes_ += received->body.size();
            inbox_.push_back(std::move(received->body));
            arrived_.ring();
        } else if (received->damaged()) {
            commons_.log.debug("[{} {}] a damaged frame came", info_.id, info_.peer);
            if (received->kind == Received::Kind::too_large || ++damaged_ >= settings().damaged_frames) {
                commons_.log.info(
                    "[{} {}] ended: {}", info_.id, info_.peer,
                    received->kind == Received::Kind::too_large ? "a message is too large" : "too many damaged frames");
                end(Code::invalid);
            }
        }
    }
    return true;
}

net::Task<void> Session::handle(Bytes message) {
    const auto request = parse_request(message);
    const Row* row = request ? find_request(request->name) : nullptr;
    if (row == nullptr) co_return;
    commons_.metrics.add(Metric::commands_total);
    if (row->changes && settings().read_only) {
        refuse(says::read_only_server);
    } else {
        try {
            co_await row->run(*this, request->payload);
        } catch (const std::exception& error) {
            commons_.log.error("[{} {}] {} ended by an exception: {}", info_.id, info_.peer, row->name, error.what());
            refuse(words_for({}));
        }
    }
    commons_.events.publish<event::Command>([&] {
        return event::Command{info_, std::string(row->name),
                              row->names_a_path ? std::string(text(request->payload)) : std::string(), last_status_};
    });
}

// --- messages out --------------------------------------------------------------------------------

void Session::reply(Byte status, View payload) {
    last_status_ = status;
    Bytes message;
    message.reserve(payload.size() + 2);
    message.push_back(status);
    message.push_back(',');
    append(message, payload);
    send(message);
}

void Session::refuse(const Error& error) {
    if (error.code == Code::io || error.code == Code::internal) {
        commons_.log.warning("[{} {}] {}", info_.id, info_.peer, for_log(error.message));
    }
    refuse(words_for(error));
}

void Session::send(Bytes& message) {
    if (output_ended_) return;
    Bytes framed = memory();
    channel_->send(framed, message);
    outbox_bytes_ += framed.size();
    if (outbox_.empty()) progress_ = loop_.now();
    outbox_.push_back(std::move(framed));
    queued_.ring();
}

Bytes Session::memory() {
    Bytes one;
    if (spare_.empty()) return one;
    one.swap(spare_.back());
    spare_.pop_back();
    one.clear();
    return one;
}

void Session::give_back(Bytes memory) {
    if (memory.capacity() >= much && spare_.size() < most_spare && !downloads_.empty()) {
        spare_.push_back(std::move(memory));
    }
}

net::Task<bool> Session::room() {
    while (outbox_bytes_ >= outbox_limit && !output_ended_ && !ending()) co_await written_.heard();
    co_return !output_ended_ && !ending();
}

net::Task<void> Session::pause(std::chrono::nanoseconds span) {
    if (span <= std::chrono::nanoseconds::zero()) co_return;
    net::Timer alarm(loop_.timers(), [](void* bell) { static_cast<Bell*>(bell)->ring(); }, &written_);
    alarm.set(loop_.now() + span);
    while (alarm.is_set() && !ending()) co_await written_.heard();
}

net::Task<void> Session::write_messages() {
    while (!output_ended_) {
        if (outbox_.empty()) {
            // A stream may hold something back (TLS).
            if (const net::Io io = stream_->try_flush(); io.would_block()) {
                co_await stream_->wait(io.needs);
                continue;
            }
            if (ending_ && downloads_.empty()) break;
            if (downloads_.empty()) spare_.clear();
            co_await queued_.heard();
            continue;
        }
        View rest = outbox_.front();
        while (!rest.empty()) {
            const net::Io io = stream_->try_write(std::as_bytes(rest));
            if (io.would_block()) {
                co_await stream_->wait(io.needs);
                continue;
            }
            if (!io.ok()) {
                output_ended_ = true;
                break;
            }
            rest = rest.subspan(io.bytes);
            progress_ = loop_.now();
            touch();
        }
        outbox_bytes_ -= outbox_.front().size();
        give_back(std::move(outbox_.front()));
        outbox_.pop_front();
        written_.ring();
        co_await loop_.yield();
    }
    output_ended_ = true;
    outbox_.clear();
    outbox_bytes_ = 0;
    written_.ring();
}

// --- open files ----------------------------------------------------------------------------------

void Session::attach(const HandlePtr& handle) {
    if (std::find(used_.begin(), used_.end(), handle) != used_.end()) return;
    std::erase_if(used_, [](const HandlePtr& one) {
        const bool gone = one->closed.load();
        if (gone) --one->attached;
        return gone;
    });
    ++handle->attached;
    used_.push_back(handle);
}

Lease Session::find(View id) {
    Lease found = server_.handles().find(id, owner_);
    if (found) attach(found.pointer());
    return found;
}

bool Session::adopt(const HandlePtr& handle) {
    attach(handle);
    if (!server_.handles().add(handle, loop_.now())) return false;
    server_.watch_handles();
    return true;
}

net::Task<void> Session::download_slot() {
    while (downloads_.size() >= settings().downloads_at_once && !ending()) co_await written_.heard();
}

}  // namespace wherry::i2ftp
