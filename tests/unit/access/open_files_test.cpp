#include "access/open_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/temp_folder.h"

namespace wherry {
namespace {

class OpenFilesTest : public ::testing::Test {
protected:
    OpenFilesTest() { folder.write("img", "content"); }
    FilePtr open() { return disk->open(Path::resolve("/img").value(), OpenMode::for_reading()).value(); }
    static bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

    const testing::TempFolder folder;
    const FilesystemPtr disk = posix_filesystem(folder.path()).value();
    const FileVersion key{.filesystem = disk.get(), .inode = 7, .size = 7};
    OpenFiles files;
};

TEST_F(OpenFilesTest, gives_all_who_read_a_file_the_descriptor_of_the_first) {
    FilePtr first = open();
    FilePtr second = open();
    const int own = second->descriptor();
    EXPECT_EQ(files.share(key, first), nullptr);
    const FilePtr in_vain = files.share(key, second);
    ASSERT_NE(in_vain, nullptr);
    EXPECT_EQ(in_vain->descriptor(), own);
    EXPECT_EQ(second->descriptor(), first->descriptor());
    EXPECT_EQ(files.count(), 1U);
    std::array<std::byte, 16> bytes{};
    EXPECT_EQ(second->read_at(3, bytes).value(), 4U);
    EXPECT_EQ(second->stat().value().size, 7U);
}

TEST_F(OpenFilesTest, closes_a_file_with_the_last_who_reads_it) {
    FilePtr first = open();
    FilePtr second = open();
    files.share(key, first);
    files.share(key, second);
    const int descriptor = first->descriptor();
    EXPECT_TRUE(first->close());
    first.reset();
    EXPECT_TRUE(is_open(descriptor));
    second.reset();
    EXPECT_FALSE(is_open(descriptor));
    EXPECT_EQ(files.count(), 0U);
}

TEST_F(OpenFilesTest, reads_nothing_of_a_file_that_was_closed) {
    FilePtr file = open();
    files.share(key, file);
    EXPECT_TRUE(file->close());
    std::array<std::byte, 16> bytes{};
    EXPECT_FALSE(file->read_at(0, bytes));
    EXPECT_FALSE(file->stat());
}

TEST_F(OpenFilesTest, tells_files_apart_by_all_that_is_known_of_them) {
    const auto shares = [&](const FileVersion& other) {
        FilePtr first = open();
        FilePtr second = open();
        files.share(key, first);
        return files.share(other, second) != nullptr;
    };
    EXPECT_TRUE(shares(key));
    auto other = key;
    EXPECT_FALSE(shares((other = key, other.filesystem = nullptr, other)));
    EXPECT_FALSE(shares((other = key, other.device = 1, other)));
    EXPECT_FALSE(shares((other = key, other.inode = 1, other)));
    EXPECT_FALSE(shares((other = key, other.size = 1, other)));
    EXPECT_FALSE(shares((other = key, other.modified = 1, other)));
    EXPECT_FALSE(shares((other = key, other.modified_nsec = 1, other)));
    EXPECT_FALSE(shares((other = key, other.changed = 1, other)));
}

TEST_F(OpenFilesTest, leaves_a_file_without_a_descriptor_alone) {
    const FilesystemPtr memory = memory_filesystem();
    OpenMode mode = OpenMode::for_writing();
    ASSERT_TRUE(memory->open(Path::resolve("/img").value(), mode).value()->close());
    FilePtr file = memory->open(Path::resolve("/img").value(), OpenMode::for_reading()).value();
    const File* const before = file.get();
    EXPECT_EQ(files.share(key, file), nullptr);
    EXPECT_EQ(file.get(), before);
    EXPECT_EQ(files.count(), 0U);
}

TEST_F(OpenFilesTest, serves_threads_that_come_and_go) {
    std::atomic<int> wrong = 0;
    const auto come_and_go = [&] {
        for (int i = 0; i < 200; ++i) {
            FilePtr file = open();
            files.share(key, file);
            std::array<std::byte, 16> bytes{};
            if (file->read_at(0, bytes).value_or(0) != 7) ++wrong;
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) threads.emplace_back(come_and_go);
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(files.count(), 0U);
}

TEST_F(OpenFilesTest, may_go_before_its_files) {
    FilePtr file = open();
    {
        OpenFiles brief;
        brief.share(key, file);
    }
    std::array<std::byte, 16> bytes{};
    EXPECT_EQ(file->read_at(0, bytes).value(), 7U);
}

}  // namespace
}  // namespace wherry
