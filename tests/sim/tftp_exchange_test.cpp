// Conversations of the program's own: what they may send, when they are called,
// and how they end.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::chrono_literals;
using Next = TftpExchange::Next;

// Says what the test wants it to, and remembers what it was told.
struct Script {
    std::function<Next()> on_start = [] { return Next{.packets = {"\x4fhello"}}; };
    std::function<Next(std::string)> on_packet = [](std::string bytes) { return Next{.packets = {std::move(bytes)}}; };
    std::function<Next()> on_timer = [] { return Next{}; };
    std::function<void()> on_end = [] {};
    std::string told;  // "start packet end:ok"
};

class Scripted : public TftpExchange {
public:
    explicit Scripted(Script& script) : script_(script) {}
    Next on_start() override {
        script_.told += "start";
        return script_.on_start();
    }
    Next on_packet(std::string bytes) override {
        script_.told += " packet";
        return script_.on_packet(std::move(bytes));
    }
    Next on_timer() override {
        script_.told += " timer";
        return script_.on_timer();
    }
    void on_end(Code code) override {
        script_.told += " end:" + std::string(name_of(code));
        script_.on_end();
    }

private:
    Script& script_;
};

class TftpExchanges : public ::testing::Test {
protected:
    void SetUp() override {
        const auto answer = [this](const TftpRequest&) {
            return TftpAnswer::exchange(std::make_shared<Scripted>(script));
        };
        server.handlers.push_back({"*", false, answer});
        server.handlers.push_back({"*", true, answer});
        server.observers.push_back({.finished = [this](const TftpTransfer& one, Code code) {
            finished += one.name + ":" + std::string(name_of(code)) + " ";
        }});
    }
    std::vector<TftpTransfer> transfers() {
        std::vector<TftpTransfer> out;
        server.serve().list([&](std::vector<TftpTransfer> there) { out = std::move(there); });
        server.run();
        return out;
    }
    // What the server has sent last, as it is.
    std::string last() const { return server.sent.empty() ? "" : server.sent.back().bytes; }

    Script script;
    std::string finished;
    bool slow = false;  // the program takes its time
    TftpHarness server;
};

TEST_F(TftpExchanges, send_and_get_packets_of_their_own) {
    EXPECT_EQ(server.rrq("one"), "OP20328");
    EXPECT_EQ(last(), "\x4fhello");
    EXPECT_EQ(server.to_tid("ab"), "OP24930");
    EXPECT_EQ(last(), "ab");
    EXPECT_EQ(server.to_tid(std::string("\0\3\0\1", 4) + std::string(5000, 'd')), "DATA(1,5000)");
    script.on_packet = [](std::string) { return Next{.packets = {"12", "34"}, .ended = Code::ok}; };
    EXPECT_EQ(server.to_tid("bye"), "OP12594 OP13108");
    EXPECT_EQ(script.told, "start packet packet packet end:ok");
    EXPECT_EQ(finished, "one:ok ");
    EXPECT_EQ(server.to_tid("late"), "");
    EXPECT_EQ(script.told, "start packet packet packet end:ok");
}

TEST_F(TftpExchanges, are_transfers_among_the_others) {
    EXPECT_EQ(server.wrq("one"), "OP20328");
    server.to_tid("abc");
    ASSERT_EQ(transfers().size(), 1U);
    EXPECT_EQ(transfers()[0].bytes, 3U);
    EXPECT_TRUE(transfers()[0].upload);
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 1);
    server.serve().end(transfers()[0].id, [](bool) {});
    server.run();
    EXPECT_EQ(last().substr(4), std::string("Stopped by administrator") + '\0');
    EXPECT_EQ(script.told, "start packet end:killed");
    EXPECT_EQ(finished, "one:killed ");
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 0);
    EXPECT_TRUE(transfers().empty());
}

TEST_F(TftpExchanges, end_when_the_server_stops) {
    server.rrq("one");
    server.to_tid("abc");
    server.stop();
    EXPECT_EQ(script.told, "start packet end:killed");
    EXPECT_EQ(last().substr(4), std::string("Server shutting down") + '\0');
}

TEST_F(TftpExchanges, hear_their_client_alone) {
    server.rrq("one");
    const auto stranger = server.client.with_port(4000);
    EXPECT_EQ(server.from(stranger, server.tid, std::string("\0\3\0\1x", 5)), "ERR(5,Unknown transfer ID)");
    EXPECT_EQ(server.from(stranger, server.tid, "abc"), "");
    EXPECT_EQ(script.told, "start");
}

