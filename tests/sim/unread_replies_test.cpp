// A client that does not read its replies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/harness.h"

namespace wherry {
namespace {

using namespace std::chrono_literals;
using testing::Harness;

// The pause after a refused login took the place of the replies that waited to be sent: they were never sent, and the
// session never ended, nor did a server that waited for it.
TEST(UnreadReplies, ARefusedLoginDoesNotLoseThem) {
    Harness harness;
    harness.add_user("alice", "secret");
    const auto client = harness.connect();
    ASSERT_EQ(client->code(), 220);
    client->control().window = 5;
    client->say("NOOP");
    client->say("USER alice");
    client->say("PASS wrong");
    harness.wait(harness.logins.failure_delay);
    EXPECT_EQ(client->code(), 200);
    EXPECT_EQ(client->code(), 331);
    EXPECT_EQ(client->code(), 530);
    client->hang_up();
    EXPECT_EQ(harness.sessions(), 0U);
}

}  // namespace
}  // namespace wherry
