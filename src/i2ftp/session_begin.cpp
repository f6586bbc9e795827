// The beginning of a session: the handshake, and who it was.
#include <utility>

#include "access/login.h"
#include "core/text.h"
#include "i2ftp/session.h"
#include "net/tls_stream.h"

namespace wherry::i2ftp {
namespace {

constexpr int windows_looked_through = 24 * 60;  // minutes by which a clock may be wrong and the log still says so

}  // namespace

bool Session::admit(const Token16& token) { return server_.guard().admit(token, info_.peer, loop_.now()); }
bool Session::accept(const Token64& answer) { return server_.guard().accept(answer, loop_.now()); }

// The whole protocol inside TLS 1.3, which is where it is safe.
net::Task<bool> Session::begin_tls() {
    if (!door_.tls) co_return true;
    const auto context = server_.tls();
    if (context == nullptr) co_return false;
    auto stream = std::make_unique<net::TlsStream>(
        std::move(stream_), context,
        net::TlsUse{.binding = net::random_tls_binding(), .protocol = "i2ftp", .minimum = TlsVersion::tls13});
    net::TlsStream& tls = *stream;
    stream_ = std::move(stream);
    stream_->set_deadline(loop_.now() + settings().handshake_timeout);
    const auto done = co_await tls.handshake();
    tell_handshake(commons_, info_, tls, done);
    if (done) {
        entry_.set_info(info_);
        co_return !ending_;
    }
    cause_ = done.error().code;
    co_return false;
}

net::Task<bool> Session::shake_hands() {
    stream_->set_deadline(loop_.now() + settings().handshake_timeout);
    ring_ = server_.ring();
    ServerHandshake handshake(
        ring_->keys, {.preauth = settings().preauth, .rsa = server_.rsa(), .largest_message = settings().message_limit},
        server_.random(), this);
    if (!co_await converse(handshake)) {
        if (stream_->cause() != Code::ok) cause_ = stream_->cause();
        co_await refuse(handshake);
        co_return false;
    }
    if (!log_in(handshake)) co_return false;
    channel_.emplace(handshake.take_channel());
    if (channel_->coded() && settings().secured_greeting_delay.count() > 0) {
        stream_->set_deadline(loop_.now() + settings().secured_greeting_delay + settings().handshake_timeout);
        co_await stream_->pause_until(loop_.now() + settings().secured_greeting_delay);
    }
    if (stream_->cause() != Code::ok) co_return false;
    Bytes hello(view(greeting).begin(), view(greeting).end());
    send(hello);
    co_return true;
}

// False: it came to nothing. What the client has sent beyond it is in the stash.
net::Task<bool> Session::converse(ServerHandshake& handshake) {
    net::Timer silence(
        loop_.timers(), [](void* stream) { static_cast<net::Stream*>(stream)->wake_reader(); }, stream_.get());
    silence.set(loop_.now() + settings().old_client_wait);
    bool heard = false;
    bool spoke = false;
    for (;;) {
        if (const Bytes out = handshake.take_output(); !out.empty()) {
            if (const net::Io io = co_await stream_->write_all(std::as_bytes(std::span(out))); !io.ok()) {
                co_return false;
            }
        }
        if (handshake.failed()) co_return false;
        if (handshake.done()) co_return true;
        if (handshake.must_decrypt()) {
            const Bytes key = co_await commons_.runtime.auth().run(
                loop_, [&] { return server_.rsa()->open(handshake.block(), server_.random()); });
            handshake.decrypted(key);
            continue;
        }
        if (!stash_.empty()) {
            const Bytes before = std::exchange(stash_, {});
            View rest = before;
            handshake.feed(rest, unix_time());
            stash_.assign(rest.begin(), rest.end());
            if (rest.size() != before.size()) continue;
        }
        const auto room = loop_.scratch();
        const net::Io io = stream_->try_read(room);
        if (io.would_block()) {
            if (heard || spoke || silence.is_set()) {
                co_await stream_->wait(io.needs);
            } else {
                spoke = true;
                handshake.silence();
            }
            continue;
        }
        if (!io.ok() || io.bytes == 0) co_return false;
        heard = true;
        append(stash_, view(std::span<const std::byte>(room).first(io.bytes)));
    }
}

net::Task<void> Session::refuse(const ServerHandshake& handshake) {
    const auto token = handshake.preauth_token();
    const auto match = handshake.match();
    std::string reason = handshake.failed() ? handshake.reason() : "the client went away in the handshake";
    bool guess = handshake.failed() && handshake.wrong_key();
    if (handshake.failed() && token && !match) {
        const auto away = ring_->keys.match(*token, unix_time(), windows_looked_through);
        if (away) {
            reason = "the clock of the client is " + std::to_string(std::abs(away->offset)) + " minutes " +
                     (away->offset > 0 ? "ahead" : "behind");
            guess = false;
        }
    }
    if (token && match && !handshake.proven()) server_.guard().broken(*token, info_.peer, loop_.now());
    const std::string name = match ? ring_->users[match->key]->name : std::string();
    const Code code = guess ? Code::denied : Code::closed;
    co_await refuse_login(commons_, *stream_, info_, name, {code, 0, std::move(reason)});
}

bool Session::log_in(ServerHandshake& handshake) {
    const std::size_t key = handshake.match()->key;
    auto admission = log_in_proven(commons_, info_, ring_->users[key], stream_->is_secure());
    if (!admission) return false;
    if (handshake.match()->offset != 0) {
        commons_.log.debug("[{} {}] the clock of the client is about {} seconds away", info_.id, info_.peer,
                           handshake.match()->offset * 100);
    }
    user_permit_ = std::move(admission->permit);
    info_.user = admission->user->name;
    entry_.set_info(info_);
    owner_ = std::string(text(preauth_secret(ring_->keys.key(key))));
    workspace_ = std::make_unique<Workspace>(commons_, loop_, std::move(admission->user), info_);
    return true;
}

}  // namespace wherry::i2ftp
