#include "i2ftp/client_connection.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "core/text.h"
#include "i2ftp/words.h"
#include "net/tls_stream.h"

namespace wherry::i2ftp {
namespace {

constexpr std::size_t buffer_size = 256 * 1024;
constexpr std::chrono::seconds farewell_within{2};  // of TLS

double unix_time(const net::Loop& loop) {
    return std::chrono::duration<double>(loop.clock().wall().time_since_epoch()).count();
}

}  // namespace

ClientConnection::ClientConnection(net::Loop& loop, net::StreamPtr stream, ConnectOptions options)
    : loop_(loop),
      stream_(std::move(stream)),
      options_(options),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_size)),
      free_(loop),
      heartbeats_(loop),
      timer_(
          loop.timers(), [](void* self) { static_cast<ClientConnection*>(self)->on_timer(); }, this),
      sent_(loop.now()) {}

ClientConnection::~ClientConnection() = default;

net::Task<Result<std::unique_ptr<ClientConnection>>> ClientConnection::open(net::Network& network, net::Loop& loop,
                                                                            net::Address server, SharedKey key,
                                                                            ConnectOptions options) {
    net::ConnectStop stop;
    const auto any = server.is_ipv6() ? net::Address::any(0) : net::Address::any_ipv4(0);
    auto stream = co_await network.connect(loop, any, server, loop.now() + options.timeout, stop);
    if (!stream) co_return std::unexpected(std::move(stream.error()));
    std::unique_ptr<ClientConnection> connection(new ClientConnection(loop, std::move(*stream), options));
    if (auto begun = co_await connection->begin(std::move(key)); !begun) {
        co_await connection->close();
        co_return std::unexpected(std::move(begun.error()));
    }
    co_return connection;
}

std::unexpected<Error> ClientConnection::broken(std::string_view doing, const net::Io& io) const {
    const std::string server = stream_->peer().text();
    if (stream_->cause() == Code::timeout) {
        return fail(Code::timeout, fmt::format("{}: {} has not answered in time", doing, server));
    }
    if (io.ok()) return fail(Code::closed, fmt::format("{}: {} has closed the connection", doing, server));
    return fail(io.code, fmt::format("{}: the connection to {} broke: {}", doing, server,
                                     io.system != 0 ? std::strerror(io.system) : std::string(name_of(io.code))));
}

net::Task<Result<void>> ClientConnection::begin_tls() {
    if (!options_.tls) co_return Result<void>();
    auto stream = std::make_unique<net::TlsStream>(std::move(stream_), options_.tls, options_.host, "i2ftp");
    net::TlsStream& tls = *stream;
    stream_ = std::move(stream);
    stream_->set_deadline(loop_.now() + options_.timeout);
    auto done = co_await tls.handshake();
    if (!done) done.error().message = stream_->peer().text() + ": " + done.error().message;
    co_return done;
}

// --- the beginning -------------------------------------------------------------------------------

net::Task<Result<void>> ClientConnection::begin(SharedKey key) {
    if (auto secured = co_await begin_tls(); !secured) co_return secured;
    if (auto shaken = co_await shake_hands(key); !shaken) co_return shaken;
    timer_.set(loop_.now() + heartbeat_after);
    const auto first = co_await receive();
    if (!first) co_return std::unexpected(first.error());
    if (text(first->message) != greeting) {
        co_return fail(Code::invalid, fmt::format("{} greets as something else than {}: {}", stream_->peer().text(),
                                                  greeting, for_log(text(first->message), 64)));
    }
    co_return Result<void>();
}

