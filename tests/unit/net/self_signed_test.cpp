#include "net/self_signed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/tls_context.h"
#include "testing/tls_client.h"

namespace wherry::net {
namespace {

TEST(SelfSigned, IsGoodForItsNamesAndNeverTheSameTwice) {
    const std::string first = make_self_signed({"ftp.example", "127.0.0.1", "::1"}).value();
    const std::string second = make_self_signed({"ftp.example"}).value();
    const testing::MemoryFile one(first);
    const testing::MemoryFile two(second);
    const auto context = TlsContext::load({.certificates = {{one.path(), {}}}}).value();
    EXPECT_NE(context->for_name("ftp.example"), nullptr);
    EXPECT_EQ(context->for_name("example"), nullptr);
    EXPECT_THAT(context->warnings(), ::testing::IsEmpty());
    EXPECT_NE(context->fingerprint(), TlsContext::load({.certificates = {{two.path(), {}}}}).value()->fingerprint());
}

TEST(SelfSigned, TakesNamesOfAnyLength) {
    EXPECT_TRUE(make_self_signed({std::string(63, 'a') + "." + std::string(63, 'b') + ".example"}));
    EXPECT_FALSE(make_self_signed({"a,b:c"}));
}

}  // namespace
}  // namespace wherry::net
