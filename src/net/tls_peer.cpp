#include "net/tls_peer.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string_view>

#include "net/tls_error.h"

namespace wherry::net {
namespace {

std::string text_of(const X509_NAME* name) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), &BIO_free_all);
    X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

std::string text_of(const ASN1_STRING* text) {
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, text);
    if (size < 0) return {};
    std::string out(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
    return out;
}

std::string common_name_of(const X509_NAME* name) {
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    return at < 0 ? std::string() : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

void take_alternative_names(const X509* certificate, ClientCertificate& out) {
    auto* const names =
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_EMAIL) out.emails.push_back(text_of(name->d.rfc822Name));
        if (name->type == GEN_DNS) out.dns_names.push_back(text_of(name->d.dNSName));
    }
    GENERAL_NAMES_free(names);
}

}  // namespace

std::shared_ptr<const ClientCertificate> client_certificate_of(ssl_st* ssl) {
    const X509* const certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) return nullptr;
    auto out = std::make_shared<ClientCertificate>();
    out->subject = text_of(X509_get_subject_name(certificate));
    out->issuer = text_of(X509_get_issuer_name(certificate));
    out->common_name = common_name_of(X509_get_subject_name(certificate));
    out->fingerprint = fingerprint_of(certificate);
    take_alternative_names(certificate, *out);
    return out;
}

}  // namespace wherry::net
