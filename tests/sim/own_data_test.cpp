// Commands of an embedder that send and receive over the data connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "testing/harness.h"

namespace wherry::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::string long_text() {
    std::string text;
    for (int i = 0; text.size() < 300'000; ++i) text += std::to_string(i) + "\r\n";
    return text;
}

class OwnData : public ::testing::Test {
protected:
    OwnData() {
        harness_.settings.mode_z = true;
        add({.verb = "XGET", .data = true}, [this](const FtpCall&) {
            return FtpReply{
                .text = "Here it comes",
                .send = [this, at = std::size_t{0}](std::span<std::byte> into) mutable { return source(at, into); }};
        });
        add({.verb = "SITE TAKE", .data = true}, [this](const FtpCall& call) {
            if (call.argument == "no") return FtpReply{.code = 550, .text = "Not that"};
            return FtpReply{.receive = [this](std::span<const std::byte> bytes) { return sink(bytes); }};
        });
    }
    void add(FtpCommand row, FtpFunction run) {
        const auto added = ftp::add_command(harness_.hooks, {std::move(row), std::move(run)});
        ASSERT_TRUE(added) << added.error().message;
    }
    Result<std::size_t> source(std::size_t& at, std::span<std::byte> into) {
        if (at >= fails_at_) return fail(Code::io, "the well is dry");
        const std::size_t count = std::min({into.size(), text_.size() - at, std::size_t{20'000}});
        std::memcpy(into.data(), text_.data() + at, count);
        at += count;
        return count;
    }
    Result<void> sink(std::span<const std::byte> bytes) {
        if (taken_.size() >= fails_at_) return fail(Code::no_space, "full");
        if (bytes.empty()) complete_ = true;
        taken_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }
    Client& alice() {
        if (client_) return *client_;
        harness_.add_user("alice", "x");
        client_ = harness_.connect();
        EXPECT_TRUE(client_->log_in("alice", "x"));
        return *client_;
    }
    // The code after the command, the data connection being there.
    int begin(const std::string& command) {
        EXPECT_EQ(alice().ask("EPSV"), 229);
        alice().open_data();
        return alice().ask(command);
    }

    Harness harness_;
    std::unique_ptr<Client> client_;
    std::string text_ = long_text();
    std::string taken_;
    std::size_t fails_at_ = 1'000'000'000;
    bool complete_ = false;
};

TEST_F(OwnData, IsSentInPiecesAndThenToldAsComplete) {
    EXPECT_EQ(begin("XGET"), 125);
    EXPECT_EQ(alice().last(), "125 Here it comes");
    EXPECT_TRUE(alice().data_ended());
    EXPECT_EQ(alice().code(), 226);
    EXPECT_TRUE(alice().received == text_);
}

TEST_F(OwnData, IsReceivedToItsEnd) {
    EXPECT_EQ(begin("SITE TAKE"), 125);
    alice().send_data(text_);
    EXPECT_FALSE(complete_);
    alice().end_data();
    EXPECT_EQ(alice().code(), 226);
    EXPECT_TRUE(taken_ == text_);
    EXPECT_TRUE(complete_);
}

TEST_F(OwnData, NeedsADataConnection) {
    EXPECT_EQ(alice().ask("XGET"), 425);
    EXPECT_EQ(alice().ask("SITE TAKE"), 425);
    EXPECT_EQ(begin("SITE TAKE no"), 550);
    EXPECT_EQ(alice().ask("NOOP"), 200);
}

TEST_F(OwnData, FollowsModeAndProtection) {
    harness_.tls = true;
    EXPECT_EQ(alice().ask("MODE Z"), 200);
    EXPECT_EQ(begin("XGET"), 125);
    EXPECT_TRUE(alice().data_ended());
    EXPECT_EQ(alice().code(), 226);
    EXPECT_LT(alice().received.size(), text_.size() / 2);
    EXPECT_EQ(alice().received[0], '\x78') << "as zlib begins";
    EXPECT_EQ(begin("SITE TAKE"), 504);
    client_ = harness_.connect();
    EXPECT_EQ(alice().code(), 220);
    ASSERT_EQ(alice().ask("AUTH TLS"), 234);
    ASSERT_TRUE(alice().begin_tls());
    EXPECT_EQ(alice().ask("USER alice"), 331);
    EXPECT_EQ(alice().ask("PASS x"), 230);
    EXPECT_EQ(alice().ask("PBSZ 0"), 200);
    EXPECT_EQ(alice().ask("PROT P"), 200);
    alice().protect_data = true;
    EXPECT_EQ(begin("XGET"), 125);
    EXPECT_TRUE(alice().data_ended());
    EXPECT_EQ(alice().code(), 226);
    EXPECT_TRUE(alice().received == text_);
    EXPECT_TRUE(alice().data_tls->heard_end());
}

TEST_F(OwnData, NoopIsAnsweredMeanwhileAndAborEndsIt) {
    EXPECT_EQ(begin("SITE TAKE"), 125);
    alice().send_data("some");
    EXPECT_EQ(alice().ask("NOOP"), 200);
    EXPECT_EQ(alice().ask("ABOR"), 426);
    EXPECT_EQ(alice().code(), 226);
    EXPECT_EQ(taken_, "some");
    EXPECT_FALSE(complete_);
}

TEST_F(OwnData, ThatFailsIsToldAsFailed) {
    fails_at_ = 40'000;
    EXPECT_EQ(begin("XGET"), 125);
    EXPECT_TRUE(alice().data_ended());
    EXPECT_EQ(alice().code(), 451);
    EXPECT_THAT(harness_.log(), Contains(HasSubstr("the well is dry")));
    EXPECT_EQ(begin("SITE TAKE"), 125);
    alice().send_data(text_);
    EXPECT_TRUE(alice().data_ended());
    EXPECT_EQ(alice().code(), 452);
    EXPECT_FALSE(complete_);
}

TEST_F(OwnData, ThatNobodyReadsStalls) {
    EXPECT_EQ(alice().ask("EPSV"), 229);
    alice().open_data()->window = 1000;
    EXPECT_EQ(alice().ask("XGET"), 125);
    harness_.wait(harness_.settings.stall_timeout + std::chrono::seconds(1));
    EXPECT_EQ(alice().code(), 426);
}

TEST_F(OwnData, IsForRowsThatSaySo) {
    add({.verb = "XLIE"},
        [](const FtpCall&) { return FtpReply{.send = [](std::span<std::byte>) -> Result<std::size_t> { return 0; }}; });
    EXPECT_EQ(begin("XLIE"), 451);
    EXPECT_THAT(harness_.log(), Contains(HasSubstr("XLIE")));
}

}  // namespace
}  // namespace wherry::testing
