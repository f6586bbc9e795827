#include "net/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "support/coroutines.h"
#include "testing/memory_network.h"

namespace wherry::net {
namespace {

using namespace std::chrono_literals;
using testing::HandTurned;
using testing::MemoryNetwork;

// A stream of a server and, in the test's hand, the client's end.
struct Pipe : HandTurned {
    Pipe() {
        std::tie(client, stream) =
            MemoryNetwork::pair(loop, Address::parse_ip("198.51.100.7", 40000).value(),
                                Address::parse_ip("192.0.2.1", 21).value(), Watch::Class::control);
    }
    testing::ConnectionPtr client;
    StreamPtr stream;
    std::array<std::byte, 64> buffer{};
    std::optional<Io> read;
    std::optional<Io> written;
};

Task<void> pause(Stream& stream, TimePoint due) { return stream.pause_until(due); }

TEST(Stream, AReadWaitsForTheFirstBytes) {
    Pipe pipe;
    pipe.start(pipe.stream->read(pipe.buffer), pipe.read);
    EXPECT_FALSE(pipe.read);
    pipe.client->send("NOOP\r\n");
    pipe.loop.run_until_idle();
    ASSERT_TRUE(pipe.read);
    EXPECT_TRUE(pipe.read->ok());
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(pipe.buffer.data()), pipe.read->bytes), "NOOP\r\n");
}

TEST(Stream, AnOrderlyEndReadsNothing) {
    Pipe pipe;
    pipe.start(pipe.stream->read(pipe.buffer), pipe.read);
    pipe.client->end_sending();
    pipe.loop.run_until_idle();
    ASSERT_TRUE(pipe.read && pipe.read->ok());
    EXPECT_EQ(pipe.read->bytes, 0U);
}

TEST(Stream, AWriteGoesOnAsThePeerTakes) {
    Pipe pipe;
    pipe.client->window = 10;
    const std::string text(95, 'x');
    pipe.start(pipe.stream->write_all(std::as_bytes(std::span(text))), pipe.written);
    std::string received;
    int pieces = 0;
    while (!pipe.written) {
        const std::string piece = pipe.client->receive();
        ASSERT_FALSE(piece.empty());
        ASSERT_LE(piece.size(), 10U);
        received += piece;
        ++pieces;
        pipe.loop.run_until_idle();
    }
    received += pipe.client->receive();
    EXPECT_EQ(received, text);
    EXPECT_GE(pieces, 9);
    EXPECT_EQ(pipe.written->bytes, text.size());
}

TEST(Stream, AWriteEndsWhereTheConnectionBreaks) {
    Pipe pipe;
    pipe.client->window = 10;
    const std::string text(95, 'x');
    pipe.start(pipe.stream->write_all(std::as_bytes(std::span(text))), pipe.written);
    pipe.client->reset();
    pipe.loop.run_until_idle();
    ASSERT_TRUE(pipe.written);
    EXPECT_EQ(pipe.written->code, Code::reset);
}

TEST(Stream, AnAbortWakesReaderAndWriterWithItsCause) {
    Pipe pipe;
    pipe.client->window = 0;
    pipe.start(pipe.stream->read(pipe.buffer), pipe.read);
    pipe.start(pipe.stream->write_all(std::as_bytes(std::span(pipe.buffer))), pipe.written);
    EXPECT_FALSE(pipe.read || pipe.written);
    pipe.stream->abort(Code::killed);
    pipe.stream->abort(Code::timeout);  // the first cause stays
    pipe.loop.run_until_idle();
    ASSERT_TRUE(pipe.read && pipe.written);
    EXPECT_EQ(pipe.read->code, Code::killed);
    EXPECT_EQ(pipe.written->code, Code::killed);
    EXPECT_EQ(pipe.stream->cause(), Code::killed);
    EXPECT_EQ(pipe.stream->try_read(pipe.buffer).code, Code::killed);
    EXPECT_EQ(pipe.stream->try_write(pipe.buffer).code, Code::killed);
}

