#include "tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <new>

namespace wherry::bench {
namespace {

// A BIO that collects what is written. OpenSSL's own in memory overwrites all of it with zeros each time it is emptied.
int add(BIO* bio, const char* bytes, int size) {
    static_cast<std::string*>(BIO_get_data(bio))->append(bytes, static_cast<std::size_t>(size));
    return size;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO* make_collector(std::string& into) {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "collector");
        BIO_meth_set_write(made, add);
        BIO_meth_set_ctrl(made, control);
        return made;
    }();
    BIO* const bio = BIO_new(method);
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, &into);
    BIO_set_init(bio, 1);
    return bio;
}

}  // namespace

void TlsContext::Free::operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }

TlsContext::TlsContext(bool serves)
    : context_(SSL_CTX_new(serves ? TLS_server_method() : TLS_client_method())), serves_(serves) {
    if (!context_) throw std::bad_alloc();
    SSL_CTX_set_min_proto_version(native(), TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(native(), "TLS_AES_256_GCM_SHA384");
    SSL_CTX_set1_groups_list(native(), "X25519:P-256");
    SSL_CTX_set_mode(native(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

Result<TlsContext> TlsContext::for_client() {
    TlsContext made(false);
    SSL_CTX_set_session_cache_mode(made.native(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(made.native(), &Tls::keep_session);
    return made;
}

Result<TlsContext> TlsContext::for_server(const std::string& file) {
    TlsContext made(true);
    if (SSL_CTX_use_certificate_chain_file(made.native(), file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(made.native(), file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return fail(file + ": " + tls_complaint());
    }
    constexpr unsigned char name = 'b';
    SSL_CTX_set_session_id_context(made.native(), &name, sizeof name);
    SSL_CTX_set_session_cache_mode(made.native(), SSL_SESS_CACHE_OFF);  // tickets hold all there is to know
    return made;
}

Tls::Tls(const TlsContext& context, int fd, Use use, SSL_SESSION* resume) : ssl_(SSL_new(context.native())) {
    if (ssl_ == nullptr || SSL_set_fd(ssl_, fd) != 1) throw std::bad_alloc();
    SSL_set_app_data(ssl_, this);
    if (use == Use::control) SSL_set_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);
    if (!context.serves()) {
        SSL_set_connect_state(ssl_);
        if (resume != nullptr) SSL_set_session(ssl_, resume);
    } else {
        SSL_set_accept_state(ssl_);
        SSL_set_num_tickets(ssl_, use == Use::control ? 1 : 0);
    }
}

Tls::~Tls() {
    SSL_SESSION_free(session_);
    SSL_free(ssl_);
}

int Tls::keep_session(SSL* ssl, SSL_SESSION* session) {
    auto& tls = *static_cast<Tls*>(SSL_get_app_data(ssl));
    SSL_SESSION_free(tls.session_);
    tls.session_ = session;
    return 1;
}

int Tls::failed(int result) const {
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ: errno = EAGAIN; return -1;
        case SSL_ERROR_WANT_WRITE: errno = EINPROGRESS; return -1;
        case SSL_ERROR_ZERO_RETURN: return 0;
        case SSL_ERROR_SYSCALL:
            if (errno != 0) return -1;
            break;
        default: break;
    }
    errno = EPROTO;
    return -1;
}

int Tls::handshake() {
    ERR_clear_error();
    errno = 0;
    const int done = SSL_do_handshake(ssl_);
    if (done == 1) return 0;
    const int why = failed(done);
    if (why == 0) errno = EPROTO;
    return -1;
}

ssize_t Tls::receive(std::span<char> room) {
    ERR_clear_error();
    errno = 0;
    const int got = SSL_read(ssl_, room.data(), static_cast<int>(room.size()));
    return got > 0 ? got : failed(got);
}

ssize_t Tls::send(std::string_view bytes) {
    ERR_clear_error();
    errno = 0;
    const int sent = SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    if (sent > 0) return sent;
    const int why = failed(sent);
    if (why == 0) errno = EPROTO;
    if (errno == EINPROGRESS) errno = EAGAIN;
    return -1;
}

void Tls::say_end() {
    ERR_clear_error();
    SSL_shutdown(ssl_);
}

bool Tls::resumed() const { return SSL_session_reused(ssl_) == 1; }

void Tls::read_far(std::size_t bytes) {
    SSL_set_read_ahead(ssl_, 1);
    SSL_set_default_read_buffer_len(ssl_, bytes);
}

void Tls::collect() { SSL_set0_wbio(ssl_, make_collector(collected_)); }

std::string tls_complaint() {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason != nullptr ? reason : "TLS";
}

}  // namespace wherry::bench
