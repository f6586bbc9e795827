#include "access/tree_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/faulty_fs.h"
#include "testing/files.h"

namespace wherry {
namespace {

using testing::operator""_p;
using ::testing::ElementsAre;

std::vector<std::string> all_of(TreeWalk walk) {
    std::vector<std::string> paths;
    for (auto found = walk.next(); found && *found; found = walk.next()) paths.push_back((*found)->path.string());
    return paths;
}

class TreeWalkTest : public ::testing::Test {
protected:
    TreeWalkTest() {
        for (const Path& path : {"/a"_p, "/a/b"_p, "/a/b/c"_p, "/a/z"_p})
            EXPECT_TRUE(files_->make_directory(path, 0777));
        for (const Path& path : {"/a/1"_p, "/a/b/2"_p, "/top"_p}) EXPECT_TRUE(testing::put(*files_, path, "x"));
    }
    FilesystemPtr files_ = memory_filesystem();
};

TEST_F(TreeWalkTest, ComesToADirectoryAfterAllThatIsInIt) {
    EXPECT_THAT(all_of(TreeWalk(*files_, "/"_p)),
                ElementsAre("/a/1", "/a/b/2", "/a/b/c", "/a/b", "/a/z", "/a", "/top", "/"));
    EXPECT_THAT(all_of(TreeWalk(*files_, "/a/z"_p)), ElementsAre("/a/z"));
    EXPECT_THAT(all_of(TreeWalk(*files_, "/top"_p)), ElementsAre("/top"));
}

TEST_F(TreeWalkTest, GoesNotWhereItMayNot) {
    const auto enter = [](const Path& directory) { return directory != "/a/b"_p; };
    EXPECT_THAT(all_of(TreeWalk(*files_, "/a"_p, enter)), ElementsAre("/a/1", "/a/b", "/a/z", "/a"));
}

TEST_F(TreeWalkTest, LooksAgain) {
    TreeWalk walk(*files_, "/a/z"_p);
    auto found = walk.next();
    ASSERT_TRUE(found && *found);
    EXPECT_TRUE(testing::put(*files_, "/a/z/late"_p, "x"));
    walk.again(std::move(**found));
    EXPECT_THAT(all_of(std::move(walk)), ElementsAre("/a/z/late", "/a/z"));
}

TEST_F(TreeWalkTest, HasALimitOfLevels) {
    Path path = "/a/z"_p;
    for (std::size_t i = 0; i < TreeWalk::most_levels; ++i) {
        path = path.child("d");
        ASSERT_TRUE(files_->make_directory(path, 0777));
    }
    EXPECT_EQ(TreeWalk(*files_, path).next().value()->path, path);
    EXPECT_EQ(TreeWalk(*files_, "/a/z"_p).next().error().code, Code::unsupported);
}

TEST_F(TreeWalkTest, TellsWhatCannotBeRead) {
    EXPECT_EQ(TreeWalk(*files_, "/none"_p).next().error().code, Code::not_found);
    const auto faulty = std::make_shared<testing::FaultyFilesystem>(files_);
    // The first is the look at the root; whichever fails after it ends the walk with that error.
    for (std::uint64_t nth = 0; nth < 6; ++nth) {
        faulty->fail_at(nth, Code::io);
        TreeWalk walk(*faulty, "/a"_p);
        auto found = walk.next();
        while (found && *found) found = walk.next();
        ASSERT_FALSE(found) << nth;
        EXPECT_EQ(found.error().code, Code::io) << nth;
    }
    faulty->heal();
    EXPECT_EQ(faulty->open_listings(), 0U);
}

}  // namespace
}  // namespace wherry
