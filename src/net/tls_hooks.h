#pragma once
// What OpenSSL asks during a handshake: which certificate, which protocol, whether to issue tickets. Installed into
// every context; the answers come from the TlsStream whose handshake it is.
struct ssl_ctx_st;

namespace wherry::net {

void install_tls_hooks(ssl_ctx_st* context);

}  // namespace wherry::net
