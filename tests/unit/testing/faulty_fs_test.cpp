#include "testing/faulty_fs.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "testing/files.h"

namespace wherry::testing {

namespace {

class FaultyFsTest : public ::testing::Test {
protected:
    FilesystemPtr inner_ = memory_filesystem();
    FaultyFilesystem fs_{inner_};
};

}  // namespace

TEST_F(FaultyFsTest, PassesOnWhatItIsAsked) {
    EXPECT_TRUE(put(fs_, "/a"_p, "content"));
    EXPECT_EQ(get(fs_, "/a"_p).value(), "content");
    EXPECT_TRUE(fs_.make_directory("/dir"_p, 0700));
    EXPECT_EQ(fs_.stat("/dir"_p).value().mode, 0700U);
    EXPECT_TRUE(fs_.rename("/a"_p, "/dir/b"_p));
    EXPECT_EQ(names(fs_, "/dir"_p).value(), std::set<std::string>{"b"});
    EXPECT_EQ(fs_.lstat("/dir/b"_p).value().size, 7U);
    EXPECT_TRUE(fs_.set_mode("/dir/b"_p, 0600));
    EXPECT_TRUE(fs_.set_modified("/dir/b"_p, 5));
    EXPECT_EQ(code_of(fs_.read_link("/dir/b"_p)), Code::invalid);
    EXPECT_TRUE(fs_.space("/"_p));
    EXPECT_TRUE(fs_.remove_file("/dir/b"_p));
    EXPECT_TRUE(fs_.remove_directory("/dir"_p));
    EXPECT_TRUE(names(*inner_, "/"_p).value().empty());
}

TEST_F(FaultyFsTest, FailsTheOperationThatWasNamed) {
    fs_.fail_at(1, Code::no_space);
    EXPECT_EQ(code_of(fs_.stat("/"_p)), Code::ok);
    EXPECT_EQ(code_of(fs_.make_directory("/dir"_p, 0777)), Code::no_space);
    EXPECT_EQ(code_of(fs_.make_directory("/dir"_p, 0777)), Code::ok);
    EXPECT_EQ(fs_.operations(), 3U);
    fs_.fail_from(1, Code::io);
    EXPECT_EQ(code_of(fs_.stat("/"_p)), Code::ok);
    EXPECT_EQ(code_of(fs_.stat("/"_p)), Code::io);
    EXPECT_EQ(code_of(fs_.list("/"_p, Detail::full)), Code::io);
    fs_.heal();
    EXPECT_EQ(code_of(fs_.stat("/"_p)), Code::ok);
    EXPECT_EQ(fs_.operations(), 1U);
}

// The way the double is meant to be used: wherever an upload fails, no half of it is seen and nothing stays open.
TEST_F(FaultyFsTest, FailsAnUploadAtEachOfItsSteps) {
    EXPECT_TRUE(put(*inner_, "/a"_p, "old"));
    std::uint64_t nth = 0;
    for (; nth < 10; ++nth) {
        fs_.fail_at(nth, Code::io);
        if (put(fs_, "/a"_p, "new", uploading())) break;
        EXPECT_EQ(get(*inner_, "/a"_p).value(), "old");
        EXPECT_EQ(fs_.open_files(), 0U);
    }
    EXPECT_EQ(nth, 3U) << "open, write_at, close";
    EXPECT_EQ(get(*inner_, "/a"_p).value(), "new");
}

TEST_F(FaultyFsTest, CountsWhatIsOpen) {
    EXPECT_TRUE(put(fs_, "/a"_p, "content"));
    EXPECT_EQ(fs_.open_files(), 0U);
    FilePtr file = fs_.open("/a"_p, OpenMode::for_reading()).value();
    ListingPtr listing = fs_.list("/"_p, Detail::names).value();
    EXPECT_EQ(file->descriptor(), -1);
    EXPECT_EQ(fs_.open_files(), 1U);
    EXPECT_EQ(fs_.open_listings(), 1U);
    EXPECT_FALSE(fs_.open("/nothing"_p, OpenMode::for_reading()));
    EXPECT_EQ(fs_.open_files(), 1U);
    file.reset();
    listing.reset();
    EXPECT_EQ(fs_.open_files(), 0U);
    EXPECT_EQ(fs_.open_listings(), 0U);
}

TEST_F(FaultyFsTest, HangsUntilItIsReleased) {
    EXPECT_TRUE(put(fs_, "/a"_p, "content"));
    const FilePtr file = fs_.open("/a"_p, OpenMode::for_reading()).value();
    fs_.answer_at_once(true);
    fs_.hang();
    std::string content;
    Code code = Code::internal;
    std::thread reader([&] { content = get(*file).value_or("failed"); });
    std::thread other([&] { code = code_of(fs_.stat("/b"_p)); });
    fs_.wait_until_hanging(2);
    EXPECT_EQ(fs_.hanging(), 2U);
    EXPECT_EQ(code_of(fs_.stat_at_once("/a"_p)), Code::would_block);
    EXPECT_EQ(code_of(fs_.open("/a"_p, {.read = true, .wait = false})), Code::would_block);
    fs_.release();
    reader.join();
    other.join();
    EXPECT_EQ(content, "content");
    EXPECT_EQ(code, Code::not_found);
    EXPECT_EQ(fs_.hanging(), 0U);
}

TEST_F(FaultyFsTest, AnswersAtOnceOnlyWhenTold) {
    EXPECT_TRUE(put(fs_, "/a"_p, "content"));
    const OpenMode mode{.read = true, .wait = false};
    EXPECT_FALSE(fs_.can_answer_at_once());
    EXPECT_EQ(code_of(fs_.stat_at_once("/a"_p)), Code::would_block);
    EXPECT_EQ(code_of(fs_.open("/a"_p, mode)), Code::would_block);
    fs_.answer_at_once(true);
    EXPECT_TRUE(fs_.can_answer_at_once());
    EXPECT_EQ(fs_.stat_at_once("/a"_p).value().size, 7U);
    EXPECT_TRUE(fs_.open("/a"_p, mode));
}

}  // namespace wherry::testing
