// TFTP uploads: acknowledging, gaps, publishing, and what is not allowed.
#include <gtest/gtest.h>

#include "testing/faulty_fs.h"
#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TftpHarness;
using namespace std::chrono_literals;
using namespace std::string_literals;
using tftp::WriteMode;

class TftpUpload : public ::testing::Test {
protected:
    void SetUp() override { server.settings.write.mode = WriteMode::create; }
    std::string block(std::size_t size = 512) { return std::string(size, 'u'); }
    TftpHarness server;
};

TEST_F(TftpUpload, T104_the_simplest_upload) {
    EXPECT_EQ(server.wrq("u1"), "ACK(0)");
    EXPECT_EQ(server.data(1, block()), "ACK(1)");
    EXPECT_FALSE(server.base.exists("/u1"));
    EXPECT_EQ(server.data(2, block(10)), "ACK(2)");
    EXPECT_EQ(server.base.content("/u1"), std::string(522, 'u'));
    ASSERT_EQ(server.base.events().size(), 1U);
    const auto& event = std::get<event::Received>(server.base.events()[0]);
    EXPECT_TRUE(event.complete());
    EXPECT_EQ(event.path.text(), "/u1");
    EXPECT_EQ(event.bytes, 522U);
    EXPECT_EQ(event.session.protocol, "tftp");
    EXPECT_EQ(event.session.peer, "198.51.100.7");
}

TEST_F(TftpUpload, T105_options) {
    EXPECT_EQ(server.wrq("u1", {{"blksize", "1468"}, {"tsize", "1468"}}), "OACK{blksize=1468,tsize=1468}");
    EXPECT_EQ(server.data(1, block(1468)), "ACK(1)");
    EXPECT_EQ(server.data(2, ""), "ACK(2)");
    EXPECT_EQ(server.base.content("/u1")->size(), 1468U);
}

TEST_F(TftpUpload, T106_the_last_block_is_told_by_its_payload) {
    for (std::size_t less = 1; less <= 4; ++less) {
        server.client = server.client.with_port(static_cast<std::uint16_t>(3000 + less));
        const std::string name = "u" + std::to_string(less);
        server.wrq(name);
        EXPECT_EQ(server.data(1, block(512 - less)), "ACK(1)");
        EXPECT_TRUE(server.base.exists("/" + name));
    }
}

TEST_F(TftpUpload, T107_windows) {
    EXPECT_EQ(server.wrq("w", {{"windowsize", "4"}}), "OACK{windowsize=4}");
    for (unsigned n = 1; n <= 9; ++n)
        EXPECT_EQ(server.data(n, block()), n == 4 || n == 8 ? "ACK(" + std::to_string(n) + ")" : "");
    EXPECT_EQ(server.data(10, "end"), "ACK(10)");
}

TEST_F(TftpUpload, T108_a_gap_is_told_once) {
    server.wrq("w", {{"windowsize", "4"}});
    server.data(1, block());
    server.data(2, block());
    EXPECT_EQ(server.data(4, block()), "ACK(2)");
    EXPECT_EQ(server.data(4, block()), "");
    EXPECT_EQ(server.data(3, block()), "");
    EXPECT_EQ(server.data(5, block()), "");
    EXPECT_EQ(server.data(6, block()), "ACK(6)");
}

TEST_F(TftpUpload, T108_a_gap_that_stays_open_is_told_after_a_while) {
    server.wrq("w", {{"windowsize", "16"}});
    server.data(1, block());
    EXPECT_EQ(server.data(3, block()), "");
    EXPECT_EQ(server.next(), "5ms ACK(1)");
}

TEST_F(TftpUpload, T109_swapped_blocks_are_no_gap) {
    server.wrq("w", {{"windowsize", "4"}});
    EXPECT_EQ(server.data(1, block()) + server.data(3, "c" + block(511)) + server.data(2, "b" + block(511)), "");
    EXPECT_EQ(server.data(4, block()), "ACK(4)");
    server.data(5, "");
    EXPECT_EQ(server.base.content("/w")->substr(512, 1) + server.base.content("/w")->substr(1024, 1), "bc");
}

