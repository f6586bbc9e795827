// Certificates of clients: who is let in, who needs no password.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "service/config.h"
#include "testing/harness.h"
#include "testing/tls_authority.h"

namespace wherry::testing {
namespace {

class ClientCertificatesTest : public ::testing::Test {
protected:
    void SetUp() override {
        harness_.tls = true;
        harness_.add_user("alice", "x");
        harness_.add_user("bob", "y");
        harness_.logins.failure_delay = {};
        harness_.put("/a", "content");
        ask_for(ClientCertificates::optional);
        harness_.settings.tls.certificate_rule = certificate_rule(TlsConfig::UserOf::common_name);
    }
    void ask_for(ClientCertificates rule) {
        harness_.tls_options.client_certificates = rule;
        harness_.tls_options.client_authorities = trusted_.path();
    }
    // Connected and, if that works, under TLS. In TLS 1.3 the client learns of a refusal only after its handshake.
    std::unique_ptr<Client> connect(const std::string& certificate, int version = 13) {
        auto client = harness_.connect();
        client->tls_options.certificate = certificate;
        client->tls_options.version = version;
        EXPECT_EQ(client->code(), 220);
        EXPECT_EQ(client->ask("AUTH TLS"), 234);
        client->begin_tls();
        return client;
    }

    TlsAuthority authority_;
    TlsAuthority other_{"Another Authority"};
    MemoryFile trusted_{authority_.pem()};
    Harness harness_;
};

TEST_F(ClientCertificatesTest, ReplaceThePasswordOfTheirUser) {
    for (const int version : {12, 13}) {
        auto client = connect(authority_.issue("alice"), version);
        EXPECT_EQ(client->ask("USER alice"), 232);
        EXPECT_EQ(client->ask("PWD"), 257);
        EXPECT_EQ(client->ask("PASS x"), 503);
    }
    EXPECT_EQ(harness_.metrics().value(Metric::logins_total), 2);
}

TEST_F(ClientCertificatesTest, OfOthersAndOfNobodyLeaveThePasswordInPlace) {
    auto client = connect(authority_.issue("alice"));
    EXPECT_EQ(client->ask("USER bob"), 331);
    EXPECT_EQ(client->ask("PASS wrong"), 530);
    EXPECT_EQ(client->ask("USER bob"), 331);
    EXPECT_EQ(client->ask("PASS y"), 230);
    auto stranger = connect(authority_.issue("mallory"));
    EXPECT_EQ(stranger->ask("USER mallory"), 331);
    EXPECT_EQ(stranger->ask("PASS "), 530);
    auto plain = connect("");
    EXPECT_EQ(plain->ask("USER alice"), 331);
    EXPECT_EQ(plain->ask("PASS x"), 230);
}

TEST_F(ClientCertificatesTest, WithoutARuleLogNobodyIn) {
    harness_.settings.tls.certificate_rule = {};
    auto client = connect(authority_.issue("alice"));
    EXPECT_EQ(client->ask("USER alice"), 331);
}

TEST_F(ClientCertificatesTest, CanNameTheirUserByMailAddress) {
    harness_.add_user("carol@example.org", "z");
    harness_.settings.tls.certificate_rule = certificate_rule(TlsConfig::UserOf::email);
    auto client = connect(authority_.issue("Carol", "carol@example.org"));
    EXPECT_EQ(client->ask("USER Carol"), 331);
    EXPECT_EQ(client->ask("USER carol@example.org"), 232);
}

TEST_F(ClientCertificatesTest, ARuleThatThrowsLetsNobodyIn) {
    harness_.settings.tls.certificate_rule = [](const ClientCertificate&, const std::string&) -> bool {
        throw std::runtime_error("database down");
    };
    auto client = connect(authority_.issue("alice"));
    EXPECT_EQ(client->ask("USER alice"), 331);
    EXPECT_THAT(harness_.log(), ::testing::Contains(::testing::HasSubstr("database down")));
}

TEST_F(ClientCertificatesTest, OfOtherAuthoritiesAndOutOfDateEndTheConnection) {
    for (const int version : {12, 13}) {
        for (const std::string& bad : {other_.issue("alice"), authority_.issue("alice", {}, -1)}) {
            auto client = connect(bad, version);
            client->tls->step();
            EXPECT_TRUE(client->tls->failed());
            EXPECT_EQ(client->ask("USER alice"), 0);
        }
    }
    EXPECT_EQ(harness_.sessions(), 0U);
    EXPECT_EQ(harness_.metrics().value(Metric::tls_failures_total), 4);
}

TEST_F(ClientCertificatesTest, ThatAreRequiredKeepOthersOut) {
    ask_for(ClientCertificates::required);
    for (const int version : {12, 13}) {
        auto client = connect("", version);
        EXPECT_EQ(client->ask("USER alice"), 0);
        EXPECT_TRUE(client->tls->failed());
        EXPECT_EQ(connect(authority_.issue("bob"), version)->ask("USER bob"), 232);
    }
}

TEST_F(ClientCertificatesTest, ThatWereRevokedEndTheConnection) {
    const std::string good = authority_.issue("alice");
    const std::string revoked = authority_.issue("alice");
    const MemoryFile list(authority_.revocations({1}));
    harness_.tls_options.client_revocations = list.path();
    EXPECT_EQ(connect(good)->ask("USER alice"), 232);
    EXPECT_EQ(connect(revoked)->ask("USER alice"), 0);
}

// The certificate of the control connection is that of the data connection, whether that resumes or not.
TEST_F(ClientCertificatesTest, HoldForDataConnectionsToo) {
    auto client = connect(authority_.issue("alice"));
    ASSERT_EQ(client->ask("USER alice"), 232);
    ASSERT_EQ(client->ask("PBSZ 0"), 200);
    ASSERT_EQ(client->ask("PROT P"), 200);
    client->protect_data = true;
    for (const bool resume : {true, false}) {
        client->resume_data = resume;
        ASSERT_EQ(client->ask("EPSV"), 229);
        client->open_data();
        ASSERT_EQ(client->ask("RETR /a"), 125);
        EXPECT_TRUE(client->data_ended());
        EXPECT_EQ(client->code(), 226);
    }
    client->tls_options.certificate = authority_.issue("bob");
    ASSERT_EQ(client->ask("EPSV"), 229);
    client->open_data();
    ASSERT_EQ(client->ask("RETR /a"), 125);
    EXPECT_TRUE(client->data_ended());
    EXPECT_EQ(client->received, "");
    EXPECT_EQ(client->code(), 522);
}

TEST_F(ClientCertificatesTest, UsersThatNeedTlsAreRefusedInClear) {
    User user;
    user.name = "dora";
    user.tls_required = true;
    harness_.add_user(user, "z");
    auto clear = harness_.connect();
    EXPECT_EQ(clear->code(), 220);
    EXPECT_EQ(clear->ask("USER dora"), 331);
    EXPECT_EQ(clear->ask("PASS z"), 530);
    auto client = connect("");
    EXPECT_EQ(client->ask("USER dora"), 331);
    EXPECT_EQ(client->ask("PASS z"), 230);
    EXPECT_EQ(client->ask("EPSV"), 229);
    EXPECT_EQ(client->ask("LIST"), 521);
    EXPECT_EQ(client->ask("PBSZ 0"), 200);
    EXPECT_EQ(client->ask("PROT C"), 534);
}

}  // namespace
}  // namespace wherry::testing
