#include "net/tls_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

#include "net/tls_error.h"
#include "net/tls_peer.h"

namespace wherry::net {
namespace {

constexpr std::size_t record_size = 16 * 1024;     // the most of one record (RFC 8446 5.1)
constexpr std::size_t write_slice = 512 * 1024;    // encrypted in one call; each send of less wakes the client once
constexpr std::size_t record_costs = 64;           // the most that one is longer than what is in it
constexpr std::size_t read_buffer = 64 * 1024;     // ciphertext taken at once from a data connection
constexpr std::size_t pending_limit = 128 * 1024;  // alerts and answers that a peer provokes and does not read

}  // namespace

TlsBinding random_tls_binding() {
    TlsBinding binding;
    if (RAND_bytes(binding.data(), static_cast<int>(binding.size())) != 1) {
        throw std::runtime_error("no random bytes for TLS: " + tls_error_text());
    }
    return binding;
}

// The BIO between OpenSSL and the stream below. The one that is written to has OpenSSL's own of the socket behind it
// where the kernel may encrypt: that one knows how keys and alerts are given to the kernel.
struct TlsBio {
    static TlsStream& stream_of(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

    static BIO* make(TlsStream& stream) {
        BIO* const bio = BIO_new(method());
        if (bio == nullptr) throw std::bad_alloc();
        BIO_set_data(bio, &stream);
        BIO_set_init(bio, 1);
        return bio;
    }

    static int read(BIO* bio, char* into, int size) {
        TlsStream& tls = stream_of(bio);
        BIO_clear_retry_flags(bio);
        if (tls.saw_end_) return 0;
        const std::span<char> room(into, static_cast<std::size_t>(size));
        const Io io = tls.under_->try_read(std::as_writable_bytes(room));
        if (io.would_block()) {
            BIO_set_retry_read(bio);
            return -1;
        }
        if (!io.ok()) {
            tls.broken_ = io;
            return -1;
        }
        if (io.bytes == 0) tls.saw_end_ = true;
        return static_cast<int>(io.bytes);
    }

    static int write(BIO* bio, const char* from, int size) {
        TlsStream& tls = stream_of(bio);
        BIO_clear_retry_flags(bio);
        if (BIO* const socket = BIO_next(bio); socket != nullptr && BIO_get_ktls_send(socket)) {
            const int done = BIO_write(socket, from, size);
            BIO_copy_next_retry(bio);
            return done;
        }
        tls.write_record(std::as_bytes(std::span(from, static_cast<std::size_t>(size))));
        return tls.broken_ ? -1 : size;
    }

    static long control(BIO* bio, int command, long number, void* pointer) {
        if (command == BIO_CTRL_FLUSH) return 1;
        BIO* const socket = BIO_next(bio);
        // What waits here has been encrypted already: the kernel must not get it.
        if (socket == nullptr || !stream_of(bio).pending_.empty()) return 0;
        return BIO_ctrl(socket, command, number, pointer);
    }

    static const BIO_METHOD* method() {
        static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> made = [] {
            BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
            BIO_meth_set_read(fresh, &TlsBio::read);
            BIO_meth_set_write(fresh, &TlsBio::write);
            BIO_meth_set_ctrl(fresh, &TlsBio::control);
            return std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)>(fresh, &BIO_meth_free);
        }();
        return made.get();
    }
};

void TlsStream::begin(SSL_CTX* context) {
    watch_.couple();
    BIO* const bio = TlsBio::make(*this);
    ssl_ = SSL_new(context);
    if (ssl_ == nullptr) throw std::bad_alloc();
    SSL_set_bio(ssl_, bio, bio);
    SSL_set_app_data(ssl_, this);
}

TlsStream::TlsStream(StreamPtr under, TlsTrustPtr trust, const std::string& server, std::string_view protocol)
    : Stream(*under), under_(std::move(under)), trust_(std::move(trust)), use_{.protocol = protocol} {
    begin(trust_->native());
    SSL_set_connect_state(ssl_);
    SSL_set_read_ahead(ssl_, 1);
    const bool address = Address::parse_ip(server, 0).has_value();
    if (address) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), server.c_str());
    } else {
        SSL_set_tlsext_host_name(ssl_, server.c_str());
        SSL_set1_host(ssl_, server.c_str());
    }
    const std::string named = static_cast<char>(protocol.size()) + std::string(protocol);
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(named.data()),
                        static_cast<unsigned>(named.size()));
}

