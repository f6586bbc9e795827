#pragma once
// TLS: what is protected, and what a client's certificate says.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace wherry {

// Whether a connection is protected by TLS. `clear`: never, and TLS is not offered for it.
enum class Protection : std::uint8_t { clear, optional, required };

// Whether data connections must resume the TLS session of their control connection, which proves that they are the
// same client's (RFC 4217 section 10.2). `prefer`: they may.
enum class TlsReuse : std::uint8_t { off, prefer, require };

// The oldest version that is spoken.
enum class TlsVersion : std::uint8_t { tls12, tls13 };

// Whether clients are asked for a certificate; `required`: without one there is no connection.
enum class ClientCertificates : std::uint8_t { off, optional, required };

// The certificate of a client, verified: one of the authorities has issued it, its time has come and not passed, and it
// has not been revoked.
struct ClientCertificate {
    std::string subject;                 // "CN=alice,O=Example" (RFC 2253)
    std::string issuer;                  // the same of who issued it
    std::string common_name;             // of the subject; may be empty
    std::vector<std::string> emails;     // of the alternative names
    std::vector<std::string> dns_names;  // of the alternative names
    std::string fingerprint;             // SHA-256, "AB:CD:..."
};

// True: who has this certificate may log in as that user, without a password. Called on a worker, several at once; may
// block.
using CertificateRule = std::function<bool(const ClientCertificate& certificate, const std::string& user)>;

}  // namespace wherry
