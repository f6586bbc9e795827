#include "access/transfer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "unit/access/transfer_fixture.h"

namespace wherry {
namespace {

using namespace std::chrono_literals;
using testing::numbers;
using testing::TransferTest;

// --- uploads -------------------------------------------------------------------------------------

TEST_F(TransferTest, ReceivesAFileAndPublishesItBeforeItIsCalledComplete) {
    const std::string content = numbers(50'000);
    upload("/file");
    receive();
    client->send(content);
    client->end_sending();
    harness.run();
    ASSERT_TRUE(outcome && outcome->complete());
    EXPECT_TRUE(finish());
    EXPECT_EQ(harness.content("/file"), content);
    expect_ended(Metric::uploads_total, Code::ok);
    EXPECT_EQ(metric(Metric::bytes_received_total), static_cast<std::int64_t>(content.size()));
}

TEST_F(TransferTest, ReceivesTextWithTheLineEndsOfThisMachine) {
    upload("/file");
    receive(Encoding::ascii);
    for (const char c : std::string_view("a\r\nb\r\r\nc\r")) {
        client->send(std::string(1, c));
        harness.run();
    }
    client->end_sending();
    harness.run();
    EXPECT_TRUE(finish());
    EXPECT_EQ(harness.content("/file"), "a\nb\r\nc\r");
}

TEST_F(TransferTest, AppendsAndGoesOnWhereItWasTold) {
    harness.put("/file", "0123456789");
    WriteRequest append;
    append.mode = WriteRequest::Mode::append;
    upload("/file", append);
    receive();
    client->send("AB");
    client->end_sending();
    harness.run();
    EXPECT_TRUE(finish());
    EXPECT_EQ(harness.content("/file"), "0123456789AB");

    std::tie(client, stream) = connection();
    outcome.reset();
    WriteRequest rest;
    rest.offset = 3;
    upload("/file", rest);
    receive();
    client->send("xyz");
    client->end_sending();
    harness.run();
    EXPECT_TRUE(finish());
    EXPECT_EQ(harness.content("/file"), "012xyz6789AB");
}

struct BadEnd {
    const char* name;
    Code code;
    Outcome::Side side;
    void (*happen)(testing::Connection& client, net::Stream& stream, testing::FaultyFilesystem& files);
};
constexpr BadEnd bad_ends[] = {
    {"reset", Code::reset, Outcome::Side::network, [](auto& client, auto&, auto&) { client.reset(); }},
    {"aborted", Code::aborted, Outcome::Side::network, [](auto&, auto& stream, auto&) { stream.abort(Code::aborted); }},
    {"killed", Code::killed, Outcome::Side::network, [](auto&, auto& stream, auto&) { stream.abort(Code::killed); }},
    {"disk_full", Code::no_space, Outcome::Side::file,
     [](auto& client, auto&, auto& files) {
         files.fail_at(0, Code::no_space);
         client.send("more");
     }},
    {"disk_broken", Code::io, Outcome::Side::file,
     [](auto& client, auto&, auto& files) {
         files.fail_at(0, Code::io);
         client.send("more");
     }},
};
class BadUpload : public TransferTest, public ::testing::WithParamInterface<BadEnd> {};
INSTANTIATE_TEST_SUITE_P(Ends, BadUpload, ::testing::ValuesIn(bad_ends),
                         [](const auto& each) { return each.param.name; });

TEST_P(BadUpload, IsNotPublishedAndIsToldWithItsCause) {
    harness.put("/file", "old");
    harness.uploads.atomic = true;
    upload("/file");
    receive();
    client->send("half");
    harness.run();
    GetParam().happen(*client, *stream, *faulty);
    harness.run();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->cause, GetParam().code);
    EXPECT_EQ(outcome->side, GetParam().side);
    EXPECT_EQ(finish().error().code, GetParam().code);
    EXPECT_EQ(harness.content("/file"), "old");
    expect_ended(Metric::uploads_total, GetParam().code);
    EXPECT_EQ(faulty->open_files(), 0U);
}

TEST_F(TransferTest, AnUploadThatCannotBeClosedHasFailed) {
    harness.uploads.atomic = true;
    upload("/file");
    receive();
    client->send("all");
    client->end_sending();
    harness.run();
    ASSERT_TRUE(outcome && outcome->complete());
    faulty->fail_at(0, Code::no_space);
    EXPECT_EQ(finish().error().code, Code::no_space);
    EXPECT_FALSE(harness.exists("/file"));
    expect_ended(Metric::uploads_total, Code::no_space);
}

TEST_F(TransferTest, ASilentClientIsGivenUp) {
    upload("/file");
    receive();
    harness.wait(29s);
    client->send("alive");
    harness.wait(29s);
    EXPECT_FALSE(outcome);
    harness.wait(2s);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->cause, Code::timeout);
}

TEST_F(TransferTest, AnUploadPastTheQuotaFails) {
    user.limits.storage = 1000;
    upload("/file");
    receive();
    client->send(std::string(2000, 'x'));
    harness.run();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->cause, Code::quota);
    EXPECT_EQ(finish().error().code, Code::quota);
}

}  // namespace
}  // namespace wherry
