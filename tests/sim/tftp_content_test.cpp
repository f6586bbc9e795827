// Content that the program gives by TFTP: read piece by piece, shared between clients, with limits of its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::string_literals;

using Read = std::function<Result<std::size_t>(std::uint64_t, std::span<std::byte>)>;

std::string pattern(std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 2654435761U >> 24U);
    return out;
}

class TftpContent : public ::testing::Test {
protected:
    void on_read(std::string name, TftpHandler handler) {
        server.handlers.push_back({std::move(name), false, std::move(handler)});
    }
    // Reads from `content`, and counts.
    Read from(std::string content) {
        return [this, content = std::move(content)](std::uint64_t offset, std::span<std::byte> into) {
            const std::size_t at = std::min<std::size_t>(content.size(), offset);
            const std::size_t count = std::min(into.size(), content.size() - at);
            std::memcpy(into.data(), content.data() + at, count);
            ++reads;
            return Result<std::size_t>(count);
        };
    }
    // Not too many at one address.
    void next_client() {
        ++port;
        const std::string ip = "198.51.100." + std::to_string(port / 40);
        server.client = net::Address::parse_ip(ip, static_cast<std::uint16_t>(port)).value();
    }
    std::string got(const std::string& name, const TftpHarness::Options& options = {},
                    const std::string& mode = "octet") {
        next_client();
        return server.download(name, options, mode);
    }
    std::uint64_t cached() { return server.serve().cache().bytes(); }
    TftpHarness server;
    int reads = 0;
    int port = 3000;
};

TEST_F(TftpContent, T130_of_unknown_size) {
    on_read("hello",
            [&](const TftpRequest& request) { return TftpAnswer::source({.read = from("hello " + request.peer)}); });
    EXPECT_EQ(server.rrq("hello", {{"tsize", "0"}}), "DATA(1,18)");
    EXPECT_EQ(server.payload, "hello 198.51.100.7");
    server.payload.clear();
    EXPECT_EQ(server.next(), "1000ms DATA(1,18)");
    EXPECT_EQ(server.payload, "hello 198.51.100.7");
    EXPECT_EQ(server.ack(1), "");
    EXPECT_EQ(reads, 1);
    EXPECT_EQ(cached(), 0U) << "nobody else can ask for it";
    EXPECT_TRUE(server.logged("\"hello\" ok 18 B"));
}

TEST_F(TftpContent, of_many_chunks) {
    const std::string long_one = pattern(3 * 262144 + 5);
    on_read("known",
            [&](const TftpRequest&) { return TftpAnswer::source({.read = from(long_one), .size = long_one.size()}); });
    on_read("unknown", [&](const TftpRequest&) { return TftpAnswer::source({.read = from(long_one)}); });
    on_read("whole-*", [&](const TftpRequest& request) {
        const std::string content(request.name == "whole-chunks" ? 524288 : 0, 'w');
        return TftpAnswer::source({.read = from(content)});
    });
    EXPECT_EQ(server.rrq("known", {{"tsize", "0"}}), "OACK{tsize=786437}");
    for (const TftpHarness::Options& options :
         {TftpHarness::Options{{"blksize", "1468"}, {"windowsize", "16"}}, {{"blksize", "1024"}}}) {
        EXPECT_TRUE(got("known", options) == long_one);
        EXPECT_TRUE(got("unknown", options) == long_one);
        EXPECT_EQ(got("whole-chunks", options), std::string(524288, 'w'));
        EXPECT_EQ(got("whole-nothing", options), "");
    }
    next_client();
    server.rrq("known");
    server.error(0);
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 1);  // the first of all
    server.stop();
}

TEST_F(TftpContent, as_text) {
    std::string text;
    std::string wire;
    for (int i = 0; i < 300'000; ++i) {
        text += i % 3 == 0 ? "\n" : "ab";
        wire += i % 3 == 0 ? "\r\n" : "ab";
    }
    on_read("known", [&](const TftpRequest&) { return TftpAnswer::source({.read = from(text), .size = text.size()}); });
    on_read("unknown", [&](const TftpRequest&) { return TftpAnswer::source({.read = from(text)}); });
    const TftpHarness::Options options{{"blksize", "1468"}, {"windowsize", "16"}};
    EXPECT_TRUE(got("known", options, "netascii") == wire);
    EXPECT_TRUE(got("unknown", options, "netascii") == wire);
    EXPECT_EQ(server.rrq("known", {{"tsize", "0"}}, "netascii"), "OACK{tsize=" + std::to_string(wire.size()) + "}");
}

