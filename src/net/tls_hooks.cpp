#include "net/tls_hooks.h"

#include <openssl/ssl.h>

#include <string_view>

#include "net/tls_stream.h"

namespace wherry::net {
namespace {

const TlsStream& stream_of(SSL* ssl) { return *static_cast<const TlsStream*>(SSL_get_app_data(ssl)); }

// A client that names protocols must name ours: what was meant for a web server stays away (ALPACA, RFC 7301 3.2).
int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
    const std::string_view all(reinterpret_cast<const char*>(offered), offered_size);
    const TlsUse& use = stream_of(ssl).use();
    const bool data = use.kind == TlsUse::Kind::data;
    std::string_view found;
    for (std::size_t at = 0; at < all.size();) {
        const auto length = static_cast<unsigned char>(all[at]);
        const std::string_view name = all.substr(at + 1, length);
        at += 1U + length;
        const bool same = name.substr(0, use.protocol.size()) == use.protocol;
        if (same && data && name.substr(use.protocol.size()) == "-data") found = name;
        if (name == use.protocol && found.empty()) found = name;
    }
    if (found.empty()) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = reinterpret_cast<const unsigned char*>(found.data());
    *size = static_cast<unsigned char>(found.size());
    return SSL_TLSEXT_ERR_OK;
}

int choose_certificate(SSL* ssl, int*, void*) {
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_CTX* const context = stream_of(ssl).context().for_name(name);
    if (context == nullptr) return SSL_TLSEXT_ERR_NOACK;
    if (context != SSL_get_SSL_CTX(ssl)) SSL_set_SSL_CTX(ssl, context);
    return SSL_TLSEXT_ERR_OK;
}

// Only asked when no session is resumed: then a data connection gets no ticket in TLS 1.2 either.
int before_full_handshake(SSL* ssl, void*) {
    if (stream_of(ssl).use().kind == TlsUse::Kind::data) SSL_set_options(ssl, SSL_OP_NO_TICKET);
    return 1;
}

}  // namespace

void install_tls_hooks(ssl_ctx_st* context) {
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    SSL_CTX_set_tlsext_servername_callback(context, choose_certificate);
    SSL_CTX_set_cert_cb(context, before_full_handshake, nullptr);
}

}  // namespace wherry::net
