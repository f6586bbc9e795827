#include "net/self_signed.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include "net/address.h"
#include "net/tls_error.h"

namespace wherry::net {
namespace {

constexpr long good_for_seconds = 10L * 365 * 24 * 60 * 60;
constexpr std::size_t most_common_name = 64;  // X.520

template <auto Function>
struct OwnDeleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Function(object);
    }
};
using OwnKey = std::unique_ptr<EVP_PKEY, OwnDeleter<EVP_PKEY_free>>;
using OwnCertificate = std::unique_ptr<X509, OwnDeleter<X509_free>>;
using OwnBio = std::unique_ptr<BIO, OwnDeleter<BIO_free_all>>;

std::string subject_names(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ",") + std::string(Address::parse_ip(name, 0) ? "IP:" : "DNS:") + name;
    }
    return text;
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, OwnDeleter<X509_EXTENSION_free>> made(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    return made != nullptr && X509_add_ext(certificate, made.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::vector<std::string>& names) {
    std::array<unsigned char, 16> serial{};
    if (RAND_bytes(serial.data(), serial.size()) != 1) return false;
    serial.front() &= 0x7fU;  // positive (RFC 5280 4.1.2.2)
    serial.front() |= 0x40U;
    const std::unique_ptr<BIGNUM, OwnDeleter<BN_free>> number(BN_bin2bn(serial.data(), serial.size(), nullptr));
    const std::string common = names.front().substr(0, most_common_name);
    X509_NAME* const subject = X509_get_subject_name(certificate);
    return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr &&
           X509_set_version(certificate, X509_VERSION_3) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           // A day back: clocks of clients differ.
           X509_gmtime_adj(X509_getm_notBefore(certificate), -24L * 60 * 60) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), good_for_seconds) != nullptr &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(common.c_str()), -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 &&
           add_extension(certificate, NID_subject_key_identifier, "hash") &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           add_extension(certificate, NID_subject_alt_name, subject_names(names)) &&
           X509_sign(certificate, key, EVP_sha256()) != 0;
}

}  // namespace

Result<std::string> make_self_signed(const std::vector<std::string>& names) {
    const OwnKey key(EVP_EC_gen("P-256"));
    const OwnCertificate certificate(X509_new());
    const OwnBio text(BIO_new(BIO_s_mem()));
    if (!key || !certificate || !text || !fill(certificate.get(), key.get(), names) ||
        PEM_write_bio_X509(text.get(), certificate.get()) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        return fail(Code::internal, "making a certificate: " + tls_error_text());
    }
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(text.get(), &bytes);
    return std::string(bytes, static_cast<std::size_t>(size));
}

}  // namespace wherry::net