TEST(Stream, ADeadlineAbortsUnlessItIsMovedOnOrTakenBack) {
    Pipe pipe;
    pipe.start(pipe.stream->read(pipe.buffer), pipe.read);
    pipe.stream->set_deadline(pipe.loop.now() + 5s);
    pipe.advance(4s);
    pipe.stream->set_deadline(pipe.loop.now() + 5s);
    pipe.advance(4s);
    EXPECT_FALSE(pipe.read);
    pipe.stream->clear_deadline();
    pipe.advance(1h);
    EXPECT_FALSE(pipe.read);
    pipe.stream->set_deadline(pipe.loop.now() + 5s);
    pipe.advance(5s);
    ASSERT_TRUE(pipe.read);
    EXPECT_EQ(pipe.read->code, Code::timeout);
}

TEST(Stream, AWokenReaderLooksAgain) {
    Pipe pipe;
    pipe.start(pipe.stream->read(pipe.buffer), pipe.read);
    pipe.stream->wake_reader();
    pipe.loop.run_until_idle();
    EXPECT_FALSE(pipe.read);
    pipe.client->send("x");
    pipe.loop.run_until_idle();
    EXPECT_TRUE(pipe.read);
}

TEST(Stream, APauseEndsAtItsTimeWhateverThePeerDoes) {
    Pipe pipe;
    bool ended = false;
    pipe.start(pause(*pipe.stream, pipe.loop.now() + 3s), ended);
    pipe.client->send("hurry");
    static_cast<void>(pipe.client->receive());
    pipe.advance(2999ms);
    EXPECT_FALSE(ended);
    pipe.advance(1ms);
    EXPECT_TRUE(ended);
}

TEST(Stream, AnAbortEndsAPause) {
    Pipe pipe;
    bool ended = false;
    pipe.start(pause(*pipe.stream, pipe.loop.now() + 3s), ended);
    pipe.stream->abort(Code::killed);
    pipe.loop.run_until_idle();
    EXPECT_TRUE(ended);
    bool again = false;
    pipe.start(pause(*pipe.stream, pipe.loop.now() + 3s), again);
    EXPECT_TRUE(again);
}

// The pause took the writer's place: a session whose replies were not read and whose login had failed never ended.
TEST(Stream, APauseLeavesReaderAndWriterTheirPlaces) {
    Pipe pipe;
    pipe.client->window = 10;
    const std::string text(25, 'x');
    bool ended = false;
    pipe.start(pipe.stream->read(pipe.buffer), pipe.read);
    pipe.start(pipe.stream->write_all(std::as_bytes(std::span(text))), pipe.written);
    pipe.start(pause(*pipe.stream, pipe.loop.now() + 3s), ended);
    EXPECT_FALSE(pipe.read || pipe.written || ended);
    for (int i = 0; i < 3; ++i) {
        static_cast<void>(pipe.client->receive());
        pipe.loop.run_until_idle();
    }
    EXPECT_TRUE(pipe.written);
    pipe.client->send("x");
    pipe.loop.run_until_idle();
    EXPECT_TRUE(pipe.read);
    EXPECT_FALSE(ended);
    pipe.advance(3s);
    EXPECT_TRUE(ended);
}

TEST(Stream, AGentleCloseReadsWhatThePeerStillSends) {
    Pipe pipe;
    bool ended = false;
    pipe.start(pipe.stream->close_gently(), ended);
    EXPECT_TRUE(pipe.client->ended());
    pipe.client->send("one more thing");
    pipe.loop.run_until_idle();
    EXPECT_FALSE(ended);
    EXPECT_FALSE(pipe.stream->has_unread());
    pipe.client->end_sending();
    pipe.loop.run_until_idle();
    EXPECT_TRUE(ended);
    EXPECT_EQ(pipe.stream->cause(), Code::ok);
}

TEST(Stream, AGentleCloseDoesNotWaitForEver) {
    Pipe pipe;
    bool ended = false;
    pipe.start(pipe.stream->close_gently(), ended);
    for (int i = 0; i < 100 && !ended; ++i) {
        pipe.client->send("on and on");
        pipe.advance(100ms);
    }
    EXPECT_TRUE(ended);
}

TEST(Stream, WhatOnlySocketsCanIsUnsupported) {
    Pipe pipe;
    EXPECT_EQ(pipe.stream->try_send_file(0, 0, 1).code, Code::unsupported);
    EXPECT_EQ(pipe.stream->raw_descriptor(), -1);
    EXPECT_FALSE(pipe.stream->is_secure());
    EXPECT_EQ(pipe.stream->peer().text(), "198.51.100.7:40000");
    EXPECT_EQ(pipe.stream->local().text(), "192.0.2.1:21");
}

}  // namespace
}  // namespace wherry::net
