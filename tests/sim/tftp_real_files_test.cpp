// TFTP and what only a folder of this machine has: sparse files, FIFOs, symlinks that lead out.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/temp_folder.h"
#include "testing/tftp_harness.h"

namespace wherry {
namespace {

using testing::TempFolder;
using testing::TftpHarness;

class TftpRealFiles : public ::testing::Test {
protected:
    TftpRealFiles() { server.base.files = posix_filesystem(folder.make_directory("root")).value(); }
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

}  // namespace
}  // namespace wherry
