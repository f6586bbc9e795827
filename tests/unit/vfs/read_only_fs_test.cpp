// read_only_filesystem(): nothing of what is below can be changed, and all of it can be read.
#include "wherry/filesystem.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "testing/faulty_fs.h"
#include "testing/files.h"

namespace wherry::testing {

namespace {

class ReadOnlyFsTest : public ::testing::Test {
protected:
    ReadOnlyFsTest() {
        EXPECT_TRUE(inner_->make_directory("/dir"_p, 0777));
        EXPECT_TRUE(put(*inner_, "/dir/file"_p, "content"));
        before_ = inner_->stat("/dir/file"_p).value();
        counted_->heal();
    }
    FilesystemPtr inner_ = memory_filesystem();
    std::shared_ptr<FaultyFilesystem> counted_ = std::make_shared<FaultyFilesystem>(inner_);
    FilesystemPtr fs_ = read_only_filesystem(counted_);
    Stat before_;
};

}  // namespace

TEST_F(ReadOnlyFsTest, Reads) {
    EXPECT_EQ(get(*fs_, "/dir/file"_p).value(), "content");
    EXPECT_EQ(names(*fs_, "/dir"_p).value(), std::set<std::string>{"file"});
    EXPECT_EQ(fs_->stat("/dir/file"_p).value().size, 7U);
    EXPECT_EQ(fs_->lstat("/dir/file"_p).value().size, 7U);
    EXPECT_EQ(code_of(fs_->read_link("/dir/file"_p)), Code::invalid);
    EXPECT_TRUE(fs_->space("/"_p));
    EXPECT_EQ(code_of(fs_->stat("/nothing"_p)), Code::not_found);
}

TEST_F(ReadOnlyFsTest, RefusesEveryChangeBeforeItGetsThere) {
    for (const char* text : {"/dir/file", "/dir", "/", "/new", "/nothing/new"}) {
        const Path path = path_of(text);
        for (OpenMode mode : {OpenMode::for_writing(), OpenMode{.write = true}, OpenMode{.read = true, .write = true},
                              OpenMode{.read = true, .create = true}, OpenMode{.read = true, .truncate = true},
                              OpenMode{.write = true, .create = true, .atomic = true}}) {
            EXPECT_EQ(code_of(fs_->open(path, mode)), Code::read_only);
            mode.wait = false;
            EXPECT_EQ(code_of(fs_->open(path, mode)), Code::read_only);
        }
        EXPECT_EQ(code_of(fs_->make_directory(path, 0777)), Code::read_only);
        EXPECT_EQ(code_of(fs_->remove_directory(path)), Code::read_only);
        EXPECT_EQ(code_of(fs_->remove_file(path)), Code::read_only);
        EXPECT_EQ(code_of(fs_->rename(path, "/other"_p)), Code::read_only);
        EXPECT_EQ(code_of(fs_->rename("/dir/file"_p, path)), Code::read_only);
        EXPECT_EQ(code_of(fs_->set_mode(path, 0)), Code::read_only);
        EXPECT_EQ(code_of(fs_->set_modified(path, 0)), Code::read_only);
    }
    EXPECT_EQ(counted_->operations(), 0U);
    const Stat after = inner_->stat("/dir/file"_p).value();
    EXPECT_EQ(after.modified, before_.modified);
    EXPECT_EQ(after.mode, before_.mode);
    EXPECT_EQ(get(*inner_, "/dir/file"_p).value(), "content");
}

TEST_F(ReadOnlyFsTest, ItsFilesCannotBeWritten) {
    const FilePtr file = fs_->open("/dir/file"_p, OpenMode::for_reading()).value();
    EXPECT_FALSE(file->write_at(0, bytes_of("x")));
    EXPECT_FALSE(file->truncate(0));
    EXPECT_EQ(get(*inner_, "/dir/file"_p).value(), "content");
}

TEST_F(ReadOnlyFsTest, AnswersAtOnceWhereTheFilesystemDoes) {
    EXPECT_FALSE(fs_->can_answer_at_once());
    EXPECT_EQ(code_of(fs_->stat_at_once("/dir/file"_p)), Code::would_block);
    const FilesystemPtr fast = read_only_filesystem(inner_);
    EXPECT_TRUE(fast->can_answer_at_once());
    EXPECT_EQ(fast->stat_at_once("/dir/file"_p).value().size, 7U);
    EXPECT_TRUE(fast->open("/dir/file"_p, {.read = true, .wait = false}));
}

TEST(ReadOnlyFsMakeTest, NeedsAFilesystem) { EXPECT_THROW(read_only_filesystem(nullptr), std::invalid_argument); }

}  // namespace wherry::testing
