#include "service/sink_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wherry {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

const SessionInfo stranger{.id = 7, .protocol = "ftp", .peer = "203.0.113.5", .peer_port = 40112, .user = {}};
const SessionInfo alice{.id = 7, .protocol = "ftp", .peer = "203.0.113.5", .peer_port = 40112, .user = "alice"};
const std::string from_stranger = "[7 203.0.113.5:40112] ";
const std::string from_alice = "[7 alice@203.0.113.5:40112] ";

Path path(std::string_view text) { return *Path::resolve(text); }

class SinkLog : public ::testing::Test {
protected:
    std::vector<std::string> lines_;
    std::vector<LogLevel> levels_;
    Log log_{LogLevel::debug, [this](LogLevel level, std::string_view text) {
                 levels_.push_back(level);
                 lines_.emplace_back(text);
             }};
    std::function<void(const Event&)> sink_ = log_sink(log_);

    std::string line(const Event& event) {
        lines_.clear();
        sink_(event);
        return lines_.size() == 1 ? lines_[0] : std::to_string(lines_.size()) + " lines";
    }
};

TEST_F(SinkLog, ASessionFromItsBeginningToItsEnd) {
    EXPECT_EQ(line(event::Connected{stranger}), from_stranger + "connected ftp");
    EXPECT_EQ(line(event::LoggedIn{alice}), from_alice + "login ok");
    EXPECT_EQ(line(event::LoggedOut{alice}), from_alice + "logged out");
    EXPECT_EQ(line(event::Disconnected{stranger, milliseconds(61'250), Code::timeout}),
              from_stranger + "disconnected seconds=61.250 cause=timeout");
}

TEST_F(SinkLog, WhoIsTurnedAwayAndTlsThatFails) {
    EXPECT_EQ(line(event::Refused{stranger, event::Refused::Why::sessions, "too many sessions (limit 5)"}),
              from_stranger + "refused: too many sessions (limit 5)");
    EXPECT_EQ(levels_.back(), LogLevel::info);
    event::TlsHandshake tls;
    tls.session = stranger;
    tls.version = "TLSv1.3";
    tls.cipher = "TLS_AES_128_GCM_SHA256";
    tls.server_name = "files example";
    EXPECT_EQ(line(tls), from_stranger + "tls TLSv1.3 TLS_AES_128_GCM_SHA256 name=files\\x20example");
    EXPECT_EQ(levels_.back(), LogLevel::debug);
    tls.cause = Code::reset;
    tls.reason = "the client went away";
    EXPECT_EQ(line(tls), from_stranger + "tls failed: the client went away");
    EXPECT_EQ(levels_.back(), LogLevel::info);
}

TEST_F(SinkLog, AFailedLoginSaysWhyToTheOperator) {
    EXPECT_EQ(line(event::LoginFailed{stranger, "root", "wrong password"}),
              from_stranger + "login failed name=root reason=wrong password");
    EXPECT_EQ(line(event::LoginFailed{stranger, "", "no such user"}),
              from_stranger + "login failed name=- reason=no such user");
}

TEST_F(SinkLog, Transfers) {
    event::Sent sent;
    sent.session = alice;
    sent.path = path("/pub/a.iso");
    sent.bytes = 5'000'000'000;
    sent.duration = microseconds(2'345'678);
    EXPECT_EQ(line(sent), from_alice + "sent /pub/a.iso bytes=5000000000 seconds=2.346 cause=ok");
    event::Received received;
    received.session = alice;
    received.path = path("/in/b");
    received.offset = 4096;
    received.bytes = 10;
    received.cause = Code::reset;
    EXPECT_EQ(line(received), from_alice + "received /in/b offset=4096 bytes=10 seconds=0.000 cause=reset");
}

TEST_F(SinkLog, Changes) {
    EXPECT_EQ(line(event::DirectoryMade{alice, path("/d")}), from_alice + "mkdir /d");
    EXPECT_EQ(line(event::DirectoryRemoved{alice, path("/d")}), from_alice + "rmdir /d");
    EXPECT_EQ(line(event::FileRemoved{alice, path("/f")}), from_alice + "removed /f");
    EXPECT_EQ(line(event::Renamed{alice, path("/a"), path("/b")}), from_alice + "renamed /a to /b");
    EXPECT_EQ(line(event::ModeChanged{alice, path("/f"), 0640}), from_alice + "chmod /f mode=0640");
    EXPECT_EQ(line(event::TimeChanged{alice, path("/f"), -5}), from_alice + "touched /f modified=-5");
    EXPECT_EQ(line(event::TimeChanged{alice, path("/f"), 7, true}), from_alice + "touched /f created=7");
    EXPECT_EQ(line(event::OwnerChanged{alice, path("/f"), 7, std::nullopt}), from_alice + "chown /f uid=7");
    EXPECT_EQ(line(event::OwnerChanged{alice, path("/f"), 7, 8}), from_alice + "chown /f uid=7 gid=8");
    EXPECT_EQ(line(event::SymlinkMade{alice, path("/l"), path("/a b")}), from_alice + "symlink /l to /a\\x20b");
}

TEST_F(SinkLog, CommandsAreForDebugging) {
    EXPECT_EQ(line(event::Command{alice, "RETR", "a file", 150}), from_alice + "command reply=150 RETR a file");
    EXPECT_EQ(levels_.back(), LogLevel::debug);
    EXPECT_EQ(line(event::Command{alice, "PWD", "", 257}), from_alice + "command reply=257 PWD");
    log_.set_level(LogLevel::info);
    EXPECT_EQ(line(event::Command{alice, "PWD", "", 257}), "0 lines");
    EXPECT_EQ(line(event::LoggedIn{alice}), from_alice + "login ok");
    EXPECT_EQ(levels_.back(), LogLevel::info);
    log_.set_level(LogLevel::warning);
    EXPECT_EQ(line(event::LoggedIn{alice}), "0 lines");
}

TEST_F(SinkLog, AnIPv6PeerStandsInBrackets) {
    SessionInfo session = alice;
    session.peer = "2001:db8::1";
    EXPECT_EQ(line(event::LoggedIn{session}), "[7 alice@[2001:db8::1]:40112] login ok");
}

TEST_F(SinkLog, NoNameEndsALineOrSpeaksToTheTerminal) {
    EXPECT_EQ(line(event::LoginFailed{stranger, "a\r\n[1 root@10.0.0.1:1] login ok\x1b[2J", "not\nfound"}),
              from_stranger +
                  "login failed name=a\\x0D\\x0A[1\\x20root@10.0.0.1:1]\\x20login\\x20ok\\x1B[2J "
                  "reason=not\\x0Afound");
    EXPECT_EQ(line(event::Command{stranger, "US\x01R", "\xff\n", 500}),
              from_stranger + "command reply=500 US\\x01R \\xFF\\x0A");
}

TEST_F(SinkLog, NoPathPretendsToBeFields) {
    event::Sent sent;
    sent.session = alice;
    sent.path = path("/x bytes=9 cause=ok");
    sent.cause = Code::aborted;
    EXPECT_EQ(line(sent), from_alice + "sent /x\\x20bytes=9\\x20cause=ok bytes=0 seconds=0.000 cause=aborted");
    EXPECT_EQ(line(event::Renamed{alice, path("/a to /b"), path("/c\\x20d")}),
              from_alice + "renamed /a\\x20to\\x20/b to /c\\x5Cx20d");
    SessionInfo session = alice;
    session.user = "a@b] x";
    EXPECT_EQ(line(event::LoggedIn{session}), "[7 a@b]\\x20x@203.0.113.5:40112] login ok");
}

TEST_F(SinkLog, APrefixOfOnesOwnIsOnePrintableLine) {
    sink_ = log_sink(log_, [](const SessionInfo& session) { return session.user + "\n" + session.peer + ":"; });
    EXPECT_EQ(line(event::LoggedIn{alice}), "alice\\x0A203.0.113.5: login ok");
}

TEST_F(SinkLog, ALongPathIsToldInFull) {
    std::string text;
    while (text.size() < 3000) text += "/" + std::string(200, 'n');
    EXPECT_EQ(line(event::FileRemoved{alice, path(text)}), from_alice + "removed " + text);
    const std::string name(5000, 'u');
    EXPECT_LT(line(event::LoginFailed{stranger, name, name}).size(), 1200U);
}

}  // namespace
}  // namespace wherry
