#include "net/tls_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/self_signed.h"
#include "testing/tls_authority.h"
#include "testing/tls_client.h"

namespace wherry::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemoryFile;

// PKCS #8, encrypted with the passphrase "x".
constexpr const char* encrypted_key = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAi8Ia81JSS4EwICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEAGJT1+HFzclOKC2gamITxQEgZD1
qhbSbDW/tse71smNxqb3SLMJPVo6sJBF0cVAb+eQpeIlZW/GIkM0HoaXztNR4ofh
QHUuj3E7I9zUMA6+8cWLdlLUEAe3On8df6ABOtJTzcJNhMLLXiGbxhf9SIBaDhUe
L3elsoGW260QNSIzKqyyCKy41DeOoB6GZbppTvAf6CpWaaRXGBdonYuez/QYRgw=
-----END ENCRYPTED PRIVATE KEY-----
)";

std::string pem() { return make_self_signed({"localhost", "127.0.0.1"}).value(); }
std::string certificate_of(const std::string& both) { return both.substr(0, both.find("-----BEGIN PRIVATE")); }
std::string key_of(const std::string& both) { return both.substr(both.find("-----BEGIN PRIVATE")); }

std::string error_of(const TlsOptions& options) {
    const auto context = TlsContext::load(options);
    return context ? "" : context.error().message;
}

TEST(TlsContext, TakesOneFileOrTwo) {
    const std::string both = pem();
    const MemoryFile one(both);
    const MemoryFile certificate(certificate_of(both));
    const MemoryFile key(key_of(both));
    const auto first = TlsContext::load({.certificates = {{one.path(), {}}}});
    const auto second = TlsContext::load({.certificates = {{certificate.path(), key.path()}}});
    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    EXPECT_EQ((*first)->fingerprint(), (*second)->fingerprint());
    EXPECT_EQ((*first)->fingerprint().size(), 95U);
    EXPECT_THAT((*first)->warnings(), IsEmpty());
}

TEST(TlsContext, KnowsACertificateThatNobodyElseHasSigned) {
    const MemoryFile own(pem());
    EXPECT_TRUE(TlsContext::load({.certificates = {{own.path(), {}}}}).value()->self_signed());
    testing::TlsAuthority authority;
    const MemoryFile issued(authority.issue("localhost"));
    EXPECT_FALSE(TlsContext::load({.certificates = {{issued.path(), {}}}}).value()->self_signed());
}

TEST(TlsContext, FindsCertificatesByName) {
    const MemoryFile one(make_self_signed({"one.example"}).value());
    const MemoryFile two(make_self_signed({"two.example", "*.two.example"}).value());
    const auto context = TlsContext::load({.certificates = {{one.path(), {}}, {two.path(), {}}}}).value();
    EXPECT_EQ(context->for_name("one.example"), context->native());
    EXPECT_NE(context->for_name("two.example"), nullptr);
    EXPECT_NE(context->for_name("two.example"), context->native());
    EXPECT_EQ(context->for_name("A.TWO.example"), context->for_name("two.example"));
    EXPECT_EQ(context->for_name("three.example"), nullptr);
}

TEST(TlsContext, SaysWhichFileIsBadAndWhy) {
    const std::string both = pem();
    const MemoryFile good(both);
    const MemoryFile empty("");
    const MemoryFile only_certificate(certificate_of(both));
    const MemoryFile only_key(key_of(both));
    const MemoryFile other_key(key_of(pem()));
    const MemoryFile secret(encrypted_key);
    const MemoryFile broken("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    EXPECT_THAT(error_of({}), HasSubstr("none is given"));
    EXPECT_THAT(error_of({.certificates = {{"/no/such.pem", {}}}}),
                AllOf(HasSubstr("/no/such.pem"), HasSubstr("No such")));
    EXPECT_THAT(error_of({.certificates = {{empty.path(), {}}}}),
                AllOf(HasSubstr(empty.path()), HasSubstr("no certificate in it")));
    EXPECT_THAT(error_of({.certificates = {{broken.path(), {}}}}), HasSubstr(broken.path()));
    EXPECT_THAT(error_of({.certificates = {{only_certificate.path(), {}}}}),
                AllOf(HasSubstr(only_certificate.path()), HasSubstr("no private key in it")));
    EXPECT_THAT(error_of({.certificates = {{only_key.path(), {}}}}), HasSubstr("no certificate in it"));
    EXPECT_THAT(error_of({.certificates = {{good.path(), other_key.path()}}}),
                AllOf(HasSubstr(other_key.path()), HasSubstr("not that of the certificate")));
    EXPECT_THAT(error_of({.certificates = {{good.path(), secret.path()}}}),
                AllOf(HasSubstr(secret.path()), HasSubstr("encrypted")));
    EXPECT_THAT(error_of({.certificates = {{good.path(), {}}}, .ciphers = "nonsense"}), HasSubstr("nonsense"));
    EXPECT_THAT(error_of({.certificates = {{good.path(), {}}}, .cipher_suites = "nonsense"}), HasSubstr("nonsense"));
}

TEST(TlsContext, SaysWhatIsWrongAboutFilesForClients) {
    const MemoryFile good(pem());
    const MemoryFile empty("");
    TlsOptions options{.certificates = {{good.path(), {}}}, .client_certificates = ClientCertificates::optional};
    EXPECT_THAT(error_of(options), HasSubstr("no file of their authorities"));
    options.client_authorities = "/no/ca.pem";
    EXPECT_THAT(error_of(options), HasSubstr("/no/ca.pem"));
    options.client_authorities = empty.path();
    EXPECT_THAT(error_of(options), AllOf(HasSubstr(empty.path()), HasSubstr("no certificate in it")));
    options.client_authorities = good.path();
    EXPECT_EQ(error_of(options), "");
    options.client_revocations = good.path();
    EXPECT_THAT(error_of(options), HasSubstr("no revocation list in it"));
}

}  // namespace
}  // namespace wherry::net
