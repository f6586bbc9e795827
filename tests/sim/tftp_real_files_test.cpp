// TFTP and what only a folder of this machine has: sparse files, FIFOs, symlinks that lead out.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "support/temp_folder.h"
#include "testing/faulty_fs.h"
#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TempFolder;
using testing::TftpHarness;

class TftpRealFiles : public ::testing::Test {
protected:
    TftpRealFiles() { server.base.files = posix_filesystem(folder.make_directory("root")).value(); }
    // Begins a download of its own client's; what comes first.
    std::string begin(unsigned number, std::string_view name) {
        const std::string ip = "198.51." + std::to_string(number / 100) + "." + std::to_string(1 + number % 100);
        server.client = net::Address::parse_ip(ip, 2070).value();
        return server.rrq(name);
    }
    // How many descriptors this process has of files of the folder.
    std::size_t open_files() const {
        std::size_t count = 0;
        for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
            std::error_code gone;
            count += std::filesystem::read_symlink(one, gone).string().starts_with(folder.path("root/")) ? 1 : 0;
        }
        return count;
    }
    TempFolder folder;
    TftpHarness server;
};

TEST_F(TftpRealFiles, T035_a_size_beyond_32_bits) {
    std::filesystem::resize_file(folder.write("root/large", "x"), std::uintmax_t{5} << 30U);
    EXPECT_EQ(server.rrq("large", {{"tsize", "0"}, {"blksize", "1468"}}), "OACK{tsize=5368709120,blksize=1468}");
    EXPECT_EQ(server.ack(0), "DATA(1,1468)");
    EXPECT_EQ(server.payload, "x" + std::string(1467, '\0'));
    EXPECT_EQ(server.ack(1), "DATA(2,1468)");
}

TEST_F(TftpRealFiles, T124_a_FIFO_holds_up_nobody) {
    ASSERT_EQ(::mkfifo(folder.path("root/fifo").c_str(), 0666), 0);
    EXPECT_EQ(server.rrq("fifo"), "ERR(2,Access violation)");
    folder.write("root/one", "1");
    EXPECT_EQ(server.rrq("one"), "DATA(1,1)");
}

TEST_F(TftpRealFiles, T124_uploads_into_a_FIFO) {
    ASSERT_EQ(::mkfifo(folder.path("root/fifo").c_str(), 0666), 0);
    server.settings.write.mode = tftp::WriteMode::overwrite;
    EXPECT_EQ(server.wrq("fifo"), "ERR(2,Access violation)");
}

TEST_F(TftpRealFiles, T124_symlinks_that_lead_out) {
    folder.write("secret", "s");
    folder.write("root/inside", "i");
    std::filesystem::create_symlink(folder.path("secret"), folder.path("root/absolute"));
    std::filesystem::create_symlink("../secret", folder.path("root/relative"));
    std::filesystem::create_symlink("inside", folder.path("root/harmless"));
    std::filesystem::create_symlink("..", folder.path("root/up"));
    for (const char* name : {"absolute", "relative", "up/secret"}) {
        EXPECT_EQ(server.rrq(name), "ERR(2,Access violation)") << name;
    }
    EXPECT_EQ(server.rrq("harmless"), "DATA(1,1)");
}

TEST_F(TftpRealFiles, have_one_descriptor_for_all_who_download_them) {
    folder.write("root/img", std::string(100'000, 'i'));
    folder.write("root/other", std::string(100'000, 'o'));
    for (unsigned i = 0; i < 200; ++i) ASSERT_EQ(begin(i, "img"), "DATA(1,512)");
    EXPECT_EQ(open_files(), 1U);
    EXPECT_EQ(begin(200, "other"), "DATA(1,512)");
    EXPECT_EQ(open_files(), 2U);
    server.error(0);
    EXPECT_EQ(open_files(), 1U);
    EXPECT_EQ(server.serve().open_files().count(), 1U);
}

TEST_F(TftpRealFiles, are_closed_when_the_last_who_downloads_them_has_gone) {
    folder.write("root/img", std::string(2000, 'i'));
    ASSERT_EQ(begin(0, "img"), "DATA(1,512)");
    const net::Address first = server.client;
    const net::Address its_port = server.tid;
    ASSERT_EQ(begin(1, "img"), "DATA(1,512)");
    server.from(first, its_port, std::string("\0\5\0\0\0", 5));  // who opened it goes
    EXPECT_EQ(open_files(), 1U);
    EXPECT_EQ(server.ack(1), "DATA(2,512)");
    EXPECT_EQ(server.ack(2), "DATA(3,512)");
    EXPECT_EQ(server.ack(3), "DATA(4,464)");
    EXPECT_EQ(server.payload, std::string(464, 'i'));
    server.ack(4);
    EXPECT_EQ(open_files(), 0U);
    EXPECT_EQ(server.serve().open_files().count(), 0U);
}

TEST_F(TftpRealFiles, share_no_descriptor_with_one_that_has_taken_their_place) {
    folder.write("root/img", std::string(1000, 'a'));
    ASSERT_EQ(begin(0, "img"), "DATA(1,512)");
    folder.write("root/img.new", std::string(1000, 'b'));
    std::filesystem::rename(folder.path("root/img.new"), folder.path("root/img"));
    ASSERT_EQ(begin(1, "img"), "DATA(1,512)");
    EXPECT_EQ(server.payload, std::string(512, 'b'));
    EXPECT_EQ(server.serve().open_files().count(), 2U);
}

TEST_F(TftpRealFiles, are_read_in_longer_pieces_where_they_are_long) {
    constexpr std::size_t part = std::size_t{4} << 20U;
    server.network.mtu = 65536;
    folder.write("root/img", std::string(2 * part, 'i'));
    EXPECT_EQ(server.download("img", {{"blksize", "32768"}}), std::string(2 * part, 'i'));
    EXPECT_EQ(server.metric(Metric::tftp_cache_loads_total, TftpLoad::passed), part / 65536 + part / 262144);
    EXPECT_EQ(server.metric(Metric::tftp_cache_loads_total, TftpLoad::ok), 0);
}

// Of a file that was in memory but for one page, all that came after that page was left to workers.
TEST_F(TftpRealFiles, one_page_that_is_not_in_memory_leaves_the_rest_to_the_loop) {
    constexpr std::size_t chunk = 65536;
    server.settings.cache_chunk = chunk;
    server.network.mtu = 65536;
    const auto disk = std::make_shared<testing::FaultyFilesystem>(server.base.files);
    disk->show_descriptors_after(1);
    server.base.files = disk;
    folder.write("root/img", std::string(4 * chunk - 1, 'i'));
    EXPECT_EQ(server.rrq("img", {{"blksize", "16384"}}), "OACK{blksize=16384}");
    EXPECT_EQ(server.ack(0), "DATA(1,16384)");
    for (unsigned block = 1; block < 15; ++block) ASSERT_NE(server.ack(block), "");
    EXPECT_EQ(server.ack(15), "DATA(16,16383)");
    EXPECT_EQ(server.metric(Metric::tftp_cache_loads_total, TftpLoad::ok), 1);
    EXPECT_EQ(server.metric(Metric::tftp_cache_loads_total, TftpLoad::passed), 3);
}

}  // namespace
}  // namespace wherry
