// What an operator sees of TFTP transfers, and ending them.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::chrono_literals;

class TftpOperator : public ::testing::Test {
protected:
    void SetUp() override {
        server.settings.write.mode = tftp::WriteMode::overwrite;
        server.base.put("/img", std::string(100'000, 'i'));
    }
    std::vector<TftpTransfer> list() {
        std::vector<TftpTransfer> all;
        server.serve().list([&](std::vector<TftpTransfer> part) { all.insert(all.end(), part.begin(), part.end()); });
        server.run();
        return all;
    }
    // Ends it, and tells what the client hears of that.
    std::string end(std::uint64_t id) {
        std::optional<bool> found;
        server.serve().end(id, [&](bool there) { found = there; });
        std::string said = server.wait(1ns);
        EXPECT_TRUE(found.has_value());
        return found.value_or(false) ? said : "none" + said;
    }
    void next_client() { server.client = server.client.with_port(static_cast<std::uint16_t>(++port)); }

    TftpHarness server;
    int port = 3000;
};

TEST_F(TftpOperator, sees_what_runs_and_how_far_it_is) {
    EXPECT_TRUE(list().empty());
    server.rrq("img", {{"blksize", "1024"}, {"windowsize", "4"}});
    server.ack(0);
    server.ack(4);
    server.wait(30ms);
    next_client();
    server.wrq("up/.?", {{"tsize", "600"}});
    next_client();
    server.wrq("new", {{"tsize", "600"}});
    server.data(1, std::string(512, 'n'));
    const auto all = list();
    ASSERT_EQ(all.size(), 2U);  // what was refused is none
    const TftpTransfer& down = all[all[0].upload ? 1 : 0];
    const TftpTransfer& up = all[all[0].upload ? 0 : 1];
    EXPECT_FALSE(down.upload);
    EXPECT_EQ(down.name, "img");
    EXPECT_EQ(down.peer, "198.51.100.7");
    EXPECT_EQ(down.peer_port, 2070);
    EXPECT_EQ(down.bytes, 4096U);
    EXPECT_EQ(down.size, 100'000U);
    EXPECT_EQ(down.age, 30ms);
    EXPECT_TRUE(up.upload);
    EXPECT_EQ(up.name, "new");
    EXPECT_EQ(up.bytes, 512U);
    EXPECT_EQ(up.size, 600U);
    EXPECT_EQ(up.age, 0ms);
    EXPECT_NE(up.id, down.id);
    EXPECT_EQ(server.data(2, std::string(88, 'n')), "ACK(2)");
    EXPECT_EQ(list().size(), 1U);  // it only answers repeats any more
}

TEST_F(TftpOperator, does_not_see_a_size_that_nobody_knows) {
    server.wrq("new");
    ASSERT_EQ(list().size(), 1U);
    EXPECT_EQ(list()[0].size, std::nullopt);
    EXPECT_EQ(list()[0].bytes, 0U);
}

TEST_F(TftpOperator, ends_a_download) {
    server.rrq("img");
    server.ack(1);
    const std::uint64_t id = list().at(0).id;
    EXPECT_EQ(end(id + 1000), "none");
    EXPECT_EQ(end(0), "none");
    EXPECT_EQ(end(id), "ERR(0,Stopped by administrator)");
    EXPECT_TRUE(list().empty());
    EXPECT_EQ(end(id), "none");
    EXPECT_EQ(server.ack(2), "");
    EXPECT_EQ(server.metric(Metric::tftp_transfers), 0);
    EXPECT_TRUE(server.logged("killed"));
    ASSERT_EQ(server.base.events().size(), 1U);
    EXPECT_EQ(std::get<event::Sent>(server.base.events()[0]).cause, Code::killed);
}

TEST_F(TftpOperator, ends_an_upload_and_what_came_of_it_is_dropped) {
    server.base.put("/up", "old");
    server.wrq("up", {{"blksize", "1024"}, {"windowsize", "16"}});
    for (unsigned n = 1; n <= 400; ++n) server.data(n, std::string(1024, 'n'));  // some of it is in the file by now
    EXPECT_EQ(end(list().at(0).id), "ERR(0,Stopped by administrator)");
    EXPECT_EQ(server.base.content("/up"), "old");
    EXPECT_TRUE(list().empty());
    ASSERT_EQ(server.base.events().size(), 1U);
    EXPECT_EQ(std::get<event::Received>(server.base.events()[0]).cause, Code::killed);
    next_client();
    EXPECT_EQ(server.upload("up", "new"), "ok");  // nobody holds the name any more
    EXPECT_EQ(server.base.content("/up"), "new");
}

// An ERROR would be one packet more for whoever was meant by a forged request.
TEST_F(TftpOperator, says_nothing_to_a_client_that_has_given_no_sign_of_life) {
    server.rrq("img");
    EXPECT_EQ(end(list().at(0).id), "");
    EXPECT_TRUE(list().empty());
    EXPECT_EQ(server.wait(10s), "");
}

TEST_F(TftpOperator, a_name_is_told_as_it_came) {
    server.wrq("a b\xfe");
    ASSERT_EQ(list().size(), 1U);
    EXPECT_EQ(list()[0].name, "a b\xfe");
}

}  // namespace
}  // namespace wherry