TEST_F(TftpUpload, T110_T111_repeated_blocks) {
    server.wrq("w", {{"windowsize", "4"}});
    for (unsigned n = 1; n <= 4; ++n) server.data(n, block());
    EXPECT_EQ(server.data(4, block()), "");
    server.wait(11ms);
    EXPECT_EQ(server.data(4, block()), "ACK(4)");
    EXPECT_EQ(server.data(4, block()), "");

    server.client = server.client.with_port(3001);
    server.wrq("one");
    EXPECT_EQ(server.data(1, block()), "ACK(1)");
    EXPECT_EQ(server.data(1, block()), "ACK(1)");
    EXPECT_EQ(server.data(2, ""), "ACK(2)");
    EXPECT_EQ(server.base.content("/one")->size(), 512U);
}

TEST_F(TftpUpload, T112_a_block_far_ahead) {
    server.wrq("w", {{"windowsize", "4"}});
    server.data(1, block());
    server.data(2, block());
    EXPECT_EQ(server.data(7, block()), "");
    EXPECT_EQ(server.wait(20ms), "");
}

TEST_F(TftpUpload, T113_a_block_that_is_too_long) {
    server.wrq("w");
    EXPECT_EQ(server.data(1, block(513)), "ERR(4,Illegal TFTP operation)");
    EXPECT_FALSE(server.base.exists("/w"));
}

TEST_F(TftpUpload, T114_the_last_ACK_is_lost) {
    server.wrq("w");
    EXPECT_EQ(server.data(1, "end"), "ACK(1)");
    for (const auto pause : {1s, 2s, 6s}) {
        server.wait(pause);
        EXPECT_EQ(server.data(1, "end"), "ACK(1)");
    }
    server.wait(2s);
    EXPECT_EQ(server.data(1, "end"), "");
    EXPECT_EQ(server.base.content("/w"), "end");
    server.wait(10s);
    EXPECT_EQ(server.data(1, "end"), "ERR(5,Unknown transfer ID)");
}

// Late packets of an upload that has ended are nobody's but its own, where other transfers have the same port.
TEST_F(TftpUpload, what_comes_late_for_a_broken_upload_is_not_answered) {
    for (const auto mode : {tftp::TidMode::pool, tftp::TidMode::single}) {
        TftpHarness one;
        one.settings.write.mode = WriteMode::create;
        one.settings.tid_mode = mode;
        one.wrq("w");
        EXPECT_EQ(one.data(1, block()), "ACK(1)");
        EXPECT_EQ(one.error(0, "no more"), "");
        EXPECT_EQ(one.data(2, block()) + one.data(3, ""), "");
        one.run();
        EXPECT_FALSE(one.base.exists("/w"));
        EXPECT_EQ(one.wrq("w"), "ACK(0)");  // from the same port, at once
        EXPECT_EQ(one.data(1, ""), "ACK(1)");
    }
}

TEST_F(TftpUpload, what_came_of_a_broken_upload_stays_where_that_is_wanted) {
    for (const bool keep : {false, true}) {
        TftpHarness one;
        one.settings.write.mode = WriteMode::create;
        one.settings.write.keep_partial = keep;
        one.wrq("file");
        EXPECT_EQ(one.data(1, block()), "ACK(1)");
        EXPECT_EQ(one.error(0, "no more"), "");
        one.run();
        EXPECT_FALSE(one.base.exists("/file"));
        EXPECT_EQ(one.base.exists("/file.partial") ? one.base.content("/file.partial") : "", keep ? block() : "");
    }
}

TEST_F(TftpUpload, T116_the_same_request_just_after_a_repeat) {
    EXPECT_EQ(server.wrq("new"), "ACK(0)");
    EXPECT_EQ(server.wait(1s), "ACK(0)");
    server.wait(10ms);
    EXPECT_EQ(server.wrq("new"), "");
    server.wait(50ms);
    EXPECT_EQ(server.wrq("new"), "ACK(0)");
}

TEST_F(TftpUpload, T116_the_same_request_again) {
    EXPECT_EQ(server.wrq("w"), "ACK(0)");
    server.wait(200ms);
    EXPECT_EQ(server.wrq("w"), "ACK(0)");
    EXPECT_EQ(server.data(1, block()), "ACK(1)");
    EXPECT_EQ(server.data(2, block()), "ACK(2)");
    EXPECT_EQ(server.wrq("w"), "");
    EXPECT_EQ(server.data(3, ""), "ACK(3)");
    EXPECT_EQ(server.base.content("/w")->size(), 1024U);
}

