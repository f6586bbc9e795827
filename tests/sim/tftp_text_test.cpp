// TFTP's text (netascii): what line ends become, as the operator wants it.
#include <gtest/gtest.h>

#include <string>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::string_literals;

class TftpText : public ::testing::Test {
protected:
    void SetUp() override {
        server.settings.write.mode = tftp::WriteMode::create;
        server.base.put("/text", "a\r\nb\nc\rd");
    }
    std::string download() {
        server.client = server.client.with_port(++port);
        return server.download("text", {}, "netascii");
    }
    std::string stored(std::string_view name, std::string_view wire) {
        server.client = server.client.with_port(++port);
        EXPECT_EQ(server.upload(name, wire, {}, "netascii"), "ok");
        return server.base.content("/" + std::string(name)).value_or("nothing");
    }
    TftpHarness server;
    std::uint16_t port = 3000;
};

TEST_F(TftpText, arrives_as_it_was) {
    const std::string wire = "a\r\0\r\nb\r\nc\r\0d"s;
    EXPECT_EQ(download(), wire);
    EXPECT_EQ(stored("up", wire), "a\r\nb\nc\rd");
}

TEST_F(TftpText, keeps_line_ends_that_are_CRLF_already) {
    server.settings.keep_crlf = true;
    EXPECT_EQ(download(), "a\r\nb\r\nc\r\0d"s);
    EXPECT_EQ(stored("up", "a\r\nb\r\0c"s), "a\nb\rc");
    server.client = server.client.with_port(4000);
    EXPECT_EQ(server.rrq("text", {{"tsize", "0"}}, "netascii"), "OACK{tsize=10}");
}

TEST_F(TftpText, of_a_machine_whose_line_ends_are_CRLF) {
    server.settings.crlf_files = true;
    EXPECT_EQ(download(), "a\r\nb\r\nc\r\0d"s);
    EXPECT_EQ(stored("up", "a\r\nb\r\0c\r"s), "a\r\nb\rc\r");
    EXPECT_EQ(stored("small", "\r\n\r\n"), "\r\n\r\n");
}

// What was converted before stays in the cache, and is not what is wanted now.
TEST_F(TftpText, a_reload_changes_what_is_sent) {
    EXPECT_EQ(download().size(), 12U);
    server.settings.keep_crlf = true;
    server.serve().set(server.policy());
    EXPECT_EQ(download().size(), 10U);
}

}  // namespace
}  // namespace wherry
