#include "testing/tls_client.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "net/tls_error.h"

namespace wherry::testing {
namespace {

std::string taken_from(BIO* bio) {
    std::string out(BIO_ctrl_pending(bio), '\0');
    if (!out.empty()) BIO_read(bio, out.data(), static_cast<int>(out.size()));
    return out;
}

void use_certificate(SSL_CTX* context, const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                            &BIO_free_all);
    X509* const certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr);
    if (SSL_CTX_use_certificate(context, certificate) != 1 || SSL_CTX_use_PrivateKey(context, key) != 1) {
        throw std::runtime_error("no certificate for the client: " + net::tls_error_text());
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
}

}  // namespace

MemoryFile::MemoryFile(std::string_view content) : descriptor_(memfd_create("test", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || write(descriptor_, content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
        throw std::runtime_error("no file in memory");
    }
    path_ = "/proc/self/fd/" + std::to_string(descriptor_);
}

MemoryFile::~MemoryFile() { close(descriptor_); }

TlsClient::TlsClient(ConnectionPtr connection, const TlsClientOptions& options)
    : connection_(std::move(connection)),
      context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
      ssl_(nullptr, &SSL_free) {
    const int version = options.version == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_.get(), &TlsClient::keep_session);
    if (!options.tickets) SSL_CTX_set_options(context_.get(), SSL_OP_NO_TICKET);
    if (!options.certificate.empty()) use_certificate(context_.get(), options.certificate);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_connect_state(ssl_.get());
    if (!options.server_name.empty()) SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
    std::string names;
    for (const std::string& name : options.protocols) names += static_cast<char>(name.size()) + name;
    if (!names.empty()) {
        SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(names.data()),
                            static_cast<unsigned>(names.size()));
    }
    if (options.resume) SSL_set_session(ssl_.get(), options.resume.get());
    step();
}

TlsClient::~TlsClient() {
    // What was begun is still good for others.
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

int TlsClient::keep_session(ssl_st* ssl, ssl_session_st* session) {
    auto& self = *static_cast<TlsClient*>(SSL_get_app_data(ssl));
    self.session_ = TlsSession(session, &SSL_SESSION_free);
    ++self.tickets_;
    return 1;
}

bool TlsClient::step(bool keep_answer) {
    const std::string came = connection_->receive();
    if (!came.empty()) BIO_write(SSL_get_rbio(ssl_.get()), came.data(), static_cast<int>(came.size()));
    pull();
    if (keep_answer) return !came.empty();
    const bool sends = BIO_ctrl_pending(SSL_get_wbio(ssl_.get())) > 0;
    push();
    return sends || !came.empty();
}

void TlsClient::pull() {
    ERR_clear_error();
    if (failed_ || heard_end_) return;
    int result = 1;
    if (!established_) {
        result = SSL_do_handshake(ssl_.get());
        established_ = result == 1;
    }
    std::array<char, 4096> piece;
    while (established_) {
        result = SSL_read(ssl_.get(), piece.data(), piece.size());
        if (result <= 0) break;
        received_.append(piece.data(), static_cast<std::size_t>(result));
    }
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_ZERO_RETURN) heard_end_ = true;
    if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL) {
        failed_ = true;
        failure_ = net::tls_error_text();
    }
}

void TlsClient::push() {
    const std::string out = taken_from(SSL_get_wbio(ssl_.get()));
    if (!out.empty()) connection_->send(out);
}

void TlsClient::send(std::string_view bytes) {
    const std::string out = sealed(bytes);
    connection_->send(out);
}

std::string TlsClient::sealed(std::string_view bytes) {
    if (!bytes.empty()) SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    return taken_from(SSL_get_wbio(ssl_.get()));
}

std::string TlsClient::receive() { return std::exchange(received_, {}); }

void TlsClient::say_end() {
    SSL_shutdown(ssl_.get());
    push();
}

TlsSession TlsClient::session() const {
    return session_ ? TlsSession(SSL_SESSION_dup(session_.get()), &SSL_SESSION_free) : nullptr;
}

bool TlsClient::resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

std::string TlsClient::protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

std::string TlsClient::common_name() const {
    const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate == nullptr) return {};
    std::array<char, 256> text{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(), text.size());
    return text.data();
}

}  // namespace wherry::testing
