#pragma once
// Small texts out of OpenSSL.
#include <string>

struct x509_st;

namespace wherry::net {

// What it has to say about a failure, in one line; empties its queue of this thread.
std::string tls_error_text();
// SHA-256 as "AB:CD:...", what openssl x509 -fingerprint prints.
std::string fingerprint_of(const x509_st* certificate);

}  // namespace wherry::net
