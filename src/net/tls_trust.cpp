#include "net/tls_trust.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

#include "core/hex.h"
#include "core/text.h"
#include "net/tls_error.h"

namespace wherry::net {
namespace {

constexpr std::size_t sha256_digits = 64;

// As fingerprint_of() writes it; empty: it is none.
std::string normal_fingerprint(std::string_view text) {
    std::string out;
    std::size_t digits = 0;
    for (const char byte : upper(text)) {
        if (byte == ':' || byte == ' ') continue;
        if (!is_hex_digit(byte)) return {};
        if (digits > 0 && digits % 2 == 0) out += ':';
        out += byte;
        ++digits;
    }
    return digits == sha256_digits ? out : std::string();
}

}  // namespace

TlsTrust::~TlsTrust() { SSL_CTX_free(context_); }

Result<TlsTrustPtr> TlsTrust::load(const TlsTrustOptions& options) {
    ERR_clear_error();
    // Not make_shared: the constructor is private.
    std::shared_ptr<TlsTrust> made(new TlsTrust());
    made->context_ = SSL_CTX_new(TLS_client_method());
    if (made->context_ == nullptr) return fail(Code::internal, "TLS: " + tls_error_text());
    SSL_CTX_set_min_proto_version(made->context_, TLS1_3_VERSION);
    SSL_CTX_set_mode(made->context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(made->context_, SSL_SESS_CACHE_OFF);
    if (!options.fingerprint.empty()) {
        made->fingerprint_ = normal_fingerprint(options.fingerprint);
        if (made->fingerprint_.empty()) {
            return fail(Code::invalid, "a fingerprint is SHA-256: 64 hexadecimal digits, with or without colons");
        }
        return made;
    }
    SSL_CTX_set_verify(made->context_, SSL_VERIFY_PEER, nullptr);
    const bool loaded = options.authorities.empty()
                            ? SSL_CTX_set_default_verify_paths(made->context_) == 1
                            : SSL_CTX_load_verify_file(made->context_, options.authorities.c_str()) == 1;
    if (loaded) return made;
    return fail(Code::invalid, (options.authorities.empty() ? "the authorities of this system" : options.authorities) +
                                   ": cannot be used: " + tls_error_text());
}

}  // namespace wherry::net
