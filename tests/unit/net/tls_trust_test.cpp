#include "net/tls_trust.h"

#include <gtest/gtest.h>

#include "net/self_signed.h"
#include "net/tls_context.h"
#include "testing/tls_client.h"

namespace wherry::net {
namespace {

TEST(TlsTrust, TakesOneCertificateByItsFingerprintHoweverItIsWritten) {
    const testing::MemoryFile file(make_self_signed({"localhost"}).value());
    TlsOptions options;
    options.certificates.push_back({file.path(), {}});
    const std::string fingerprint = TlsContext::load(options).value()->fingerprint();
    std::string bare = fingerprint;
    std::erase(bare, ':');
    for (const std::string& written : {fingerprint, bare}) {
        const auto trust = TlsTrust::load({.fingerprint = written});
        ASSERT_TRUE(trust) << trust.error().message;
        EXPECT_TRUE((*trust)->takes(fingerprint));
        std::string other = fingerprint;
        other[0] = other[0] == 'A' ? 'B' : 'A';
        EXPECT_FALSE((*trust)->takes(other));
        EXPECT_FALSE((*trust)->takes(""));
    }
}

TEST(TlsTrust, RefusesWhatIsNoFingerprint) {
    for (const std::string& bad : {std::string("AB:CD"), std::string(63, 'A'), std::string(65, 'A'),
                                   std::string(64, 'G'), std::string(64, '-'), std::string(":")}) {
        const auto trust = TlsTrust::load({.fingerprint = bad});
        ASSERT_FALSE(trust) << bad;
        EXPECT_EQ(trust.error().code, Code::invalid);
    }
}

TEST(TlsTrust, SaysWhichAuthoritiesItCannotRead) {
    const testing::MemoryFile empty("no certificate");
    for (const std::string& file : {std::string("/nowhere/ca.pem"), empty.path()}) {
        const auto trust = TlsTrust::load({.authorities = file});
        ASSERT_FALSE(trust);
        EXPECT_TRUE(trust.error().message.starts_with(file + ": "));
    }
}

TEST(TlsTrust, TakesWhatAnAuthorityHasSignedWhateverItsFingerprint) {
    const testing::MemoryFile authority(make_self_signed({"localhost"}).value());
    EXPECT_TRUE(TlsTrust::load({.authorities = authority.path()}).value()->takes("AB"));
    EXPECT_TRUE(TlsTrust::load({}));
}

}  // namespace
}  // namespace wherry::net