TEST_F(TftpContent, that_is_lost_half_way_is_repeated_as_it_was) {
    const std::string content = pattern(300'000);
    on_read("*", [&](const TftpRequest&) { return TftpAnswer::source({.read = from(content)}); });
    server.settings.timing.tail_probe = false;
    server.settings.timing.pace = std::chrono::nanoseconds(0);
    server.rrq("x", {{"blksize", "1024"}, {"windowsize", "8"}});
    server.ack(0);
    for (unsigned block = 8; block < 256; block += 8) server.ack(block);
    EXPECT_EQ(server.payload, content.substr(255 * 1024, 1024));  // the window before the end of the chunk
    server.ack(252);
    const std::string again = server.next();  // over the end of the chunk
    EXPECT_NE(again.find("ms DATA(253,1024) DATA(254,1024)"), std::string::npos) << again;
    EXPECT_EQ(server.payload, content.substr(259 * 1024, 1024)) << again;
    EXPECT_EQ(reads, 2);
}

TEST_F(TftpContent, T133_of_one_key_is_read_once_for_all) {
    const std::string content = pattern(2 * 262144 + 9);
    on_read("image",
            [&](const TftpRequest&) { return TftpAnswer::source({.read = from(content), .cache_key = "image 1"}); });
    for (int i = 0; i < 1000; ++i) {
        const TftpHarness::Options options{{"blksize", "16384"}, {"windowsize", "32"}};
        if (i < 5) {
            ASSERT_TRUE(got("image", options) == content);
        } else {
            next_client();
            server.rrq("image", options);
            ASSERT_NE(server.ack(0), "");
        }
        server.sent.clear();
    }
    EXPECT_EQ(reads, 3);
    EXPECT_EQ(cached(), content.size());
}

TEST_F(TftpContent, of_one_key_is_made_once_for_a_thousand_clients) {
    int made = 0;
    on_read("menu-*", [&](const TftpRequest& request) {
        return TftpAnswer::content(request.name, [&made]() -> Result<std::string> {
            ++made;
            return "line 1\nline 2\n";
        });
    });
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(got("menu-1"), "line 1\nline 2\n");
    EXPECT_EQ(made, 1);
    EXPECT_EQ(cached(), 14U);
    EXPECT_EQ(got("menu-1", {}, "netascii"), "line 1\r\nline 2\r\n");
    EXPECT_EQ(got("menu-2"), "line 1\nline 2\n");
    EXPECT_EQ(made, 3);
    EXPECT_EQ(server.rrq("menu-1", {{"tsize", "0"}}), "OACK{tsize=14}");
}

TEST_F(TftpContent, that_could_not_be_made_is_tried_again) {
    int tries = 0;
    on_read("*", [&](const TftpRequest&) {
        return TftpAnswer::content("key", [&tries]() -> Result<std::string> {
            if (++tries == 1) return refuse(Code::not_found, "No such machine");
            if (tries == 2) throw std::runtime_error("the inventory is away");
            if (tries == 3) return std::string(TftpAnswer::most_content + 1, 'x');
            return "made";
        });
    });
    EXPECT_EQ(got("x"), "ERR(1,No such machine)");
    EXPECT_EQ(got("x"), "ERR(0,Internal error)");
    EXPECT_TRUE(server.logged("the inventory is away"));
    EXPECT_EQ(got("x"), "ERR(0,Internal error)");
    EXPECT_EQ(got("x"), "made");
}

TEST_F(TftpContent, of_a_source_that_does_not_keep_its_word) {
    const auto source = [&](std::string name, Read read, std::optional<std::uint64_t> size) {
        on_read(std::move(name), [=](const TftpRequest&) { return TftpAnswer::source({.read = read, .size = size}); });
    };
    source("none", nullptr, 5);
    source("short", from("abc"), 5);
    source("much", [](std::uint64_t, std::span<std::byte> into) { return Result<std::size_t>(into.size() + 1); }, {});
    source("fails", [](std::uint64_t, std::span<std::byte>) -> Result<std::size_t> { return fail(Code::io, "gone"); },
           {});
    source("throws",
           [](std::uint64_t, std::span<std::byte>) -> Result<std::size_t> { throw std::runtime_error("boo"); }, {});
    source("long", from("0123456789"), 5);
    for (const char* name : {"none", "short", "much", "fails", "throws"}) {
        EXPECT_EQ(got(name), "ERR(0,Internal error)") << name;
    }
    EXPECT_TRUE(server.logged("has ended before its size"));
    EXPECT_TRUE(server.logged("more than was asked for"));
    EXPECT_TRUE(server.logged("boo"));
    EXPECT_EQ(got("long"), "01234");
}

TEST_F(TftpContent, has_limits_of_its_own) {
    server.base.put("/file", std::string(5000, 'f'));
    on_read("small", [](const TftpRequest&) {
        return TftpAnswer::content("x").blksize_max(600).windowsize_max(2).option("x-Menu", "7").option("blksize", "9");
    });
    on_read("least", [](const TftpRequest&) { return TftpAnswer::content("x").blksize_max(1).windowsize_max(0); });
    on_read("other",
            [](const TftpRequest&) { return TftpAnswer::file(Path::resolve("/file").value()).windowsize_max(3); });
    const TftpHarness::Options all{{"blksize", "1468"}, {"windowsize", "16"}, {"X-menu", "?"}};
    EXPECT_EQ(server.rrq("small", all), "OACK{blksize=600,windowsize=2,X-menu=7}");
    next_client();
    EXPECT_EQ(server.rrq("small", {{"windowsize", "1"}}), "OACK{windowsize=1}");
    next_client();
    EXPECT_EQ(server.rrq("least", all), "OACK{blksize=8,windowsize=1}");
    next_client();
    EXPECT_EQ(server.rrq("other", all), "OACK{blksize=1468,windowsize=3}");
    next_client();
    EXPECT_EQ(server.rrq("file", all), "OACK{blksize=1468,windowsize=16}");
}

// --- who observes

class TftpObserved : public ::testing::Test {
protected:
    void SetUp() override {
        server.settings.write.mode = tftp::WriteMode::create;
        server.base.put("/img", std::string(10'000, 'i'));
        server.observers.push_back(
            {.started = [this](const TftpTransfer& about) { tell("started", about); },
             .progress = [this](const TftpTransfer& about) { tell("progress", about); },
             .finished = [this](const TftpTransfer& about,
                                Code cause) { tell("finished " + std::string(name_of(cause)), about); }});
    }
    void tell(const std::string& what, const TftpTransfer& about) {
        told.push_back(what + (about.upload ? " up " : " down ") + about.name + " " + std::to_string(about.bytes) +
                       " of " + (about.size ? std::to_string(*about.size) : "?"));
        ids.push_back(about.id);
    }
    std::vector<std::string> told;
    std::vector<std::uint64_t> ids;
    TftpHarness server;
};

TEST_F(TftpObserved, downloads_from_their_beginning_to_their_end) {
    server.rrq("img", {{"blksize", "1000"}});
    for (unsigned block = 0; block < 4; ++block) server.ack(block);
    server.wait(std::chrono::milliseconds(900));
    EXPECT_EQ(told, std::vector{"started down img 0 of 10000"s});
    server.wait(std::chrono::milliseconds(200));
    server.wait(std::chrono::seconds(3));  // nothing moves
    for (unsigned block = 4; block < 12; ++block) server.ack(block);
    EXPECT_EQ(told, (std::vector{"started down img 0 of 10000"s, "progress down img 3000 of 10000"s,
                                 "finished ok down img 10000 of 10000"s}));
    EXPECT_EQ(ids, std::vector<std::uint64_t>(3, ids.at(0)));
    server.wait(std::chrono::seconds(5));
    EXPECT_EQ(told.size(), 3U);
}

TEST_F(TftpObserved, uploads_and_what_went_wrong) {
    EXPECT_EQ(server.upload("new", std::string(700, 'n'), {{"tsize", "700"}}), "ok");
    EXPECT_EQ(told, (std::vector{"started up new 0 of 700"s, "finished ok up new 700 of 700"s}));
    told.clear();
    server.client = server.client.with_port(3000);
    server.rrq("img");
    server.error(0, "no more");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.rrq("missing"), "ERR(1,File not found)");
    EXPECT_EQ(told, (std::vector{"started down img 0 of 10000"s, "finished aborted down img 0 of 10000"s}));
    server.client = server.client.with_port(3002);
    server.rrq("img");
    server.ack(1);
    server.stop();
    EXPECT_EQ(told.back(), "finished killed down img 512 of 10000");
}

TEST_F(TftpObserved, an_observer_that_throws_disturbs_nobody) {
    server.observers.insert(server.observers.begin(),
                            {.started = [](const TftpTransfer&) { throw std::runtime_error("what a pity"); }});
    EXPECT_EQ(server.download("img"), std::string(10'000, 'i'));
    EXPECT_EQ(told.size(), 2U);
    EXPECT_TRUE(server.logged("an observer has thrown: what a pity"));
}

}  // namespace
}  // namespace wherry