TlsStream::TlsStream(StreamPtr under, TlsContextPtr context, const TlsUse& use)
    : Stream(*under), under_(std::move(under)), context_(std::move(context)), use_(use) {
    begin(context_->native());
    SSL_set_accept_state(ssl_);
    if (use_.minimum == TlsVersion::tls13) SSL_set_min_proto_version(ssl_, TLS1_3_VERSION);
    SSL_set_session_id_context(ssl_, use_.binding.data(), static_cast<unsigned>(use_.binding.size()));
    SSL_set_read_ahead(ssl_, use_.read_ahead ? 1 : 0);
    const int socket = under_->raw_descriptor();
    if (use_.kind == TlsUse::Kind::control) {
        // One is enough to begin with: issue_ticket() gives more. OpenSSL would make two.
        if (SSL_get_num_tickets(ssl_) > 1) SSL_set_num_tickets(ssl_, 1);
        SSL_set_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);  // it waits most of the time
        // A byte of urgent data that is not part of TLS would tear the records apart: let the kernel pass it over.
        const int off = 0;
        if (socket >= 0) setsockopt(socket, SOL_SOCKET, SO_OOBINLINE, &off, sizeof off);
    } else {
        SSL_set_num_tickets(ssl_, 0);
        SSL_set_default_read_buffer_len(ssl_, read_buffer);
        // What is written ends with part of a segment. To hold that back until the client has answered costs the kernel
        // a seventh of all that a download takes.
        const int on = 1;
        if (socket >= 0) setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (use_.kernel && socket >= 0 && context_->kernel()) let_kernel_encrypt(socket);
}

// Of what is received OpenSSL finds no socket, and so it does not ask the kernel to decrypt.
void TlsStream::let_kernel_encrypt(int socket) {
    BIO* const next = BIO_new_socket(socket, BIO_NOCLOSE);
    if (next == nullptr) throw std::bad_alloc();
    BIO* const writing = TlsBio::make(*this);
    SSL_set0_wbio(ssl_, BIO_push(writing, next));
    SSL_set_options(ssl_, SSL_OP_ENABLE_KTLS);
}

TlsStream::~TlsStream() {
    // A transfer that was broken off must not cost the session its resumption.
    if (established_) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl_);
}

void TlsStream::write_record(std::span<const std::byte> record) {
    if (broken_) return;
    if (!gathering_ && pending_.empty()) {
        const Io io = more_follows_ ? under_->try_write_more(record) : under_->try_write(record);
        if (!io.ok() && !io.would_block()) {
            broken_ = io;
            return;
        }
        record = record.subspan(io.bytes);
    }
    if (!gathering_ && pending_.size() + record.size() > pending_limit) {
        broken_ = Io::failed(Code::reset);
        return;
    }
    pending_.insert(pending_.end(), record.begin(), record.end());
}

// True if nothing waits any more; false: wait for the stream, or it is broken.
bool TlsStream::flush() {
    if (pending_.empty()) return !broken_;
    if (broken_) return false;
    const Io io = under_->try_write(pending_);
    if (io.ok() && io.bytes == pending_.size()) {
        std::vector<std::byte>().swap(pending_);
        return true;
    }
    if (io.ok()) pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(io.bytes));
    if (!io.ok() && !io.would_block()) broken_ = io;
    return false;
}

// Why a call of OpenSSL did not succeed. Code::ok with no bytes: the peer has said close_notify.
Io TlsStream::reason(int result) {
    const int error = SSL_get_error(ssl_, result);
    if (broken_) return *broken_;
    if (error == SSL_ERROR_WANT_READ) return Io::wait_for(Io::Needs::read);
    if (error == SSL_ERROR_WANT_WRITE) return Io::wait_for(Io::Needs::write);
    if (error == SSL_ERROR_ZERO_RETURN) return Io::moved(0);
    if (saw_end_) return use_.lenient_end ? Io::moved(0) : Io::failed(Code::tls_truncated);
    return Io::failed(Code::reset);
}

Task<Result<void>> TlsStream::handshake() {
    for (;;) {
        if (cause() != Code::ok) co_return fail(cause(), "TLS handshake: not ended in time, or given up");
        ERR_clear_error();
        flush();
        const int done = SSL_do_handshake(ssl_);
        if (done == 1 && !broken_) break;
        const Io why = reason(done);
        if (!why.would_block()) {
            if (cause() != Code::ok) co_return fail(cause(), "TLS handshake: given up");
            flush();  // an alert for the peer
            const bool left = saw_end_ || broken_;
            const std::string other = trust_ ? "the server has left" : "the client has left";
            co_return fail(Code::reset, "TLS handshake: " + (left ? other : tls_error_text()), why.system);
        }
        co_await wait(why.needs);
    }
    if (trust_) {
        if (auto right = check_server(); !right) co_return right;
        established_ = true;
        co_return Result<void>();
    }
    established_ = true;
    by_kernel_ = BIO_get_ktls_send(SSL_get_wbio(ssl_));
    certificate_ = client_certificate_of(ssl_);
    if (use_.kind == TlsUse::Kind::data && !resumed()) {
        SSL_CTX_remove_session(context_->native(), SSL_get_session(ssl_));
    }
    co_return Result<void>();
}

// A certificate that is known by its fingerprint alone.
Result<void> TlsStream::check_server() const {
    const X509* const shown = SSL_get0_peer_certificate(ssl_);
    if (shown == nullptr) return fail(Code::denied, "TLS handshake: the server has shown no certificate");
    const std::string fingerprint = fingerprint_of(shown);
    if (trust_->takes(fingerprint)) return {};
    return fail(Code::denied,
                "TLS handshake: the certificate of the server is another one; its SHA-256 is " + fingerprint);
}

