#include "net/tls_context.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstring>

#include "net/tls_error.h"
#include "net/tls_hooks.h"
#include "net/tls_kernel.h"

namespace wherry::net {
namespace {

template <auto Function>
struct Deleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Function(object);
    }
};
using Context = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Revocations = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;

// TLS 1.2 as it is still good: forward secrecy and authenticated encryption, nothing else.
constexpr const char* modern_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
// What is resumed must be good for as long as an FTP session lives. Tickets of TLS 1.3 may not be so for more than a
// week (RFC 8446 4.6.1): OpenSSL says no more of them, and the session gives new ones.
constexpr long session_seconds = 366L * 24 * 60 * 60;
constexpr long cached_sessions = 4096;  // of TLS 1.2 clients without tickets; all others cost no memory here
constexpr int soon_days = 14;

std::unexpected<Error> bad_file(const std::string& file, const std::string& what) {
    return fail(Code::invalid, file + ": " + what);
}

Result<Bio> open_file(const std::string& file) {
    errno = 0;
    Bio bio(BIO_new_file(file.c_str(), "r"));
    if (!bio) {
        const int number = errno;
        ERR_clear_error();
        return fail_errno(number != 0 ? number : EIO, "reading", file);
    }
    return bio;
}

// A key behind a passphrase: there is nobody to ask while a server starts.
int no_passphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return 0;
}

Result<Key> read_key(const std::string& file) {
    auto bio = open_file(file);
    if (!bio) return std::unexpected(std::move(bio.error()));
    bool asked = false;
    Key key(PEM_read_bio_PrivateKey(bio->get(), nullptr, no_passphrase, &asked));
    if (key) return key;
    ERR_clear_error();
    return bad_file(file, asked ? "the private key is encrypted; store it without a passphrase, readable by nobody else"
                                : "no private key in it (PEM, \"BEGIN PRIVATE KEY\")");
}

// The first certificate goes to `first`, those after it are the chain.
Result<void> read_chain(const std::string& file, SSL_CTX* context, Certificate& first) {
    auto bio = open_file(file);
    if (!bio) return std::unexpected(std::move(bio.error()));
    first.reset(PEM_read_bio_X509_AUX(bio->get(), nullptr, nullptr, nullptr));
    if (!first) {
        ERR_clear_error();
        return bad_file(file, "no certificate in it (PEM, \"BEGIN CERTIFICATE\")");
    }
    if (SSL_CTX_use_certificate(context, first.get()) != 1) {
        return bad_file(file, "the certificate cannot be used: " + tls_error_text());
    }
    while (X509* more = PEM_read_bio_X509(bio->get(), nullptr, nullptr, nullptr)) {
        if (SSL_CTX_add0_chain_cert(context, more) == 1) continue;
        X509_free(more);
        return bad_file(file, "its chain cannot be used: " + tls_error_text());
    }
    ERR_clear_error();
    return {};
}