TEST_F(TftpUpload, T117_off) {
    server.settings.write.mode = WriteMode::off;
    EXPECT_EQ(server.wrq("w"), "ERR(2,Uploads are not allowed)");
}

TEST_F(TftpUpload, T117_what_is_there_and_what_is_not) {
    server.base.put("/there", "old");
    EXPECT_EQ(server.wrq("there"), "ERR(6,File already exists)");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.wrq("no/such/folder"), "ERR(1,File not found)");
    server.client = server.client.with_port(3002);
    EXPECT_EQ(server.wrq(".ssh/x"), "ERR(2,Access violation)");
    server.client = server.client.with_port(3003);
    EXPECT_EQ(server.wrq("a/.hidden"), "ERR(2,Access violation)");
    EXPECT_EQ(server.base.content("/there"), "old");
}

TEST_F(TftpUpload, T117_existing_names_only) {
    server.settings.write.mode = WriteMode::existing;
    server.base.put("/there", "old");
    EXPECT_EQ(server.wrq("missing"), "ERR(1,File not found)");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.upload("there", "new"), "ok");
    EXPECT_EQ(server.base.content("/there"), "new");
}

TEST_F(TftpUpload, T117_existing_names_that_everybody_may_write) {
    server.settings.write.mode = WriteMode::existing;
    server.settings.world_readable = tftp::WorldReadable::on;
    for (const char* name : {"/mine", "/open"}) server.base.put(name, "old");
    ASSERT_TRUE(server.base.files->set_mode(Path::resolve("/mine").value(), 0664));
    ASSERT_TRUE(server.base.files->set_mode(Path::resolve("/open").value(), 0666));
    EXPECT_EQ(server.wrq("mine"), "ERR(2,Access violation)");
    EXPECT_TRUE(server.logged("others may not write it"));
    EXPECT_EQ(server.base.content("/mine"), "old");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.upload("open", "new"), "ok");
    EXPECT_EQ(server.base.content("/open"), "new");
    server.client = server.client.with_port(3002);
    EXPECT_EQ(server.wrq("missing"), "ERR(1,File not found)");
}

TEST_F(TftpUpload, T117_denied_networks) {
    server.settings.write_allow = {net::Subnet::parse("10.0.0.0/8").value()};
    EXPECT_EQ(server.wrq("w"), "ERR(2,Access violation)");
}

TEST_F(TftpUpload, T118_too_large) {
    server.settings.write.max_size = 1000;
    EXPECT_EQ(server.wrq("w", {{"tsize", "1001"}}), "ERR(3,Disk full or allocation exceeded)");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.wrq("w"), "ACK(0)");
    EXPECT_EQ(server.data(1, block()), "ACK(1)");
    EXPECT_EQ(server.data(2, block()), "ERR(3,Disk full or allocation exceeded)");
    server.wait(1s);
    EXPECT_FALSE(server.base.exists("/w"));
}

TEST_F(TftpUpload, T119_a_full_disk) {
    const auto faulty = std::make_shared<testing::FaultyFilesystem>(server.base.files);
    server.base.files = faulty;
    EXPECT_EQ(server.wrq("w"), "ACK(0)");
    faulty->fail_from(0, Code::no_space);
    EXPECT_EQ(server.data(1, "some"), "ERR(3,Disk full or allocation exceeded)");
    server.wait(1s);
    EXPECT_FALSE(server.base.exists("/w"));
    ASSERT_EQ(server.base.events().size(), 1U);
    EXPECT_FALSE(std::get<event::Received>(server.base.events()[0]).complete());
}

TEST_F(TftpUpload, T120_a_client_that_dies) {
    server.settings.write.mode = WriteMode::overwrite;
    server.base.put("/w", "old");
    server.wrq("w");
    for (unsigned n = 1; n <= 3; ++n) server.data(n, block());
    std::string last;
    int acks = 0;
    for (std::string came = server.next(90s); !came.empty(); came = server.next(90s)) {
        last = came.substr(came.find(' ') + 1);
        acks += last == "ACK(3)" ? 1 : 0;
    }
    EXPECT_GE(acks, 5);
    EXPECT_EQ(last, "ERR(0,Transfer timed out)");
    EXPECT_EQ(server.base.content("/w"), "old");
}

