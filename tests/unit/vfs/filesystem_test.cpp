#include "wherry/filesystem.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "testing/files.h"

namespace wherry::testing {

namespace {

// What a user writes at least.
class SmallFilesystem final : public Filesystem {
public:
    Result<Stat> stat(const Path& path) override { return path.is_root() ? Stat::directory(5) : Stat::file(3, 7); }
    Result<ListingPtr> list(const Path&, Detail) override { return fail(Code::not_found); }
    Result<FilePtr> open(const Path&, const OpenMode&) override { return memory_file("abc", 7); }
};

class SmallFile final : public File {
public:
    Result<Stat> stat() override { return Stat::file(0); }
};

}  // namespace

TEST(StatTest, IsMadeOfLittle) {
    const Stat file = Stat::file(12, 34);
    EXPECT_TRUE(file.is_file());
    EXPECT_FALSE(file.is_directory());
    EXPECT_EQ(file.size, 12U);
    EXPECT_EQ(file.modified, 34);
    EXPECT_EQ(file.mode, 0644U);
    const Stat directory = Stat::directory(56);
    EXPECT_TRUE(directory.is_directory());
    EXPECT_EQ(directory.modified, 56);
    EXPECT_EQ(directory.mode, 0755U);
}

TEST(FilesystemTest, AnswersUnsupportedUnlessOverridden) {
    SmallFilesystem fs;
    EXPECT_EQ(fs.lstat("/a"_p).value().size, 3U);
    EXPECT_EQ(code_of(fs.make_directory("/a"_p, 0777)), Code::unsupported);
    EXPECT_EQ(code_of(fs.remove_directory("/a"_p)), Code::unsupported);
    EXPECT_EQ(code_of(fs.remove_file("/a"_p)), Code::unsupported);
    EXPECT_EQ(code_of(fs.rename("/a"_p, "/b"_p)), Code::unsupported);
    EXPECT_EQ(code_of(fs.set_mode("/a"_p, 0600)), Code::unsupported);
    EXPECT_EQ(code_of(fs.set_modified("/a"_p, 0)), Code::unsupported);
    EXPECT_EQ(code_of(fs.set_created("/a"_p, 0)), Code::unsupported);
    EXPECT_EQ(code_of(fs.read_link("/a"_p)), Code::unsupported);
    EXPECT_EQ(code_of(fs.space("/a"_p)), Code::unsupported);
    EXPECT_FALSE(fs.can_answer_at_once());
    EXPECT_EQ(code_of(fs.stat_at_once("/a"_p)), Code::would_block);
    EXPECT_EQ(get(fs, "/a"_p).value(), "abc");
}

TEST(FileTest, AnswersUnsupportedUnlessOverridden) {
    SmallFile file;
    std::array<std::byte, 4> buffer{};
    EXPECT_EQ(code_of(file.read_at(0, buffer)), Code::unsupported);
    EXPECT_EQ(code_of(file.write_at(0, buffer)), Code::unsupported);
    EXPECT_EQ(code_of(file.truncate(0)), Code::unsupported);
    EXPECT_TRUE(file.allocate(~0ULL)) << "whatever a client announces: nothing is done";
    EXPECT_EQ(file.descriptor(), -1);
    file.failed(Code::aborted);
    EXPECT_TRUE(file.close());
}

TEST(MemoryListingTest, HandsOutItsEntriesInPortions) {
    const ListingPtr listing = memory_listing({{.name = "a"}, {.name = "b", .stat = Stat::directory()}, {.name = "c"}});
    std::vector<Entry> out{{.name = "old"}};
    ASSERT_TRUE(listing->next(out, 2));
    ASSERT_EQ(out.size(), 2U);
    EXPECT_EQ(out[0].name, "a");
    EXPECT_TRUE(out[1].stat.is_directory());
    ASSERT_TRUE(listing->next(out, 2));
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].name, "c");
    ASSERT_TRUE(listing->next(out, 2));
    EXPECT_TRUE(out.empty());
}

TEST(MemoryFileTest, ReadsWhatItHolds) {
    const FilePtr file = memory_file("0123456789", 99);
    EXPECT_EQ(file->stat().value().size, 10U);
    EXPECT_EQ(file->stat().value().modified, 99);
    EXPECT_EQ(get(*file).value(), "0123456789");
    std::array<std::byte, 4> buffer{};
    EXPECT_EQ(file->read_at(8, buffer).value(), 2U);
    EXPECT_EQ(static_cast<char>(buffer[0]), '8');
    EXPECT_EQ(file->read_at(10, buffer).value(), 0U);
    EXPECT_EQ(file->read_at(~0ULL, buffer).value(), 0U);
    EXPECT_EQ(code_of(file->write_at(0, buffer)), Code::unsupported);
    EXPECT_TRUE(file->close());
    EXPECT_EQ(get(*memory_file("")).value(), "");
}

}  // namespace wherry::testing
