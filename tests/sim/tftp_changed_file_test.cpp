// TFTP downloads of files that become others, and of those that cannot be read.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "support/temp_folder.h"
#include "testing/faulty_fs.h"
#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::FaultyFilesystem;
using testing::TftpHarness;

class TftpChangedFile : public ::testing::Test {
protected:
    void SetUp() override {
        server.base.files = posix_filesystem(folder.path()).value();
        server.network.mtu = 65536;
        server.settings.cache_chunk = 65536;
        server.settings.cache_read_ahead = 0;
        folder.write("img", std::string(100'000, 'a'));
    }
    // Other bytes in the same file, which then has the time that it had; until the system's clock for such times has
    // moved on, as it has between any two things that people do.
    void rewrite(const std::string& content) {
        const int file = ::open(folder.path("img").c_str(), O_WRONLY);
        ASSERT_GE(file, 0);
        struct stat before{};
        struct stat after{};
        ASSERT_EQ(::fstat(file, &before), 0);
        const timespec times[] = {before.st_atim, before.st_mtim};
        do {
            ASSERT_EQ(::pwrite(file, content.data(), content.size(), 0), static_cast<ssize_t>(content.size()));
            ASSERT_EQ(::futimens(file, times), 0);
            ASSERT_EQ(::fstat(file, &after), 0);
        } while (after.st_ctim.tv_sec == before.st_ctim.tv_sec && after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
        ::close(file);
        EXPECT_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
        EXPECT_EQ(after.st_size, before.st_size);
    }
    // Up to the end of the first chunk.
    void begin() {
        EXPECT_EQ(server.rrq("img", {{"blksize", "16384"}}), "OACK{blksize=16384}");
        for (unsigned block = 0; block < 4; ++block) {
            EXPECT_EQ(server.ack(block), "DATA(" + std::to_string(block + 1) + ",16384)");
        }
    }
    const testing::TempFolder folder;
    TftpHarness server;
};

TEST_F(TftpChangedFile, is_another_one_though_size_and_time_are_the_same) {
    EXPECT_EQ(server.download("img", {{"blksize", "16384"}}), std::string(100'000, 'a'));
    rewrite(std::string(100'000, 'b'));
    EXPECT_EQ(server.download("img", {{"blksize", "16384"}}), std::string(100'000, 'b'));
}

TEST_F(TftpChangedFile, T080_ends_a_download_though_size_and_time_are_the_same) {
    begin();
    rewrite(std::string(100'000, 'b'));
    EXPECT_EQ(server.ack(4), "ERR(0,File changed)");
}

TEST_F(TftpChangedFile, T079_a_file_whose_place_another_one_takes_goes_on) {
    begin();
    folder.write("img.new", std::string(100'000, 'b'));
    std::filesystem::rename(folder.path("img.new"), folder.path("img"));
    EXPECT_EQ(server.ack(4), "DATA(5,16384)");
    EXPECT_EQ(server.payload, std::string(16384, 'a'));
}

TEST_F(TftpChangedFile, one_that_gets_another_name_beside_its_own_goes_on) {
    begin();
    std::filesystem::create_hard_link(folder.path("img"), folder.path("img.1"));
    EXPECT_EQ(server.ack(4), "DATA(5,16384)");
}

// --- files that cannot be read

class TftpBrokenFile : public ::testing::Test {
protected:
    void SetUp() override {
        server.base.files = disk;
        server.base.put("/file", "content");
    }
    std::shared_ptr<FaultyFilesystem> disk = std::make_shared<FaultyFilesystem>(memory_filesystem());
    TftpHarness server;
};

// The client has given no sign of life yet; but it has had no answer either.
TEST_F(TftpBrokenFile, is_told_to_who_would_get_the_first_block) {
    server.serve();
    disk->fail_at(2, Code::io);  // after it was opened and looked at
    EXPECT_EQ(server.rrq("file"), "ERR(0,Internal error)");
    EXPECT_TRUE(server.logged("RRQ 198.51.100.7:2070 \"file\" io_error 0 B"));
    EXPECT_EQ(server.metric(Metric::tftp_data_packets_total), 0);
}

TEST_F(TftpBrokenFile, is_told_within_what_may_be_sent_to_strangers) {
    server.settings.limits.unverified_per_second_address = 1;
    server.serve();
    EXPECT_EQ(server.rrq("file"), "DATA(1,7)");
    server.client = server.client.with_port(3000);
    disk->fail_at(2, Code::io);
    EXPECT_EQ(server.rrq("file"), "");
}

}  // namespace
}  // namespace wherry
