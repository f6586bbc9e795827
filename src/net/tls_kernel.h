#pragma once
// Whether this kernel encrypts TLS by itself (Documentation/networking/tls.rst of Linux).

namespace wherry::net {

// Asks it, which loads the module "tls" where that is allowed: while a server starts, not for each connection.
bool kernel_has_tls();

}  // namespace wherry::net