Io TlsStream::try_read(std::span<std::byte> into) {
    if (cause() != Code::ok) return Io::failed(cause());
    if (read_end_) return *read_end_;
    if (!established_) return Io::failed(Code::closed);
    flush();
    std::size_t filled = 0;
    while (filled < into.size()) {
        ERR_clear_error();
        std::size_t got = 0;
        const int result = SSL_read_ex(ssl_, into.data() + filled, into.size() - filled, &got);
        if (result == 1) {
            filled += got;
            continue;
        }
        const Io io = reason(result);
        if (!io.would_block()) {
            read_end_ = io;
        } else if (filled == 0) {
            return io;
        }
        break;
    }
    return filled > 0 ? Io::moved(filled) : *read_end_;
}

std::size_t TlsStream::room() const noexcept {
    const std::size_t records = under_->room() / (record_size + record_costs);
    return std::clamp(records * record_size, record_size, write_slice);
}

Io TlsStream::try_write(std::span<const std::byte> from) {
    if (cause() != Code::ok) return Io::failed(cause());
    if (!established_ || said_end_) return Io::failed(Code::closed);
    if (!flush()) return broken_ ? *broken_ : Io::wait_for(Io::Needs::write);
    if (by_kernel_) return under_->try_write(from.first(std::min(from.size(), write_slice)));
    // A call for each record costs the system a tenth of all it does. There are no more of them than there is room for,
    // so that a client who does not read leaves one record here and not many.
    if (from.size() > record_size) from = from.first(std::min(from.size(), room()));
    gathering_ = from.size() > record_size;
    if (gathering_) pending_.reserve(from.size() + (from.size() / record_size + 1) * record_costs);
    std::size_t done = 0;
    while (done < from.size()) {
        const std::size_t piece = std::min(from.size() - done, record_size);
        more_follows_ = done + piece < from.size();
        ERR_clear_error();
        std::size_t written = 0;
        const int result = SSL_write_ex(ssl_, from.data() + done, piece, &written);
        more_follows_ = false;
        if (result != 1) {
            gathering_ = false;
            const Io io = reason(result);
            return io.ok() || io.would_block() ? Io::failed(Code::reset) : io;
        }
        done += written;
    }
    if (std::exchange(gathering_, false)) flush();
    return broken_ ? *broken_ : Io::moved(done);
}

Io TlsStream::try_flush() {
    if (cause() != Code::ok) return Io::failed(cause());
    if (!flush()) return broken_ ? *broken_ : Io::wait_for(Io::Needs::write);
    return Io::moved(0);
}

Io TlsStream::try_send_file(int file, std::uint64_t offset, std::size_t bytes) {
    if (!by_kernel_) return Io::failed(Code::unsupported);
    if (cause() != Code::ok) return Io::failed(cause());
    if (said_end_) return Io::failed(Code::closed);
    return under_->try_send_file(file, offset, std::min(bytes, write_slice));
}

// A record that the connection has not taken whole is held by the kernel, which gives it up when the socket is shut.
// With room in the socket, as poll(2) means it, the closing word pushes all of that on before it goes itself.
Io TlsStream::say_end_by_kernel() {
    if (said_end_) return Io::moved(0);
    pollfd room{.fd = under_->raw_descriptor(), .events = POLLOUT, .revents = 0};
    if (poll(&room, 1, 0) == 0) return Io::wait_for(Io::Needs::write);
    ERR_clear_error();
    const int done = SSL_shutdown(ssl_);
    if (done < 0 && SSL_get_error(ssl_, done) == SSL_ERROR_WANT_WRITE) return Io::wait_for(Io::Needs::write);
    said_end_ = true;
    return done < 0 ? Io::failed(Code::reset) : Io::moved(0);
}

Io TlsStream::try_say_end() {
    if (cause() != Code::ok) return Io::failed(cause());
    if (!established_) return Io::moved(0);
    if (by_kernel_) return say_end_by_kernel();
    if (!std::exchange(said_end_, true) && !broken_) {
        ERR_clear_error();
        SSL_shutdown(ssl_);
    }
    if (!flush()) return broken_ ? *broken_ : Io::wait_for(Io::Needs::write);
    return Io::moved(0);
}

void TlsStream::shutdown_write() {
    [[maybe_unused]] const Io said = try_say_end();
    under_->shutdown_write();
}

bool TlsStream::holds_input() const noexcept { return SSL_has_pending(ssl_) == 1; }

bool TlsStream::resumed() const noexcept { return SSL_session_reused(ssl_) == 1; }

std::string_view TlsStream::server_name() const noexcept {
    const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? name : "";
}

std::string_view TlsStream::protocol() const noexcept { return SSL_get_version(ssl_); }
std::string_view TlsStream::cipher() const noexcept { return SSL_get_cipher_name(ssl_); }

void TlsStream::issue_ticket() noexcept {
    if (established_ && context_->resumption() && SSL_version(ssl_) >= TLS1_3_VERSION) SSL_new_session_ticket(ssl_);
    ERR_clear_error();
}

StreamPtr TlsStream::release() {
    watch_.uncouple();
    return std::move(under_);
}

}  // namespace wherry::net
