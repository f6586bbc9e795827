#include "vfs/memory_tree.h"

#include <gtest/gtest.h>

#include "testing/files.h"

namespace wherry::testing {

using vfs::MemoryTree;

TEST(MemoryFsTest, HoldsNoMoreThanItsMost) {
    const FilesystemPtr fs = memory_filesystem();
    const FilePtr file = fs->open("/a"_p, OpenMode::for_writing()).value();
    EXPECT_EQ(code_of(file->truncate(MemoryTree::most_bytes + 1)), Code::no_space);
    EXPECT_EQ(code_of(file->write_at(MemoryTree::most_bytes, bytes_of("x"))), Code::no_space);
    EXPECT_EQ(code_of(file->write_at(1ULL << 62U, bytes_of("x"))), Code::no_space);
    EXPECT_EQ(file->stat().value().size, 0U);
    EXPECT_TRUE(file->write_at(0, bytes_of("x")));
}

TEST(MemoryFsTest, GivesSpaceBackWithTheLastHolderOfAFile) {
    const FilesystemPtr fs = memory_filesystem();
    const auto used = [&] { return MemoryTree::most_bytes - fs->space("/"_p).value().free; };
    EXPECT_EQ(used(), 0U);
    EXPECT_TRUE(put(*fs, "/a"_p, "0123456789"));
    EXPECT_TRUE(put(*fs, "/a"_p, "01234"));
    EXPECT_EQ(used(), 5U);
    FilePtr file = fs->open("/a"_p, OpenMode::for_reading()).value();
    EXPECT_TRUE(fs->remove_file("/a"_p));
    EXPECT_EQ(used(), 5U);
    file.reset();
    EXPECT_EQ(used(), 0U);
    file = fs->open("/b"_p, {.write = true, .create = true, .truncate = true, .atomic = true}).value();
    EXPECT_TRUE(file->write_at(0, bytes_of("half")));
    EXPECT_EQ(used(), 4U);
    file.reset();
    EXPECT_EQ(used(), 0U);
}

TEST(MemoryFsTest, FilesOutliveTheirFilesystem) {
    FilesystemPtr fs = memory_filesystem();
    EXPECT_TRUE(put(*fs, "/a"_p, "content"));
    const FilePtr file = fs->open("/a"_p, OpenMode::for_reading()).value();
    const ListingPtr listing = fs->list("/"_p, Detail::full).value();
    fs.reset();
    EXPECT_EQ(get(*file).value(), "content");
    std::vector<Entry> batch;
    EXPECT_TRUE(listing->next(batch, 10));
    EXPECT_EQ(batch.size(), 1U);
}

TEST(MemoryFsTest, AnswersAtOnce) {
    const FilesystemPtr fs = memory_filesystem();
    EXPECT_TRUE(put(*fs, "/a"_p, "content"));
    EXPECT_TRUE(fs->can_answer_at_once());
    EXPECT_EQ(fs->stat_at_once("/a"_p).value().size, 7U);
    EXPECT_EQ(code_of(fs->stat_at_once("/b"_p)), Code::not_found);
    EXPECT_EQ(get(*fs->open("/a"_p, {.read = true, .wait = false}).value()).value(), "content");
}

TEST(MemoryFsTest, CountsTheLinksOfDirectories) {
    const FilesystemPtr fs = memory_filesystem();
    const auto links = [&](const Path& path) { return fs->stat(path).value().links; };
    EXPECT_TRUE(fs->make_directory("/a"_p, 0777));
    EXPECT_TRUE(fs->make_directory("/a/b"_p, 0777));
    EXPECT_TRUE(put(*fs, "/a/file"_p, "x"));
    EXPECT_EQ(links("/a"_p), 3U);
    EXPECT_TRUE(fs->rename("/a/b"_p, "/b"_p));
    EXPECT_EQ(links("/a"_p), 2U);
    EXPECT_EQ(links("/"_p), 4U);
    EXPECT_TRUE(fs->remove_directory("/b"_p));
    EXPECT_EQ(links("/"_p), 3U);
}

}  // namespace wherry::testing
