// Uploads that the program takes piece by piece: in order, before the last ACK, within bounds, and with a single end.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::chrono_literals;

std::string pattern(std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 2654435761U >> 24U);
    return out;
}

// What a sink has been told.
struct Told {
    std::string content;
    int writes = 0;
    int commits = 0;
    int discards = 0;
    bool in_order = true;
    bool after_the_end = false;
};

class TftpSinks : public ::testing::Test {
protected:
    void SetUp() override {
        server.handlers.push_back({"*", true, [this](const TftpRequest&) { return TftpAnswer::sink(make()); }});
    }
    TftpSink make() {
        told = &all.emplace_back();
        const auto over = [](const Told& one) { return one.commits + one.discards > 0; };
        return {
            .write = [this, over, seen = told](std::uint64_t offset, std::span<const std::byte> bytes) -> Result<void> {
                seen->in_order = seen->in_order && offset == seen->content.size();
                seen->after_the_end = seen->after_the_end || over(*seen);
                ++seen->writes;
                seen->content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                return on_write();
            },
            .commit = [this, over, seen = told]() -> Result<void> {
                seen->after_the_end = seen->after_the_end || over(*seen);
                ++seen->commits;
                return on_commit();
            },
            .discard =
                [this, seen = told] {
                    ++seen->discards;
                    on_discard();
                },
            .max_size = max_size};
    }
    // Three full blocks of a transfer that goes on.
    void begin() {
        ASSERT_EQ(server.wrq("new"), "ACK(0)");
        for (unsigned block = 1; block <= 3; ++block) {
            ASSERT_EQ(server.data(block, std::string(512, 'x')), "ACK(" + std::to_string(block) + ")");
        }
    }
    // "commits/discards" of the last sink.
    std::string ends() const {
        if (!told->in_order || told->after_the_end) return "calls out of their order";
        return std::to_string(told->commits) + "/" + std::to_string(told->discards);
    }
    std::vector<TftpTransfer> transfers() {
        std::vector<TftpTransfer> out;
        server.serve().list([&](std::vector<TftpTransfer> there) { out = std::move(there); });
        server.run();
        return out;
    }
    void next_client() { server.client = server.client.with_port(static_cast<std::uint16_t>(++port)); }

    std::deque<Told> all;
    Told* told = nullptr;
    std::function<Result<void>()> on_write = [] { return Result<void>(); };
    std::function<Result<void>()> on_commit = [] { return Result<void>(); };
    std::function<void()> on_discard = [] {};
    std::optional<std::uint64_t> max_size;
    int port = 3000;
    bool slow = false;
    TftpHarness server;  // goes first: what is under way then is told to the sinks
};

TEST_F(TftpSinks, get_all_that_comes_in_order) {
    const std::string image = pattern(1'000'000);
    EXPECT_EQ(server.upload("image", image, {{"blksize", "1468"}, {"windowsize", "8"}, {"tsize", "1000000"}}), "ok");
    EXPECT_TRUE(told->content == image);
    EXPECT_GT(told->writes, 10) << "it came while the upload ran";
    EXPECT_EQ(ends(), "1/0");
    server.stop();
    EXPECT_EQ(ends(), "1/0");
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 0);
}

TEST_F(TftpSinks, get_nothing_of_an_empty_upload_but_its_end) {
    EXPECT_EQ(server.upload("empty", ""), "ok");
    EXPECT_EQ(told->writes, 0);
    EXPECT_EQ(ends(), "1/0");
}

TEST_F(TftpSinks, get_text_with_the_line_ends_of_this_machine) {
    EXPECT_EQ(server.upload("text", "a\r\nb\r", {}, "netascii"), "ok");
    EXPECT_EQ(told->content, "a\nb\r");
    EXPECT_EQ(ends(), "1/0");
}

TEST_F(TftpSinks, commit_before_the_last_ack) {
    server.base.disk_takes = [this] { return told != nullptr && !told->content.empty() ? 7s : 0s; };
    EXPECT_EQ(server.wrq("new"), "ACK(0)");
    EXPECT_EQ(server.data(1, "short"), "");
    EXPECT_EQ(told->content, "short");
    EXPECT_EQ(server.wait(6s), "");
    EXPECT_EQ(ends(), "0/0");
    EXPECT_EQ(server.wait(2s), "ACK(1)");
    EXPECT_EQ(ends(), "1/0");
}

TEST_F(TftpSinks, that_cannot_commit_discard_and_say_why) {
    on_commit = []() -> Result<void> { return refuse(Code::denied, "No such report"); };
    EXPECT_EQ(server.upload("a", "x"), "ERR(2,No such report)");
    EXPECT_EQ(ends(), "1/1");
    next_client();
    on_commit = []() -> Result<void> { return fail(Code::no_space, "a secret"); };
    EXPECT_EQ(server.upload("b", "x"), "ERR(3,Disk full or allocation exceeded)");
    EXPECT_EQ(ends(), "1/1");
    next_client();
    on_commit = []() -> Result<void> { throw std::runtime_error("a bug"); };
    EXPECT_EQ(server.upload("c", "x"), "ERR(0,Internal error)");
    EXPECT_EQ(ends(), "1/1");
    EXPECT_TRUE(server.logged("a bug"));
    server.stop();
    EXPECT_EQ(ends(), "1/1");
}