// A request alone, which anybody can forge, emptied the file.
TEST_F(TftpUpload, in_place_the_old_content_stays_until_the_first_block) {
    server.settings.write.mode = WriteMode::overwrite;
    server.settings.write.atomic = false;
    server.base.put("/w", "the old content");
    EXPECT_EQ(server.wrq("w"), "ACK(0)");
    server.wait(2min);
    EXPECT_EQ(server.base.content("/w"), "the old content");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.upload("w", "new"), "ok");
    EXPECT_EQ(server.base.content("/w"), "new");
    server.client = server.client.with_port(3002);
    EXPECT_EQ(server.upload("w", ""), "ok");
    EXPECT_EQ(server.base.content("/w"), "");
}

TEST_F(TftpUpload, in_place_a_new_name_goes_again_if_nothing_comes) {
    server.settings.write.mode = WriteMode::overwrite;
    server.settings.write.atomic = false;
    EXPECT_EQ(server.wrq("w"), "ACK(0)");
    EXPECT_TRUE(server.base.exists("/w"));
    server.wait(2min);
    EXPECT_FALSE(server.base.exists("/w"));
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.upload("w", ""), "ok");
    EXPECT_EQ(server.base.content("/w"), "");
}

TEST_F(TftpUpload, T121_two_at_a_time) {
    EXPECT_EQ(server.wrq("w"), "ACK(0)");
    server.client = server.client.with_port(3001);
    EXPECT_EQ(server.wrq("w"), "ERR(6,File already exists)");
}

TEST_F(TftpUpload, T122_readers_see_the_old_or_the_new_file) {
    server.settings.write.mode = WriteMode::overwrite;
    server.base.put("/f", std::string(2000, 'o'));
    const auto reader = server.client;
    EXPECT_EQ(server.rrq("f"), "DATA(1,512)");
    const auto reader_tid = server.tid;
    server.client = reader.with_port(3001);
    EXPECT_EQ(server.upload("f", std::string(2000, 'n')), "ok");
    server.client = reader;
    server.tid = reader_tid;
    for (unsigned n = 1; n <= 3; ++n) {
        server.ack(n);
        EXPECT_EQ(server.payload[0], 'o');
    }
    server.client = reader.with_port(3002);
    EXPECT_EQ(server.download("f"), std::string(2000, 'n'));
}

TEST_F(TftpUpload, T123_text_with_pairs_cut_anywhere) {
    for (std::size_t filler = 0; filler < 8; ++filler) {
        server.client = server.client.with_port(static_cast<std::uint16_t>(3000 + filler));
        const std::string name = "t" + std::to_string(filler);
        const std::string wire = std::string(filler, '.') + "a\r\nb\r\0c\r"s;
        EXPECT_EQ(server.upload(name, wire, {{"blksize", "8"}}, "netascii"), "ok");
        EXPECT_EQ(server.base.content("/" + name), std::string(filler, '.') + "a\nb\rc\r");
    }
}

TEST_F(TftpUpload, W11_another_size_than_announced) {
    server.settings.write.tsize_strict = true;
    server.wrq("w", {{"tsize", "100"}});
    EXPECT_EQ(server.data(1, "less"), "ERR(0,Internal error)");
    EXPECT_FALSE(server.base.exists("/w"));
}

// The socket of the requests cut off what was longer than a request.
TEST_F(TftpUpload, a_single_port_takes_blocks_of_any_size) {
    server.settings.tid_mode = tftp::TidMode::single;
    for (const char* size : {"512", "1468", "8192", "65464"}) {
        EXPECT_EQ(server.upload("by" + std::string(size), std::string(200'000, 'x'), {{"blksize", size}}), "ok")
            << size;
    }
}

TEST_F(TftpUpload, large_uploads_with_windows) {
    std::string image(1'000'000, '\0');
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<char>(i * 2654435761U >> 24U);
    EXPECT_EQ(server.upload("image", image, {{"blksize", "1468"}, {"windowsize", "32"}}), "ok");
    EXPECT_TRUE(server.base.content("/image") == image);
}

}  // namespace
}  // namespace wherry
