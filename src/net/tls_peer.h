#pragma once
// What a verified certificate of a client says.
#include <memory>

#include "wherry/tls.h"

struct ssl_st;

namespace wherry::net {

// Null: the client has shown none.
std::shared_ptr<const ClientCertificate> client_certificate_of(ssl_st* ssl);

}  // namespace wherry::net
