// How an upload ends when both connections of its client end: one that died has not sent a file, one that has said QUIT
// has. Neither depends on which of the two ends is noticed first.
#include <gtest/gtest.h>

#include <string>

#include "testing/harness.h"

namespace wherry::testing {
namespace {

class UploadEnd : public ::testing::TestWithParam<std::string> {
protected:
    UploadEnd() {
        harness_.add_user("alice", "x");
        harness_.uploads.atomic = true;
        harness_.settings.mode_z = true;
    }
    // Up to the 125 of an upload of which some has come, in the way that is asked for.
    void begin() {
        client_ = harness_.connect();
        ASSERT_TRUE(client_->log_in("alice", "x"));
        ASSERT_EQ(client_->ask(GetParam()), 200);
        ASSERT_EQ(client_->ask("EPSV"), 229);
        client_->open_data();
        ASSERT_EQ(client_->ask("STOR /up"), 125);
        if (GetParam() == "MODE Z") {
            // "some" as zlib has it
            client_->send_data(std::string("\x78\x9c\x2b\xce\xcf\x4d\x05\x00\x04\x5c\x01\xb5", 12));
        } else {
            client_->send_data("some");
        }
    }
    std::vector<Code> causes() {
        std::vector<Code> found;
        for (const Event& event : harness_.events()) {
            if (const auto* one = std::get_if<event::Received>(&event)) found.push_back(one->cause);
        }
        return found;
    }

    Harness harness_;
    std::unique_ptr<Client> client_;
};

TEST_P(UploadEnd, OfAClientThatDied) {
    begin();
    client_->data->end_sending();
    client_->control().end_sending();
    harness_.run();
    EXPECT_FALSE(harness_.exists("/up"));
    EXPECT_EQ(causes(), std::vector<Code>{Code::reset});
    EXPECT_EQ(harness_.sessions(), 0U);
}

TEST_P(UploadEnd, OfAClientThatDiedTheOtherWayRound) {
    begin();
    client_->control().end_sending();
    client_->data->end_sending();
    harness_.run();
    EXPECT_FALSE(harness_.exists("/up"));
    EXPECT_EQ(causes(), std::vector<Code>{Code::reset});
}

TEST_P(UploadEnd, OfAClientWhoseControlConnectionWasReset) {
    begin();
    client_->data->end_sending();
    client_->control().reset();
    harness_.run();
    EXPECT_FALSE(harness_.exists("/up"));
    EXPECT_EQ(causes(), std::vector<Code>{Code::reset});
}

// RFC 959 4.1.1: what runs is not cut off by QUIT.
TEST_P(UploadEnd, OfAClientThatSaidQuitAndLeft) {
    begin();
    client_->data->end_sending();
    client_->control().send("QUIT\r\n");
    client_->control().end_sending();
    harness_.run();
    EXPECT_EQ(harness_.content("/up"), "some");
    EXPECT_EQ(causes(), std::vector<Code>{Code::ok});
    EXPECT_EQ(harness_.sessions(), 0U);
}

TEST_P(UploadEnd, OfAClientThatSaidQuitLongAgo) {
    begin();
    client_->say("QUIT");
    client_->control().end_sending();
    harness_.run();
    client_->end_data();
    EXPECT_EQ(harness_.content("/up"), "some");
    EXPECT_EQ(causes(), std::vector<Code>{Code::ok});
}

TEST_P(UploadEnd, OfAClientThatStays) {
    begin();
    client_->end_data();
    EXPECT_EQ(client_->code(), 226);
    EXPECT_EQ(harness_.content("/up"), "some");
}

INSTANTIATE_TEST_SUITE_P(Ways, UploadEnd, ::testing::Values("TYPE I", "TYPE A", "MODE Z"),
                         [](const auto& one) { return one.param.substr(0, 4) + one.param.substr(5); });

}  // namespace
}  // namespace wherry::testing
