#include "vfs/atomic_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/files.h"
#include "unit/vfs/outside.h"
#include "vfs/checks.h"

namespace wherry::testing {

namespace {

using vfs::is_part_name;
using vfs::new_part_name;

class AtomicFileTest : public ::testing::Test {
protected:
    // The names that are truly there.
    std::set<std::string> all_names(const std::string& directory = "") const {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(outside_.root(directory))) {
            found.insert(entry.path().filename().string());
        }
        return found;
    }

    // Lets another process begin an upload of `path` and be killed in the middle of it.
    void die_uploading(const Path& path) const {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            const auto fs = posix_filesystem(outside_.root());
            auto file = (*fs)->open(path, uploading());
            if (file) (void)(*file)->write_at(0, bytes_of("half of the new content"));
            ::kill(::getpid(), SIGKILL);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
    }

    Outside outside_;
    FilesystemPtr fs_ = posix_filesystem(outside_.root()).value();
};

}  // namespace

TEST(PartNameTest, IsKnownByItsForm) {
    EXPECT_TRUE(is_part_name(".wherry-0123456789abcdef.part"));
    for (const char* name :
         {"", ".wherry-.part", ".wherry-0123456789abcde.part", ".wherry-0123456789abcdef0.part",
          ".wherry-0123456789ABCDEF.part", ".wherry-0123456789abcdeg.part", "xwherry-0123456789abcdef.part",
          ".wherry-0123456789abcdef.parx", "a.wherry-0123456789abcdef.part", ".wherry-0123456789abcdef.part~"}) {
        EXPECT_FALSE(is_part_name(name)) << name;
    }
}

TEST(PartNameTest, IsNewEachTime) {
    std::set<std::string> names;
    for (int i = 0; i < 1000; ++i) names.insert(new_part_name());
    EXPECT_EQ(names.size(), 1000U);
    for (const std::string& name : names) EXPECT_TRUE(is_part_name(name)) << name;
}

TEST_F(AtomicFileTest, WritesAsideInTheSameDirectory) {
    outside_.make_directory("dir");
    const FilePtr file = fs_->open("/dir/file"_p, uploading()).value();
    ASSERT_EQ(all_names("dir").size(), 1U);
    EXPECT_TRUE(is_part_name(*all_names("dir").begin()));
    EXPECT_TRUE(file->close());
    EXPECT_EQ(all_names("dir"), std::set<std::string>{"file"});
}

TEST_F(AtomicFileTest, LeavesNothingHiddenBehind) {
    auto keeping = uploading();
    keeping.keep_partial = true;
    auto exclusive = uploading();
    exclusive.exclusive = true;
    outside_.make_directory("full.partial");
    const auto fail_upload = [this](const Path& path, const OpenMode& mode) {
        const FilePtr file = fs_->open(path, mode).value();
        EXPECT_TRUE(file->write_at(0, bytes_of("half")));
        file->failed(Code::reset);
        EXPECT_EQ(code_of(file->close()), Code::reset);
    };
    fail_upload("/dropped"_p, uploading());
    fail_upload("/kept"_p, keeping);
    fail_upload("/full"_p, keeping);  // its partial cannot get its name
    fs_->open("/destroyed"_p, uploading()).value().reset();
    fs_->open("/empty"_p, keeping).value().reset();
    const FilePtr late = fs_->open("/late"_p, exclusive).value();
    outside_.write("late", "early");
    EXPECT_EQ(code_of(late->close()), Code::exists);
    EXPECT_EQ(all_names(), (std::set<std::string>{"kept.partial", "full.partial", "late"}));
}

TEST_F(AtomicFileTest, HidesWhatIsUnderWayAndRefusesItToClients) {
    const std::string part = ".wherry-0123456789abcdef.part";
    outside_.write(part, "under way");
    outside_.write("file", "x");
    const Path path = path_of("/" + part);
    EXPECT_EQ(names(*fs_, "/"_p).value(), std::set<std::string>{"file"});
    EXPECT_EQ(code_of(fs_->stat(path)), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->lstat(path)), Code::name_not_allowed);
    const Code at_once = code_of(fs_->stat_at_once(path));
    EXPECT_TRUE(at_once == Code::name_not_allowed || at_once == Code::would_block);
    EXPECT_EQ(code_of(fs_->open(path, OpenMode::for_reading())), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->open(path, OpenMode::for_writing())), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->open(path, uploading())), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->make_directory(path, 0777)), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->remove_file(path)), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->remove_directory(path)), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->rename(path, "/stolen"_p)), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->rename("/file"_p, path)), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->set_mode(path, 0600)), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->set_modified(path, 0)), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->read_link(path)), Code::name_not_allowed);
    EXPECT_EQ(code_of(fs_->space(path)), Code::name_not_allowed);
    EXPECT_EQ(read_file(outside_.root(part)), "under way");
}

