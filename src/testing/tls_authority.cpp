#include "testing/tls_authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "net/tls_error.h"

namespace wherry::testing {
namespace {

constexpr long day = 24L * 60 * 60;
constexpr long first_serial = 100;

void must(bool done) {
    if (!done) throw std::runtime_error("no certificate for the test: " + net::tls_error_text());
}

std::shared_ptr<EVP_PKEY> new_key() { return {EVP_EC_gen("P-256"), &EVP_PKEY_free}; }

void extend(X509* certificate, int kind, const std::string& value) {
    X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    must(made != nullptr && X509_add_ext(certificate, made, -1) == 1);
    X509_EXTENSION_free(made);
}

std::shared_ptr<X509> new_certificate(EVP_PKEY* key, const std::string& name, long serial, int days) {
    std::shared_ptr<X509> made(X509_new(), &X509_free);
    must(X509_set_version(made.get(), X509_VERSION_3) == 1 && X509_set_pubkey(made.get(), key) == 1 &&
         ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(made.get()), -30 * day) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(made.get()), days * day) != nullptr &&
         X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0) == 1);
    return made;
}

template <class Write>
std::string text_of(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), &BIO_free_all);
    must(write(bio.get()) == 1);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

}  // namespace

TlsAuthority::TlsAuthority(const std::string& name) : key_(new_key()) {
    certificate_ = new_certificate(key_.get(), name, 1, 1);
    must(X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get())) == 1);
    extend(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
    extend(certificate_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    must(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) != 0);
    pem_ = text_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
}

TlsAuthority::~TlsAuthority() = default;

std::string TlsAuthority::issue(const std::string& common_name, const std::string& email, int days) {
    const auto key = new_key();
    const auto made = new_certificate(key.get(), common_name, first_serial + next_++, days);
    must(X509_set_issuer_name(made.get(), X509_get_subject_name(certificate_.get())) == 1);
    if (!email.empty()) extend(made.get(), NID_subject_alt_name, "email:" + email);
    must(X509_sign(made.get(), key_.get(), EVP_sha256()) != 0);
    return text_of([&](BIO* bio) { return PEM_write_bio_X509(bio, made.get()); }) + text_of([&](BIO* bio) {
               return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
           });
}

std::string TlsAuthority::revocations(const std::vector<long>& issued) {
    const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), &X509_CRL_free);
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> now(X509_gmtime_adj(nullptr, -day), &ASN1_TIME_free);
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> next(X509_gmtime_adj(nullptr, day), &ASN1_TIME_free);
    must(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
         X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get())) == 1 &&
         X509_CRL_set1_lastUpdate(list.get(), now.get()) == 1 && X509_CRL_set1_nextUpdate(list.get(), next.get()) == 1);
    for (const long one : issued) {
        X509_REVOKED* const entry = X509_REVOKED_new();
        const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> serial(ASN1_INTEGER_new(),
                                                                                 &ASN1_INTEGER_free);
        must(ASN1_INTEGER_set(serial.get(), first_serial + one) == 1 &&
             X509_REVOKED_set_serialNumber(entry, serial.get()) == 1 &&
             X509_REVOKED_set_revocationDate(entry, now.get()) == 1 && X509_CRL_add0_revoked(list.get(), entry) == 1);
    }
    must(X509_CRL_sort(list.get()) == 1 && X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) != 0);
    return text_of([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

}  // namespace wherry::testing
