#include "vfs/filtered_fs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/files.h"

namespace wherry {
namespace {

using testing::code_of;
using testing::operator""_p;
using ::testing::ElementsAre;

struct FilteredFs : ::testing::Test {
    FilteredFs() {
        for (const char* name : {"/a.txt", "/b.tmp", "/c.key", "/.dot"}) {
            EXPECT_TRUE(testing::put(*inner, testing::path_of(name), "x"));
        }
        EXPECT_TRUE(inner->make_directory("/private"_p, 0777));
        EXPECT_TRUE(testing::put(*inner, "/private/a"_p, "x"));
    }
    FilesystemPtr inner = memory_filesystem();
    FilesystemPtr files =
        filtered_filesystem(inner, {.hide = {"*.tmp"}, .deny = {"*.key", "/private"}, .dot_files = DotFiles::hide});
};

TEST_F(FilteredFs, lists_neither_hidden_nor_denied_names) {
    EXPECT_THAT(*testing::names(*files, "/"_p), ElementsAre("a.txt"));
}

// A batch of which nothing is left must not be taken for the end.
TEST_F(FilteredFs, lists_on_behind_a_batch_of_hidden_names) {
    EXPECT_THAT(*testing::names(*files, "/"_p, 1), ElementsAre("a.txt"));
}

TEST_F(FilteredFs, hidden_files_may_be_used_by_who_knows_them) {
    EXPECT_EQ(*testing::get(*files, "/b.tmp"_p), "x");
    EXPECT_TRUE(files->remove_file("/.dot"_p));
}

// CVE-2015-1419: a rule that one command knows and another does not.
TEST_F(FilteredFs, every_operation_refuses_a_denied_name) {
    for (const Path& path : {"/c.key"_p, "/private"_p, "/private/a"_p, "/private/new"_p}) {
        EXPECT_EQ(code_of(files->stat(path)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->lstat(path)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->list(path, Detail::names)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->open(path, OpenMode::for_reading())), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->open(path, OpenMode::for_writing())), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->make_directory(path, 0777)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->remove_directory(path)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->remove_file(path)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->rename(path, "/z"_p)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->rename("/a.txt"_p, path)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->set_mode(path, 0644)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->set_modified(path, 1)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->read_link(path)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->space(path)), Code::name_not_allowed);
        EXPECT_EQ(code_of(files->stat_at_once(path)), Code::name_not_allowed);
    }
    EXPECT_EQ(*testing::get(*inner, "/c.key"_p), "x") << "and nothing has changed";
    EXPECT_EQ(*testing::get(*inner, "/a.txt"_p), "x");
}

TEST_F(FilteredFs, what_takes_up_space_is_seen_without_the_filter) {
    EXPECT_EQ(&vfs::without_filter(*files), inner.get());
    EXPECT_EQ(&vfs::without_filter(*inner), inner.get());
}

}  // namespace
}  // namespace wherry
