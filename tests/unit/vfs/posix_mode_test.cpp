// The permission bits that a PosixFilesystem gives and changes.
#include "vfs/posix_fs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cerrno>

#include "unit/vfs/posix_fixture.h"

namespace wherry::testing {

namespace {

using PosixModeTest = PosixFixture;

// Sets the process' umask while it lives.
class ProcessUmask {
public:
    explicit ProcessUmask(mode_t umask) : before_(::umask(umask)) {}
    ProcessUmask(const ProcessUmask&) = delete;
    ProcessUmask& operator=(const ProcessUmask&) = delete;
    ~ProcessUmask() { ::umask(before_); }

private:
    mode_t before_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Ways, PosixModeTest, ::testing::Bool(), way_of);

TEST_P(PosixModeTest, ItsUmaskCountsAndNotThatOfTheProcess) {
    for (const mode_t umask : {0000U, 0027U, 0077U, 0377U}) {
        const ProcessUmask process(umask);
        for (const std::uint32_t own : {0000U, 0022U, 0027U, 0077U}) {
            const FilesystemPtr fs = make({.umask = own});
            EXPECT_TRUE(put(*fs, "/file"_p, "x"));
            EXPECT_TRUE(put(*fs, "/aside"_p, "x", uploading()));
            EXPECT_TRUE(fs->make_directory("/dir"_p, 0777));
            EXPECT_EQ(mode("file"), 0666U & ~own);
            EXPECT_EQ(mode("aside"), 0666U & ~own);
            EXPECT_EQ(mode("dir"), 0777U & ~own);
            EXPECT_TRUE(fs->remove_file("/file"_p));
            EXPECT_TRUE(fs->remove_file("/aside"_p));
            EXPECT_TRUE(fs->remove_directory("/dir"_p));
        }
    }
}

TEST_P(PosixModeTest, TellsTheModeThatAFileGot) {
    const ProcessUmask process(077);
    const FilePtr file = fs_->open("/file"_p, OpenMode::for_writing()).value();
    EXPECT_EQ(file->stat().value().mode, 0644U);
    EXPECT_EQ(file->stat().value().mode, 0644U);
}

TEST_P(PosixModeTest, NewDirectoryKeepsTheInheritedGroupBit) {
    outside_.make_directory("team");
    ASSERT_EQ(::chmod(outside_.root("team").c_str(), 02775), 0);
    const ProcessUmask process(077);
    EXPECT_TRUE(fs_->make_directory("/team/dir"_p, 0777));
    EXPECT_EQ(mode("team/dir"), 02755U);
    EXPECT_TRUE(fs_->set_mode("/team/dir"_p, 0700));
    EXPECT_EQ(mode("team/dir"), 02700U);
}

TEST_P(PosixModeTest, LeavesTheAclOfADirectoryItsWord) {
    // user::rwx, user:12345:rwx, group::r-x, mask::rwx, other::---, as the kernel has it
    struct AclEntry {
        std::uint16_t tag;
        std::uint16_t perm;
        std::uint32_t id;
    };
    struct Acl {
        std::uint32_t version = 2;
        AclEntry entries[5] = {{0x01, 7, ~0U}, {0x02, 7, 12345}, {0x04, 5, ~0U}, {0x10, 7, ~0U}, {0x20, 0, ~0U}};
    } acl;
    outside_.make_directory("dir");
    if (::setxattr(outside_.root("dir").c_str(), "system.posix_acl_default", &acl, sizeof acl, 0) != 0) {
        ASSERT_EQ(errno, EOPNOTSUPP);  // a filesystem without ACLs, of which there is then nothing to say
        return;
    }
    EXPECT_TRUE(put(*fs_, "/dir/file"_p, "x"));
    EXPECT_EQ(mode("dir/file") & 07U, 0U) << "other gets what the ACL says";
    EXPECT_TRUE(put(*fs_, "/dir/aside"_p, "x", uploading()));
    EXPECT_EQ(mode("dir/aside") & 07U, 0U);
}

TEST_P(PosixModeTest, ChangesWhatItMayNeitherReadNorWrite) {
    outside_.write("file", "x");
    ASSERT_EQ(::chmod(outside_.root("file").c_str(), 0), 0);
    EXPECT_TRUE(fs_->set_modified("/file"_p, 123));
    const auto changed = fs_->set_mode("/file"_p, 0640);
    // Before Linux 6.6 only root may; see posix_fs.h.
    if (changed) EXPECT_EQ(mode("file"), 0640U);
    if (!changed) EXPECT_EQ(changed.error().code, Code::denied);
}

}  // namespace wherry::testing
