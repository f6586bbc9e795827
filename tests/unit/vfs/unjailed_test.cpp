// The whole machine as a filesystem, by explicit choice: Symlinks::anywhere.
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temp_folder.h"
#include "testing/files.h"
#include "vfs/jail.h"

namespace wherry {
namespace {

using testing::code_of;
using testing::TempFolder;

class Unjailed : public ::testing::TestWithParam<bool> {
protected:
    FilesystemPtr machine() const {
        return posix_filesystem("/", {.symlinks = Symlinks::anywhere, .use_openat2 = GetParam()}).value();
    }
    Path at(const std::string& name) const { return testing::path_of(folder_.path(name)); }
    TempFolder folder_;
};

TEST_P(Unjailed, paths_are_those_of_the_machine) {
    folder_.write("a", "content");
    EXPECT_EQ(*testing::get(*machine(), at("a")), "content");
    EXPECT_TRUE(testing::put(*machine(), at("b"), "new"));
    EXPECT_EQ(*testing::get(*machine(), at("b")), "new");
}

TEST_P(Unjailed, absolute_symlinks_are_followed) {
    folder_.write("a", "content");
    folder_.make_directory("d");
    ASSERT_EQ(symlink(folder_.path("a").c_str(), folder_.path("d/link").c_str()), 0);
    ASSERT_EQ(symlink(folder_.path("new").c_str(), folder_.path("d/dangling").c_str()), 0);
    EXPECT_EQ(*testing::get(*machine(), at("d/link")), "content");
    OpenMode mode = OpenMode::for_writing();
    mode.atomic = true;
    EXPECT_TRUE(testing::put(*machine(), at("d/link"), "atomic", mode));
    EXPECT_EQ(*testing::get(*machine(), at("a")), "atomic");
    EXPECT_TRUE(testing::put(*machine(), at("d/dangling"), "made"));
    EXPECT_EQ(*testing::get(*machine(), at("new")), "made");
}

TEST_P(Unjailed, devices_are_served_no_more_than_elsewhere) {
    EXPECT_EQ(code_of(machine()->open(testing::path_of("/dev/zero"), OpenMode::for_reading())), Code::not_regular);
}

INSTANTIATE_TEST_SUITE_P(With, Unjailed, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "openat2" : "openat"; });

TEST(UnjailedElsewhere, is_a_mistake) {
    const TempFolder folder;
    EXPECT_EQ(code_of(posix_filesystem(folder.path(), {.symlinks = Symlinks::anywhere})), Code::invalid);
}

}  // namespace
}  // namespace wherry