TEST_F(AtomicFileTest, KilledServerLeavesTheTargetWholeAndAMarkedPart) {
    outside_.write("file", "the old content");
    die_uploading("/file"_p);
    EXPECT_EQ(get(*fs_, "/file"_p).value(), "the old content");
    EXPECT_EQ(names(*fs_, "/"_p).value(), std::set<std::string>{"file"});
    ASSERT_EQ(all_names().size(), 2U);
    EXPECT_TRUE(is_part_name(*all_names().begin()));
    EXPECT_EQ(read_file(outside_.root(*all_names().begin())), "half of the new content");
    EXPECT_TRUE(put(*fs_, "/file"_p, "the new content", uploading()));
    EXPECT_EQ(get(*fs_, "/file"_p).value(), "the new content");
}

TEST_F(AtomicFileTest, LeftoversGoWithTheirDirectory) {
    outside_.make_directory("dir");
    die_uploading("/dir/a"_p);
    die_uploading("/dir/b"_p);
    EXPECT_EQ(all_names("dir").size(), 2U);
    EXPECT_TRUE(fs_->remove_directory("/dir"_p));
    EXPECT_TRUE(all_names().empty());
}

TEST_F(AtomicFileTest, LeftoversStayBesideAnythingElse) {
    outside_.make_directory("dir");
    die_uploading("/dir/a"_p);
    outside_.write("dir/file", "x");
    EXPECT_EQ(code_of(fs_->remove_directory("/dir"_p)), Code::not_empty);
    EXPECT_EQ(all_names("dir").size(), 2U);
    EXPECT_TRUE(fs_->remove_file("/dir/file"_p));
    const FilePtr alive = fs_->open("/dir/b"_p, uploading()).value();
    EXPECT_EQ(code_of(fs_->remove_directory("/dir"_p)), Code::not_empty);
    EXPECT_TRUE(alive->close());
    EXPECT_EQ(get(*fs_, "/dir/b"_p).value(), "");
}

TEST_F(AtomicFileTest, LeftoversAreRegularFilesOnly) {
    outside_.make_directory("dir/.wherry-0123456789abcdef.part");
    EXPECT_EQ(code_of(fs_->remove_directory("/dir"_p)), Code::not_empty);
    std::filesystem::remove(outside_.root("dir/.wherry-0123456789abcdef.part"));
    outside_.symlink("../../outside/secret", "dir/.wherry-0123456789abcdef.part");
    EXPECT_EQ(code_of(fs_->remove_directory("/dir"_p)), Code::not_empty);
    EXPECT_TRUE(outside_.is_untouched());
}

TEST_F(AtomicFileTest, KeepsAPartialInPlaceOfASymlinkAndNotWhereItLeads) {
    outside_.symlink("../outside/secret", "file.partial");
    auto mode = uploading();
    mode.keep_partial = true;
    FilePtr file = fs_->open("/file"_p, mode).value();
    EXPECT_TRUE(file->write_at(0, bytes_of("half")));
    file.reset();
    EXPECT_EQ(get(*fs_, "/file.partial"_p).value(), "half");
    EXPECT_TRUE(outside_.is_untouched());
}

TEST_F(AtomicFileTest, PublishesNothingWhenItsPartIsGone) {
    const FilePtr file = fs_->open("/file"_p, uploading()).value();
    std::filesystem::remove(outside_.root(*all_names().begin()));
    EXPECT_EQ(code_of(file->close()), Code::not_found);
    EXPECT_TRUE(all_names().empty());
}

TEST_F(AtomicFileTest, LeavesOtherHardLinksAlone) {
    outside_.write("file", "old");
    std::filesystem::create_hard_link(outside_.root("file"), outside_.root("other"));
    EXPECT_TRUE(put(*fs_, "/file"_p, "new", uploading()));
    EXPECT_EQ(get(*fs_, "/other"_p).value(), "old");
}

TEST(PartialNameTest, IsNeverTooLong) {
    EXPECT_EQ(vfs::partial_name("a.txt"), "a.txt.partial");
    EXPECT_EQ(vfs::partial_name(std::string(255, 'x')).size(), Path::max_component);
}

}  // namespace wherry::testing
