#include "net/tls_error.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <string_view>

#include "core/hex.h"

namespace wherry::net {

std::string tls_error_text() {
    std::string text;
    while (const unsigned long number = ERR_get_error()) {
        const char* reason = ERR_reason_error_string(number);
        if (!text.empty()) text += ", ";
        text += reason != nullptr ? reason : "error " + std::to_string(ERR_GET_REASON(number));
    }
    return text.empty() ? "no reason given" : text;
}

std::string fingerprint_of(const x509_st* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509_digest(certificate, EVP_sha256(), digest.data(), &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        if (i > 0) text += ':';
        append_hex(text, digest[i], upper_hex_digits);
    }
    return text;
}

}  // namespace wherry::net