TEST_F(TftpExchanges, send_little_to_a_client_that_has_not_been_heard_of) {
    script.on_start = [] { return Next{.packets = {std::string(517, 'x'), "11", "22", "33"}}; };
    script.on_timer = [] { return Next{.packets = {"44", "55", "66"}, .wake = 1s}; };
    script.on_packet = [](std::string) {
        return Next{.packets = {std::string(16385, 'y'), std::string(16384, 'z'), "77", "88", "99"}};
    };
    EXPECT_EQ(server.rrq("one"), "OP12593 OP12850 OP13107");
    EXPECT_TRUE(server.logged("517 bytes"));
    EXPECT_EQ(server.wait(5s), "");
    EXPECT_EQ(script.told, "start");
    server.to_tid("abc");
    EXPECT_EQ(server.sent.size(), 3U + 4U) << "one of 16385 bytes is not sent";
    EXPECT_EQ(last(), "99");
}

TEST_F(TftpExchanges, send_at_most_four_packets_unheard) {
    script.on_start = [] { return Next{.packets = {"11"}, .wake = 1s}; };
    script.on_timer = script.on_start;
    EXPECT_EQ(server.rrq("one"), "OP12593");
    EXPECT_EQ(server.wait(10s), "OP12593 OP12593 OP12593");
    EXPECT_EQ(script.told.substr(0, 23), "start timer timer timer");
}

TEST_F(TftpExchanges, whose_answer_was_lost_repeat_it_for_the_same_request) {
    EXPECT_EQ(server.rrq("one"), "OP20328");
    EXPECT_EQ(server.rrq("one"), "") << "at once: a copy that the network has made";
    server.wait(1s);
    EXPECT_EQ(server.rrq("one"), "OP20328");
    EXPECT_EQ(script.told, "start");
    for (int i = 0; i < 20; ++i) {
        server.wait(100ms);
        server.rrq("one");
    }
    EXPECT_EQ(server.sent.size(), 1U + 8U);
}

TEST_F(TftpExchanges, of_a_client_that_is_never_heard_of_end_without_a_word) {
    EXPECT_EQ(server.rrq("one"), "OP20328");
    EXPECT_EQ(server.wait(14s), "");
    EXPECT_EQ(script.told, "start");
    EXPECT_EQ(server.wait(2s), "");
    EXPECT_EQ(script.told, "start end:timeout");
    EXPECT_EQ(finished, "one:timeout ");
}

TEST_F(TftpExchanges, that_hear_nothing_any_more_end) {
    script.on_packet = [](std::string) { return Next{.wake = 10s}; };
    script.on_timer = [] { return Next{.packets = {"??"}, .wake = 10s}; };
    server.rrq("one");
    server.to_tid("abc");
    EXPECT_EQ(server.wait(59s), "OP16191 OP16191 OP16191 OP16191 OP16191");
    EXPECT_EQ(server.wait(2s), "ERR(0,Transfer timed out)");
    EXPECT_EQ(script.told, "start packet timer timer timer timer timer end:timeout");
}

TEST_F(TftpExchanges, are_not_woken_when_something_else_came_first) {
    script.on_start = [] { return Next{.packets = {"11"}, .wake = 2s}; };
    server.rrq("one");
    server.wait(1s);
    server.to_tid("abc");
    server.wait(30s);
    EXPECT_EQ(script.told, "start packet");
}

TEST_F(TftpExchanges, last_no_longer_than_a_transfer_may) {
    server.settings.transfer_max = 5s;
    script.on_packet = [](std::string) { return Next{}; };
    server.rrq("one");
    for (int i = 0; i < 4; ++i) {
        server.to_tid("abc");
        server.wait(1s);
    }
    EXPECT_EQ(server.wait(2s), "ERR(0,Transfer timed out)");
    EXPECT_EQ(script.told, "start packet packet packet packet end:busy");
}

TEST_F(TftpExchanges, that_throw_end_with_an_error) {
    script.on_packet = [](std::string) -> Next { throw std::runtime_error("a bug"); };
    server.rrq("one");
    EXPECT_EQ(server.to_tid("abc"), "ERR(0,Internal error)");
    EXPECT_EQ(script.told, "start packet end:internal");
    EXPECT_TRUE(server.logged("a bug"));
    script.told.clear();
    script.on_start = []() -> Next { throw std::runtime_error("another"); };
    script.on_end = [] { throw std::runtime_error("a third"); };
    server.client = server.client.with_port(4000);
    EXPECT_EQ(server.rrq("two"), "ERR(0,Internal error)");
    EXPECT_EQ(script.told, "start end:internal");
    EXPECT_TRUE(server.logged("a third"));
    EXPECT_EQ(finished, "one:io two:io ");
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 0);
}

TEST_F(TftpExchanges, see_the_errors_of_their_client) {
    server.rrq("one");
    EXPECT_EQ(server.error(2, "no"), "ERR(2,no)") << "that is what this one does with packets";
    EXPECT_EQ(script.told, "start packet");
    EXPECT_EQ(server.metric(Metric::tftp_errors_received_total, tftp_code(2)), 1);
}

