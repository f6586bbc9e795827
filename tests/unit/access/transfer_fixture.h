#pragma once
// What the tests of transfers share: one transfer, a connection to the client, and what became of both.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "access/transfer.h"
#include "unit/access/access_fixture.h"

namespace wherry::testing {

inline constexpr net::Duration stall = std::chrono::seconds(30);

class TransferTest : public AccessTest {
protected:
    ~TransferTest() override {
        if (stream) stream->abort(Code::killed);  // whatever a failed test has left waiting
        harness.run();
    }
    void download(std::string_view path, std::uint64_t offset = 0) {
        auto opened = run(workspace().open_read(at(path), offset));
        ASSERT_TRUE(opened) << opened.error().message;
        transfer = std::move(*opened);
        if (!stream) std::tie(client, stream) = connection();
    }
    void upload(std::string_view path, const WriteRequest& request = {}) {
        auto opened = run(workspace().open_write(at(path), request));
        ASSERT_TRUE(opened) << opened.error().message;
        transfer = std::move(*opened);
        if (!stream) std::tie(client, stream) = connection();
    }
    void start(net::Task<Outcome> moving) {
        scope.emplace(harness.loop());
        scope->start(keep_result(std::move(moving), outcome));
        harness.run();
    }
    void send(Encoding encoding = Encoding::image) { start(transfer->send_to(*stream, encoding, stall)); }
    void receive(Encoding encoding = Encoding::image) { start(transfer->receive_from(*stream, encoding, stall)); }
    // What the client gets as long as it takes it.
    std::string taken() {
        std::string all;
        for (std::string more = client->receive(); !more.empty(); more = client->receive()) {
            all += more;
            harness.run();
        }
        return all;
    }
    Result<void> finish() { return run(transfer->finish(*outcome)); }
    void expect_ended(Metric which, Code cause) {
        EXPECT_EQ(metric(Metric::transfers), 0);
        EXPECT_EQ(metric(which), 1);
        EXPECT_EQ(metric(Metric::transfers_failed_total), cause == Code::ok ? 0 : 1);
        ASSERT_EQ(harness.events().size(), 1U);
        const Event& event = harness.events().front();
        const event::Transferred& told = which == Metric::uploads_total
                                             ? static_cast<const event::Transferred&>(std::get<event::Received>(event))
                                             : std::get<event::Sent>(event);
        EXPECT_EQ(told.cause, cause);
        EXPECT_EQ(told.bytes, transfer ? transfer->moved() : told.bytes);
        EXPECT_EQ(told.session.user, "alice");
    }

    ConnectionPtr client;
    net::StreamPtr stream;
    TransferPtr transfer;
    std::optional<Outcome> outcome;
    std::optional<net::Scope> scope;
};

inline std::string numbers(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += std::to_string(i) + "\n";
    return text;
}

}  // namespace wherry::testing