TEST_F(TftpSinks, that_cannot_write_discard_and_say_why) {
    on_write = []() -> Result<void> { return refuse(Code::no_space, "The flash is full"); };
    EXPECT_EQ(server.upload("a", pattern(200'000)), "ACK(128) ERR(3,The flash is full)");
    EXPECT_EQ(ends(), "0/1");
    EXPECT_EQ(told->writes, 1);
    next_client();
    on_write = []() -> Result<void> { throw std::runtime_error("a bug"); };
    EXPECT_EQ(server.upload("b", "x"), "ERR(0,Internal error)");
    EXPECT_EQ(ends(), "0/1");
    EXPECT_TRUE(server.logged("a bug"));
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 0);
}

TEST_F(TftpSinks, discard_what_a_client_gives_up) {
    begin();
    EXPECT_EQ(server.error(0, "never mind"), "");
    EXPECT_EQ(ends(), "0/1");
}

TEST_F(TftpSinks, discard_what_comes_no_further) {
    begin();
    EXPECT_EQ(ends(), "0/0");
    server.wait(2min);
    EXPECT_EQ(ends(), "0/1");
}

TEST_F(TftpSinks, discard_what_was_never_heard_of) {
    EXPECT_EQ(server.wrq("new"), "ACK(0)");
    server.wait(1min);
    EXPECT_EQ(ends(), "0/1");
}

TEST_F(TftpSinks, discard_what_the_operator_ends) {
    begin();
    bool ended = false;
    server.serve().end(transfers().at(0).id, [&](bool there) { ended = there; });
    server.run();
    EXPECT_TRUE(ended);
    EXPECT_EQ(ends(), "0/1");
}

TEST_F(TftpSinks, discard_when_the_server_stops) {
    begin();
    server.stop();
    EXPECT_EQ(ends(), "0/1");
}

TEST_F(TftpSinks, discard_what_its_client_begins_anew) {
    begin();
    Told* const first = told;
    server.wait(1500ms);
    EXPECT_EQ(server.wrq("other"), "ACK(0)");
    EXPECT_EQ(first->discards, 1);
    EXPECT_EQ(first->commits, 0);
    EXPECT_EQ(server.data(1, "x"), "ACK(1)");
    EXPECT_EQ(ends(), "1/0");
}

TEST_F(TftpSinks, discard_what_is_larger_than_they_or_the_settings_take) {
    max_size = 1000;
    EXPECT_EQ(server.upload("a", pattern(1000)), "ok");
    EXPECT_EQ(ends(), "1/0");
    next_client();
    EXPECT_EQ(server.upload("b", pattern(1001)), "ERR(3,Disk full or allocation exceeded)");
    EXPECT_EQ(ends(), "0/1");
    next_client();
    EXPECT_EQ(server.wrq("c", {{"tsize", "1001"}}), "ERR(3,Disk full or allocation exceeded)");
    EXPECT_EQ(ends(), "0/1") << "its handler has made it";
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 0);
}

TEST_F(TftpSinks, take_no_more_than_the_settings_allow) {
    server.settings.write.max_size = 1000;
    max_size = 100'000;
    EXPECT_EQ(server.wrq("a", {{"tsize", "1001"}}), "ERR(3,Disk full or allocation exceeded)");
    EXPECT_EQ(ends(), "0/1");
    next_client();
    EXPECT_EQ(server.upload("b", pattern(1001)), "ERR(3,Disk full or allocation exceeded)");
    EXPECT_EQ(ends(), "0/1");
}

TEST_F(TftpSinks, discard_what_has_another_size_than_announced) {
    server.settings.write.tsize_strict = true;
    EXPECT_EQ(server.upload("a", pattern(1000), {{"tsize", "999"}}), "ERR(0,Internal error)");
    EXPECT_EQ(ends(), "0/1");
}

TEST_F(TftpSinks, that_throw_while_they_discard_do_no_harm) {
    on_discard = [] { throw std::runtime_error("a bug of discarding"); };
    begin();
    server.error(0);
    EXPECT_EQ(ends(), "0/1");
    EXPECT_TRUE(server.logged("a bug of discarding"));
    next_client();
    EXPECT_EQ(server.upload("b", "x"), "ok");
}

TEST_F(TftpSinks, in_answer_to_a_download_are_a_mistake_and_discarded) {
    server.handlers.push_back({"*", false, [this](const TftpRequest&) { return TftpAnswer::sink(make()); }});
    EXPECT_EQ(server.rrq("new"), "ERR(0,Internal error)");
    EXPECT_EQ(ends(), "0/1");
}

TEST_F(TftpSinks, of_a_request_that_an_option_refuses_are_discarded) {
    server.own_options.push_back(
        {"x", [](const std::string&, const TftpRequest&) -> Result<std::optional<std::string>> {
             return refuse(Code::denied, "Not so");
         }});
    EXPECT_EQ(server.wrq("new", {{"x", "1"}}), "ERR(8,Not so)");
    EXPECT_EQ(ends(), "0/1");
}

// The handler is asked so late that the client has been told of an error.
TEST_F(TftpSinks, of_a_handler_that_is_too_late_are_discarded) {
    server.base.disk_takes = [] { return 11s; };
    EXPECT_EQ(server.wrq("new"), "");
    EXPECT_EQ(server.wait(10s), "ERR(0,Internal error)");
    server.wait(30s);
    EXPECT_EQ(ends(), "0/1");
}

// A write that takes an hour: the client has to wait, and no more is kept of its upload than was promised.
TEST_F(TftpSinks, that_block_make_the_client_wait) {
    constexpr std::uint64_t mebi = std::uint64_t{1} << 20U;
    slow = true;
    server.base.disk_takes = [this] { return slow && told != nullptr ? 1h : 0h; };
    const std::string image = pattern(4 * mebi);
    const TftpHarness::Options options{{"blksize", "1024"}, {"windowsize", "16"}};
    EXPECT_EQ(server.upload("image", image, options), "silence");
    const auto received = [&] { return transfers().at(0).bytes; };
    const std::uint64_t kept = received();
    EXPECT_GE(kept, mebi);
    EXPECT_LE(kept, mebi + 3 * 16 * 1024);
    EXPECT_LE(told->writes, 1);
    unsigned next = static_cast<unsigned>(kept / 1024) + 1;
    const auto send = [&] {
        const std::string said = server.data(next, image.substr((next - 1) * std::size_t{1024}, 1024));
        ++next;
        return said;
    };
    for (int i = 0; i < 100; ++i) EXPECT_EQ(send(), "") << "of a window that was not asked for";
    EXPECT_EQ(received(), kept);
    EXPECT_EQ(server.wait(10min), "") << "it is not the client that is late";
    EXPECT_EQ(ends(), "0/0");
    slow = false;
    server.base.finish_disk();
    server.run();
    next = static_cast<unsigned>(kept / 1024) + 1;
    EXPECT_EQ(server.wait(0s), "ACK(" + std::to_string(next - 1) + ")");
    std::string said;
    while (next <= image.size() / 1024 + 1) said = send();
    EXPECT_EQ(said, "ACK(4097)");
    EXPECT_TRUE(told->content == image);
    EXPECT_EQ(ends(), "1/0");
}

// The client gives up while the program writes: discard() comes when that is done.
TEST_F(TftpSinks, discard_after_the_write_that_is_under_way) {
    server.base.disk_takes = [this] { return told != nullptr ? 5s : 0s; };
    EXPECT_EQ(server.wrq("new"), "ACK(0)");
    EXPECT_EQ(server.data(1, "short"), "");
    EXPECT_EQ(server.error(0), "");
    EXPECT_EQ(told->writes + told->discards, 0);
    server.wait(6s);
    EXPECT_EQ(told->writes, 1);
    EXPECT_EQ(told->discards, 0);
    server.wait(6s);
    EXPECT_EQ(ends(), "0/1");
}

TEST_F(TftpSinks, that_commit_late_have_their_upload_though_its_client_was_told_otherwise) {
    server.base.disk_takes = [this] { return told != nullptr && !told->content.empty() ? 70s : 0s; };
    EXPECT_EQ(server.wrq("new"), "ACK(0)");
    EXPECT_EQ(server.data(1, "short"), "");
    EXPECT_EQ(server.next(2min), "60000ms ERR(0,Internal error)");
    EXPECT_EQ(server.wait(1min), "");
    EXPECT_EQ(ends(), "1/0");
    server.stop();
    EXPECT_EQ(ends(), "1/0");
}

TEST_F(TftpSinks, that_write_too_long_before_they_commit_are_discarded) {
    server.base.disk_takes = [this] { return told != nullptr ? 70s : 0s; };
    EXPECT_EQ(server.wrq("new"), "ACK(0)");
    EXPECT_EQ(server.data(1, "short"), "");
    EXPECT_EQ(server.next(2min), "60000ms ERR(0,Internal error)");
    server.wait(2min);
    EXPECT_EQ(ends(), "0/0");
    server.wait(2min);
    EXPECT_EQ(ends(), "0/1");
}

TEST_F(TftpSinks, without_functions_take_nothing_or_an_empty_upload) {
    server.handlers.clear();
    server.handlers.push_back({"*", true, [](const TftpRequest&) { return TftpAnswer::sink({}); }});
    EXPECT_EQ(server.upload("a", "x"), "ERR(0,Internal error)");
    next_client();
    EXPECT_EQ(server.upload("b", ""), "ok");
}

}  // namespace
}  // namespace wherry