net::Task<Result<void>> ClientConnection::shake_hands(const SharedKey& key) {
    ClientHandshake handshake(key, {.preauth = options_.preauth}, options_.random);
    handshake.begin(unix_time(loop_));
    stream_->set_deadline(loop_.now() + options_.timeout);
    while (!handshake.done()) {
        if (handshake.failed()) co_return fail(Code::invalid, handshake.reason());
        const Bytes out = handshake.take_output();
        if (const net::Io io = co_await stream_->write_all(std::as_bytes(std::span(out))); !io.ok()) {
            co_return broken("logging in", io);
        }
        if (handshake.done()) break;
        const net::Io io = co_await read_more();
        if (!io.ok() || io.bytes == 0) {
            const bool silent = stream_->cause() == Code::timeout;
            if (!silent && !handshake.accepted()) {
                co_return fail(Code::denied,
                               fmt::format("{} does not take this key (or its clock and ours are more than a minute "
                                           "apart, or it is no I2FTP server)",
                                           stream_->peer().text()));
            }
            co_return broken("logging in", io);
        }
        handshake.feed(rest_, unix_time(loop_));
    }
    stream_->clear_deadline();
    channel_.emplace(handshake.take_channel());
    co_return Result<void>();
}

// --- messages ------------------------------------------------------------------------------------

net::Task<net::Io> ClientConnection::read_more() {
    const net::Io io = co_await stream_->read({buffer_.get(), buffer_size});
    rest_ = view(std::span<const std::byte>(buffer_.get(), io.ok() ? io.bytes : 0));
    co_return io;
}

net::Task<Result<Reply>> ClientConnection::receive() {
    stream_->set_deadline(loop_.now() + options_.timeout);
    for (;;) {
        while (auto received = channel_->next(rest_)) {
            if (received->damaged()) {
                co_return fail(Code::invalid, fmt::format("{} sent a damaged message", stream_->peer().text()));
            }
            if (received->kind != Received::Kind::message) continue;
            stream_->clear_deadline();
            const bool done = !received->body.empty() && received->body[0] != 0;
            co_return Reply{done, std::move(received->body)};
        }
        const net::Io io = co_await read_more();
        if (!io.ok() || io.bytes == 0) co_return broken("waiting for an answer", io);
        stream_->set_deadline(loop_.now() + options_.timeout);
    }
}

net::Task<Result<void>> ClientConnection::write(View bytes) {
    while (writing_) co_await free_.heard();
    writing_ = true;
    while (!bytes.empty()) {
        const net::Io io = stream_->try_write(std::as_bytes(bytes));
        if (io.would_block()) {
            co_await stream_->wait(io.needs);
            continue;
        }
        if (!io.ok()) {
            writing_ = false;
            free_.ring();
            co_return broken("sending", io);
        }
        bytes = bytes.subspan(io.bytes);
        sent_ = loop_.now();
        // While the server takes something it is there, though it may owe an answer.
        if (stream_->cause() == Code::ok) stream_->set_deadline(loop_.now() + options_.timeout);
    }
    writing_ = false;
    free_.ring();
    co_return Result<void>();
}

net::Task<Result<void>> ClientConnection::send(std::span<Byte> request) {
    Bytes framed = std::exchange(framed_, {});
    framed.clear();
    channel_->send(framed, request);
    auto written = co_await write(framed);
    framed_ = std::move(framed);
    co_return written;
}

net::Task<Result<Reply>> ClientConnection::ask(std::string_view request) {
    Bytes copy(view(request).begin(), view(request).end());
    if (auto sent = co_await send(copy); !sent) co_return std::unexpected(std::move(sent.error()));
    auto reply = co_await receive();
    if (!reply || reply->done) co_return reply;
    const std::string why = printable(text(reply->payload()));
    co_return refuse(why == says::missing || why == says::no_file ? Code::not_found : Code::denied, why);
}

void ClientConnection::on_timer() {
    const auto due = sent_ + heartbeat_after;
    if (due > loop_.now()) return timer_.set(due);
    if (heartbeats_.empty() && !writing_) heartbeats_.start(send_heartbeat());
    timer_.set(loop_.now() + heartbeat_after);
}

net::Task<void> ClientConnection::send_heartbeat() {
    [[maybe_unused]] const auto sent = co_await write(view(heartbeat));
}

net::Task<void> ClientConnection::close() {
    timer_.cancel();
    if (stream_->is_secure() && stream_->cause() == Code::ok && !writing_) {
        stream_->set_deadline(loop_.now() + farewell_within);
        [[maybe_unused]] const net::Io said = co_await stream_->say_end();
    }
    stream_->abort(Code::closed);
    co_await heartbeats_.join();
}

}  // namespace wherry::i2ftp
