// Whole transfers in MODE Z: content larger than any buffer, in both types, both ways; bombs; aborts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "access/deflate.h"
#include "testing/harness.h"

namespace wherry::testing {
namespace {

std::string deflated(const std::string& content, int level = 6) {
    Deflater deflater(level);
    std::string out;
    std::string buffer(65536, '\0');
    const auto room = std::as_writable_bytes(std::span(buffer));
    for (auto rest = std::as_bytes(std::span(content)); !rest.empty();) {
        const Converted done = deflater.convert(rest, room);
        rest = rest.subspan(done.consumed);
        out.append(buffer, 0, done.produced);
    }
    for (std::size_t done = deflater.finish(room); done != 0; done = deflater.finish(room)) out.append(buffer, 0, done);
    return out;
}

std::string inflated(const std::string& packed) {
    Inflater inflater(0, 0);
    std::string out;
    std::string buffer(65536, '\0');
    auto rest = std::as_bytes(std::span(packed));
    for (;;) {
        const auto done = inflater.convert(rest, std::as_writable_bytes(std::span(buffer)));
        if (!done) return "<damaged>";
        rest = rest.subspan(done->consumed);
        out.append(buffer, 0, done->produced);
        if (done->produced == 0 && rest.empty()) return inflater.ended() ? out : "<cut off>";
    }
}

class ModeZ : public ::testing::Test {
protected:
    ModeZ() { harness_.settings.mode_z = true; }
    void begin(const char* type) {
        harness_.add_user("alice", "x");
        client_ = harness_.connect();
        ASSERT_TRUE(client_->log_in("alice", "x"));
        ASSERT_EQ(client_->ask("MODE Z"), 200);
        ASSERT_EQ(client_->ask(type), 200);
    }
    std::string get(const std::string& command) {
        EXPECT_EQ(client_->ask("EPSV"), 229);
        client_->open_data();
        client_->say(command);
        EXPECT_EQ(client_->code(), 125);
        EXPECT_TRUE(client_->data_ended());
        EXPECT_EQ(client_->code(), 226);
        return client_->received;
    }
    // The code of the last reply.
    int put(const std::string& command, const std::string& packed, std::size_t piece) {
        EXPECT_EQ(client_->ask("EPSV"), 229);
        const auto data = client_->open_data();
        client_->say(command);
        EXPECT_EQ(client_->code(), 125);
        for (std::size_t at = 0; at < packed.size(); at += piece) {
            data->send(packed.substr(at, piece));
            harness_.run();
        }
        data->end_sending();
        return client_->code();
    }
    static std::string lines(std::size_t size, const char* end) {
        std::mt19937 dice(3);
        std::string text;
        while (text.size() < size) text += std::to_string(dice()) + end;
        return text;
    }

    Harness harness_;
    std::unique_ptr<Client> client_;
};

TEST_F(ModeZ, moves_large_content_both_ways) {
    const std::string content = lines(1000000, "\n");
    harness_.put("/a", content);
    begin("TYPE I");
    const std::string packed = get("RETR a");
    EXPECT_LT(packed.size(), content.size() * 2 / 3);
    EXPECT_TRUE(inflated(packed) == content);
    for (const std::size_t piece : {std::size_t(977), std::size_t(1000000)}) {
        EXPECT_EQ(put("STOR b", packed, piece), 226);
        EXPECT_TRUE(harness_.content("/b") == content) << piece;
    }
    EXPECT_EQ(client_->ask("RANG 500 999"), 350);
    EXPECT_TRUE(inflated(get("RETR a")) == content.substr(500, 500));
}

TEST_F(ModeZ, converts_line_ends_inside) {
    const std::string here = lines(700000, "\n");
    const std::string there = lines(700000 * 11 / 10, "\r\n");
    harness_.put("/a", here);
    begin("TYPE A");
    EXPECT_TRUE(there.starts_with(inflated(get("RETR a")).substr(0, 700000)));
    EXPECT_EQ(put("STOR b", deflated(there), 4099), 226);
    const std::string stored = harness_.content("/b").value();
    EXPECT_EQ(stored.find('\r'), std::string::npos);
    EXPECT_TRUE(stored.starts_with(here));
}

TEST_F(ModeZ, lists_large_directories) {
    for (int i = 0; i < 3000; ++i) harness_.put("/file-" + std::to_string(i), "x");
    begin("TYPE I");
    for (const char* command : {"LIST", "NLST", "MLSD"}) {
        const std::string text = inflated(get(command));
        EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3000) << command;
    }
}

TEST_F(ModeZ, ends_a_bomb) {
    harness_.settings.mode_z_ratio = 50;
    harness_.uploads.atomic = true;
    begin("TYPE I");
    EXPECT_EQ(put("STOR zeros", deflated(std::string(20 << 20, '\0')), 4096), 226);
    EXPECT_EQ(put("STOR bomb", deflated(std::string(80 << 20, '\0')), 4096), 552);
    EXPECT_FALSE(harness_.exists("/bomb"));
}

// The quota counts what comes out, not what came in.
TEST_F(ModeZ, counts_for_the_quota_what_it_becomes) {
    User bob;
    bob.name = "bob";
    bob.permissions = perm::all;
    bob.limits.storage = 1 << 20;
    harness_.add_user(bob, "x");
    begin("TYPE I");
    client_ = harness_.connect();
    ASSERT_TRUE(client_->log_in("bob", "x"));
    ASSERT_EQ(client_->ask("MODE Z"), 200);
    ASSERT_EQ(client_->ask("TYPE I"), 200);
    EXPECT_EQ(put("STOR zeros", deflated(std::string(2 << 20, '\0')), 4096), 552);
}

TEST_F(ModeZ, can_be_aborted) {
    harness_.put("/a", lines(1000000, "\n"));
    begin("TYPE I");
    EXPECT_EQ(client_->ask("EPSV"), 229);
    const auto data = client_->open_data();
    data->window = 1000;
    client_->say("RETR a");
    EXPECT_EQ(client_->code(), 125);
    EXPECT_EQ(client_->ask("NOOP"), 200);
    EXPECT_EQ(client_->ask("ABOR"), 426);
    EXPECT_EQ(client_->code(), 226);
    EXPECT_EQ(inflated(client_->received), "<cut off>");
}

}  // namespace
}  // namespace wherry::testing