TEST_F(TftpExchanges, end_when_the_port_of_their_client_is_closed) {
    server.rrq("one");
    server.network.unreachable(server.client, server.tid);
    server.run();
    EXPECT_EQ(script.told, "start") << "anybody may have forged that request";
    server.to_tid("abc");
    server.network.unreachable(server.client, server.tid);
    server.run();
    EXPECT_EQ(script.told, "start packet end:aborted");
}

TEST_F(TftpExchanges, end_when_their_client_begins_anew) {
    server.rrq("one");
    server.to_tid("abc");
    server.wait(2s);
    EXPECT_EQ(server.rrq("two"), "OP20328");
    EXPECT_EQ(script.told, "start packet end:abortedstart");
}

// The program is busy for a minute with each call: 64 packets wait for it, and
// others are lost.
TEST_F(TftpExchanges, that_are_busy_have_packets_wait_within_bounds) {
    server.base.disk_takes = [this] { return slow ? 30s : 0s; };
    script.on_packet = [](std::string) { return Next{}; };
    server.rrq("one");
    server.to_tid("abc");
    EXPECT_EQ(script.told, "start packet");
    slow = true;
    for (int i = 0; i < 100; ++i) server.to_tid("abc");
    EXPECT_EQ(server.metric(Metric::tftp_dropped_total, TftpDrop::limit), 100 - 1 - 64);
    script.told.clear();
    slow = false;
    server.base.finish_disk();
    EXPECT_EQ(script.told.size(), std::string(" packet").size() * 65);
}

TEST_F(TftpExchanges, that_are_busy_keep_no_more_bytes_than_they_may) {
    server.network.mtu = 65536;
    server.base.disk_takes = [this] { return slow ? 30s : 0s; };
    script.on_packet = [](std::string) { return Next{}; };
    server.rrq("one");
    server.to_tid("abc");
    slow = true;
    for (int i = 0; i < 10; ++i) server.to_tid(std::string(60'000, 'x'));
    EXPECT_EQ(server.metric(Metric::tftp_dropped_total, TftpDrop::limit), 10 - 1 - 4);
}

// The client has gone while a call is under way: the farewell comes after it,
// and the answer is not sent.
TEST_F(TftpExchanges, are_told_of_their_end_after_the_call_that_is_under_way) {
    server.base.disk_takes = [this] { return slow ? 5s : 0s; };
    server.rrq("one");
    server.to_tid("abc");
    slow = true;
    EXPECT_EQ(server.to_tid("def"), "");
    server.serve().end(transfers().at(0).id, [](bool) {});
    server.run();
    EXPECT_EQ(script.told, "start packet");
    const std::size_t sent = server.sent.size();
    slow = false;
    server.base.finish_disk();
    server.run();
    EXPECT_EQ(script.told, "start packet packet end:killed");
    EXPECT_EQ(server.sent.size(), sent);
}

TEST_F(TftpExchanges, end_as_they_say) {
    const std::vector<std::pair<Code, std::string>> ends{
        {Code::ok, "ok"},         {Code::timeout, "timeout"}, {Code::aborted, "aborted"},
        {Code::denied, "denied"}, {Code::busy, "busy"},       {Code::killed, "killed"},
        {Code::io, "io"}};
    std::uint16_t port = 4000;
    for (const auto& [code, name] : ends) {
        script.on_start = [&] { return Next{.packets = {"11"}, .ended = code}; };
        script.told.clear();
        finished.clear();
        server.client = server.client.with_port(++port);
        EXPECT_EQ(server.rrq("one"), "OP12593");
        EXPECT_EQ(script.told, "start end:" + name);
        EXPECT_EQ(finished, "one:" + name + " ");
    }
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 0);
}

TEST_F(TftpExchanges, work_at_the_port_of_the_requests_and_at_ports_of_their_own) {
    for (const auto mode : {tftp::TidMode::single, tftp::TidMode::unique}) {
        TftpHarness other;
        other.settings.tid_mode = mode;
        Script own;
        other.handlers.push_back(
            {"*", false, [&](const TftpRequest&) { return TftpAnswer::exchange(std::make_shared<Scripted>(own)); }});
        EXPECT_EQ(other.rrq("one"), "OP20328");
        EXPECT_EQ(other.to_tid("abc"), "OP24930");
        own.on_packet = [](std::string) { return Next{.packets = {"12"}, .ended = Code::ok}; };
        EXPECT_EQ(other.to_tid("bye"), "OP12594");
        EXPECT_EQ(own.told, "start packet packet end:ok");
    }
}

TEST_F(TftpExchanges, that_are_none_are_a_mistake) {
    server.handlers.clear();
    server.handlers.push_back({"*", false, [](const TftpRequest&) { return TftpAnswer::exchange(nullptr); }});
    EXPECT_EQ(server.rrq("one"), "ERR(0,Internal error)");
}

}  // namespace
}  // namespace wherry
