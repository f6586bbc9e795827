#pragma once
// TlsTrust: which servers a client of ours takes for the right ones. Immutable, shared by connections. Thread-safe.
#include <memory>
#include <string>
#include <string_view>

#include "wherry/result.h"

struct ssl_ctx_st;

namespace wherry::net {

struct TlsTrustOptions {
    std::string authorities;  // PEM file; empty: those that the system trusts
    // SHA-256 of the server's certificate, as pairs of hexadecimal digits with or without colons. If it is given, this
    // alone counts: neither who has signed the certificate, nor its names and dates.
    std::string fingerprint;
};

class TlsTrust {
public:
    // Reads the authorities; blocks. Code::invalid for a fingerprint that is none.
    static Result<std::shared_ptr<const TlsTrust>> load(const TlsTrustOptions& options);
    ~TlsTrust();
    TlsTrust(const TlsTrust&) = delete;
    TlsTrust& operator=(const TlsTrust&) = delete;

    ssl_ctx_st* native() const noexcept { return context_; }
    // What fingerprint_of() has made of a certificate that has passed everything else.
    bool takes(std::string_view fingerprint) const noexcept {
        return fingerprint_.empty() || fingerprint_ == fingerprint;
    }

private:
    TlsTrust() = default;
    ssl_ctx_st* context_ = nullptr;
    std::string fingerprint_;  // "AB:CD:..."
};
using TlsTrustPtr = std::shared_ptr<const TlsTrust>;

}  // namespace wherry::net
