#pragma once
// TlsContext: certificates and rules of TLS, as one server has them at one time (RFC 8446, RFC 5246, RFC 4217).
//
// Immutable once loaded, shared by all connections that began with it: a reload makes a new one, and sessions that are
// open keep theirs, with the tickets they were given. Thread-safe.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/result.h"
#include "wherry/tls.h"

// Of OpenSSL, which only this layer includes.
struct ssl_ctx_st;

namespace wherry::net {

// Two PEM files; `certificate` is followed by what leads to its authority. `key` empty: it is in the same file.
struct TlsFiles {
    std::string certificate;
    std::string key;
    friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

struct TlsOptions {
    std::vector<TlsFiles> certificates;  // the first is shown to clients that name no server, or an unknown one (SNI)
    TlsVersion minimum = TlsVersion::tls12;
    std::string ciphers;        // of TLS 1.2, as OpenSSL names them; empty: AEAD with forward secrecy
    std::string cipher_suites;  // of TLS 1.3; empty: OpenSSL's
    bool resumption = true;     // sessions can be resumed: by tickets, and in TLS 1.2 by an id as well
    bool kernel = false;        // the kernel may encrypt, where it can
    ClientCertificates client_certificates = ClientCertificates::off;
    std::string client_authorities;  // PEM file: who may have issued them
    std::string client_revocations;  // PEM file with lists (CRL); empty: nothing is looked up
};

class TlsContext {
public:
    // Reads all files; blocks. The error names the file and what is wrong with it.
    static Result<std::shared_ptr<const TlsContext>> load(const TlsOptions& options);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    // Of the first certificate: SHA-256 as "AB:CD:...", what openssl x509 -fingerprint prints.
    const std::string& fingerprint() const noexcept { return fingerprint_; }
    // The first certificate has no authority but itself: clients have to be told to trust it.
    bool self_signed() const noexcept;
    // What is unwise about the certificates: out of date, soon out of date, not yet valid.
    std::vector<std::string> warnings() const;
    bool resumption() const noexcept { return resumption_; }
    // The kernel can encrypt, and may.
    bool kernel() const noexcept { return kernel_; }

    // For TlsStream: the context of the first certificate. The others are found by name during the handshake.
    ssl_ctx_st* native() const noexcept;
    ssl_ctx_st* for_name(const char* server_name) const noexcept;  // null: no certificate is for that name

private:
    struct Place;
    TlsContext();
    Result<void> add(const TlsFiles& files, const TlsOptions& options);
    std::vector<std::unique_ptr<Place>> places_;
    std::string fingerprint_;
    bool resumption_ = true;
    bool kernel_ = false;
};
using TlsContextPtr = std::shared_ptr<const TlsContext>;

}  // namespace wherry::net