Result<void> use_rules(SSL_CTX* context, const TlsOptions& options) {
    SSL_CTX_set_min_proto_version(context, options.minimum == TlsVersion::tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    const std::string& ciphers = options.ciphers;
    if (SSL_CTX_set_cipher_list(context, ciphers.empty() ? modern_ciphers : ciphers.c_str()) != 1) {
        return fail(Code::invalid, "ciphers '" + ciphers + "': " + tls_error_text());
    }
    if (!options.cipher_suites.empty() && SSL_CTX_set_ciphersuites(context, options.cipher_suites.c_str()) != 1) {
        return fail(Code::invalid, "cipher suites '" + options.cipher_suites + "': " + tls_error_text());
    }
    SSL_CTX_set_timeout(context, session_seconds);
    SSL_CTX_sess_set_cache_size(context, cached_sessions);
    SSL_CTX_set_session_cache_mode(context, options.resumption ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
    if (!options.resumption) {
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(context, 0);
    }
    return {};
}

Result<void> use_revocations(SSL_CTX* context, const std::string& file) {
    auto bio = open_file(file);
    if (!bio) return std::unexpected(std::move(bio.error()));
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    int count = 0;
    while (Revocations list{PEM_read_bio_X509_CRL(bio->get(), nullptr, nullptr, nullptr)}) {
        if (X509_STORE_add_crl(store, list.get()) != 1) return bad_file(file, tls_error_text());
        ++count;
    }
    ERR_clear_error();
    if (count == 0) return bad_file(file, "no revocation list in it (PEM, \"BEGIN X509 CRL\")");
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    return {};
}

Result<void> use_client_rules(SSL_CTX* context, const TlsOptions& options) {
    if (options.client_certificates == ClientCertificates::off) return {};
    const std::string& file = options.client_authorities;
    if (file.empty()) {
        return fail(Code::invalid, "client certificates are asked for, and no file of their authorities is given");
    }
    if (auto readable = open_file(file); !readable) return std::unexpected(std::move(readable.error()));
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
    if (names == nullptr || SSL_CTX_load_verify_file(context, file.c_str()) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        ERR_clear_error();
        return bad_file(file, "no certificate in it (PEM, \"BEGIN CERTIFICATE\")");
    }
    SSL_CTX_set_client_CA_list(context, names);
    int mode = SSL_VERIFY_PEER;
    if (options.client_certificates == ClientCertificates::required) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(context, mode, nullptr);
    if (!options.client_revocations.empty()) return use_revocations(context, options.client_revocations);
    return {};
}

}  // namespace

struct TlsContext::Place {
    std::string file;
    Context context;
    Certificate certificate;
};

TlsContext::TlsContext() = default;
TlsContext::~TlsContext() = default;

Result<void> TlsContext::add(const TlsFiles& files, const TlsOptions& options) {
    auto place = std::make_unique<Place>();
    place->file = files.certificate;
    place->context.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX* const context = place->context.get();
    if (context == nullptr) return fail(Code::internal, "making a TLS context: " + tls_error_text());
    if (auto chain = read_chain(files.certificate, context, place->certificate); !chain) return chain;
    const std::string& key_file = files.key.empty() ? files.certificate : files.key;
    const auto key = read_key(key_file);
    if (!key) return std::unexpected(key.error());
    if (X509_check_private_key(place->certificate.get(), key->get()) != 1) {
        ERR_clear_error();
        return bad_file(key_file, "the private key is not that of the certificate in " + files.certificate);
    }
    if (SSL_CTX_use_PrivateKey(context, key->get()) != 1) return bad_file(key_file, tls_error_text());
    if (auto done = use_rules(context, options); !done) return done;
    if (auto done = use_client_rules(context, options); !done) return done;
    install_tls_hooks(context);
    places_.push_back(std::move(place));
    return {};
}

Result<TlsContextPtr> TlsContext::load(const TlsOptions& options) {
    if (options.certificates.empty()) return fail(Code::invalid, "TLS needs a certificate, and none is given");
    ERR_clear_error();
    // Not make_shared: the constructor is private.
    std::shared_ptr<TlsContext> made(new TlsContext());
    made->resumption_ = options.resumption;
    made->kernel_ = options.kernel && kernel_has_tls();
    for (const TlsFiles& files : options.certificates) {
        if (auto added = made->add(files, options); !added) return std::unexpected(std::move(added.error()));
    }
    made->fingerprint_ = fingerprint_of(made->places_.front()->certificate.get());
    return made;
}

bool TlsContext::self_signed() const noexcept { return X509_self_signed(places_.front()->certificate.get(), 0) == 1; }

std::vector<std::string> TlsContext::warnings() const {
    std::vector<std::string> out;
    for (const auto& place : places_) {
        const ASN1_TIME* const end = X509_get0_notAfter(place->certificate.get());
        int days = 0;
        int seconds = 0;
        if (ASN1_TIME_diff(&days, &seconds, nullptr, end) != 1) continue;
        if (days < 0 || seconds < 0) {
            out.push_back(place->file + ": the certificate is out of date; clients will refuse it");
        } else if (days < soon_days) {
            out.push_back(place->file + ": the certificate is out of date in " + std::to_string(days) + " days");
        }
        if (X509_cmp_current_time(X509_get0_notBefore(place->certificate.get())) > 0) {
            out.push_back(place->file + ": the certificate is not valid yet; look at the clock of this machine");
        }
    }
    return out;
}

ssl_ctx_st* TlsContext::native() const noexcept { return places_.front()->context.get(); }

ssl_ctx_st* TlsContext::for_name(const char* server_name) const noexcept {
    for (const auto& place : places_) {
        if (X509_check_host(place->certificate.get(), server_name, 0, 0, nullptr) == 1) return place->context.get();
    }
    return nullptr;
}

}  // namespace wherry::net
