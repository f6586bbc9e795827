// Mounts of mount_filesystem(); what it passes on is in the filesystem contract.
#include "wherry/filesystem.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "testing/faulty_fs.h"
#include "testing/files.h"

namespace wherry::testing {

namespace {

using Names = std::set<std::string>;

class MountFsTest : public ::testing::Test {
protected:
    MountFsTest() {
        EXPECT_TRUE(put(*base_, "/file"_p, "in the base"));
        EXPECT_TRUE(base_->make_directory("/real"_p, 0700));
        EXPECT_TRUE(put(*base_, "/real/hidden"_p, "in the base"));
        EXPECT_TRUE(put(*one_, "/a"_p, "in one"));
        EXPECT_TRUE(put(*two_, "/b"_p, "in two"));
    }

    FilesystemPtr base_ = memory_filesystem();
    FilesystemPtr one_ = memory_filesystem();
    FilesystemPtr two_ = memory_filesystem();
    FilesystemPtr fs_ = mount_filesystem({{"/"_p, base_},
                                          {"/real"_p, one_},
                                          {"/made/up/two"_p, two_},
                                          {"/real/inner"_p, two_},
                                          {"/file/below"_p, two_}});
    FilesystemPtr rootless_ = mount_filesystem({{"/x/one"_p, one_}, {"/x/two"_p, two_}, {"/y"_p, two_}});
};

}  // namespace

TEST_F(MountFsTest, LongestPrefixServes) {
    EXPECT_EQ(get(*fs_, "/real/a"_p).value(), "in one");
    EXPECT_EQ(get(*fs_, "/real/inner/b"_p).value(), "in two");
    EXPECT_EQ(get(*fs_, "/made/up/two/b"_p).value(), "in two");
    EXPECT_EQ(code_of(fs_->stat("/real/hidden"_p)), Code::not_found);
    EXPECT_TRUE(put(*fs_, "/real/inner/new"_p, "x"));
    EXPECT_EQ(get(*two_, "/new"_p).value(), "x");
    EXPECT_TRUE(put(*fs_, "/realistic"_p, "by whole components"));
    EXPECT_EQ(get(*base_, "/realistic"_p).value(), "by whole components");
}

TEST_F(MountFsTest, ShowsMountPointsInListings) {
    EXPECT_EQ(names(*fs_, "/"_p).value(), (Names{"file", "real", "made"}));
    EXPECT_EQ(names(*fs_, "/"_p, 1).value(), (Names{"file", "real", "made"}));
    EXPECT_EQ(names(*fs_, "/made"_p).value(), Names{"up"});
    EXPECT_EQ(names(*fs_, "/made/up"_p).value(), Names{"two"});
    EXPECT_EQ(names(*fs_, "/made/up/two"_p).value(), Names{"b"});
    EXPECT_EQ(names(*fs_, "/real"_p).value(), (Names{"a", "inner"}));
    EXPECT_EQ(names(*rootless_, "/"_p).value(), (Names{"x", "y"}));
    EXPECT_EQ(names(*rootless_, "/x"_p).value(), (Names{"one", "two"}));
    EXPECT_EQ(code_of(rootless_->list("/z"_p, Detail::names)), Code::not_found);
}

TEST_F(MountFsTest, EachNameIsListedOnceAsWhatItIs) {
    for (const Detail detail : {Detail::names, Detail::full}) {
        const ListingPtr listing = fs_->list("/"_p, detail).value();
        std::vector<Entry> all;
        std::vector<Entry> batch;
        do {
            ASSERT_TRUE(listing->next(batch, 2));
            all.insert(all.end(), batch.begin(), batch.end());
        } while (!batch.empty());
        ASSERT_EQ(all.size(), 3U);
        for (const Entry& entry : all) EXPECT_TRUE(entry.stat.is_directory()) << entry.name;
    }
}

TEST_F(MountFsTest, WhatLeadsToAMountIsADirectory) {
    for (const char* path : {"/", "/real", "/made", "/made/up", "/made/up/two", "/file"}) {
        EXPECT_TRUE(fs_->stat(path_of(path)).value().is_directory()) << path;
        EXPECT_TRUE(fs_->lstat(path_of(path)).value().is_directory()) << path;
        EXPECT_TRUE(fs_->stat_at_once(path_of(path)).value().is_directory()) << path;
        EXPECT_EQ(code_of(fs_->open(path_of(path), OpenMode::for_reading())), Code::is_directory) << path;
        EXPECT_EQ(code_of(fs_->open(path_of(path), OpenMode::for_writing())), Code::is_directory) << path;
    }
    EXPECT_EQ(fs_->stat("/real"_p).value().mode, 0755U) << "the root of what is mounted there";
    EXPECT_EQ(code_of(rootless_->stat("/z"_p)), Code::not_found);
    EXPECT_TRUE(mount_filesystem({})->stat("/"_p).value().is_directory());
    EXPECT_TRUE(names(*mount_filesystem({}), "/"_p).value().empty());
}

TEST_F(MountFsTest, MountPointsStayWhereTheyAre) {
    for (const char* text : {"/", "/real", "/made", "/made/up/two", "/file"}) {
        const Path path = path_of(text);
        EXPECT_EQ(code_of(fs_->make_directory(path, 0777)), Code::exists) << text;
        EXPECT_EQ(code_of(fs_->remove_directory(path)), Code::denied) << text;
        EXPECT_EQ(code_of(fs_->remove_file(path)), Code::is_directory) << text;
        EXPECT_EQ(code_of(fs_->rename(path, "/other"_p)), Code::denied) << text;
        EXPECT_EQ(code_of(fs_->rename("/real/a"_p, path)), Code::denied) << text;
        EXPECT_EQ(code_of(fs_->read_link(path)), Code::invalid) << text;
    }
    EXPECT_EQ(get(*base_, "/file"_p).value(), "in the base");
}

TEST_F(MountFsTest, RenamesWithinOneFilesystemOnly) {
    EXPECT_TRUE(fs_->rename("/real/a"_p, "/real/c"_p));
    EXPECT_EQ(get(*one_, "/c"_p).value(), "in one");
    EXPECT_EQ(code_of(fs_->rename("/real/c"_p, "/c"_p)), Code::unsupported);
    EXPECT_EQ(code_of(fs_->rename("/real/c"_p, "/real/inner/c"_p)), Code::unsupported);
    EXPECT_EQ(get(*one_, "/c"_p).value(), "in one");
}

TEST_F(MountFsTest, MadeUpDirectoriesCannotBeWrittenTo) {
    EXPECT_EQ(code_of(rootless_->open("/new"_p, OpenMode::for_writing())), Code::read_only);
    EXPECT_EQ(code_of(rootless_->open("/x/new"_p, OpenMode::for_writing())), Code::read_only);
    EXPECT_EQ(code_of(rootless_->make_directory("/x/new"_p, 0777)), Code::read_only);
    EXPECT_EQ(code_of(rootless_->rename("/x/one/a"_p, "/x/a"_p)), Code::read_only);
    EXPECT_EQ(code_of(rootless_->open("/z/new"_p, OpenMode::for_writing())), Code::not_found);
    EXPECT_EQ(code_of(rootless_->open("/new"_p, OpenMode::for_reading())), Code::not_found);
    EXPECT_EQ(code_of(rootless_->rename("/new"_p, "/x/one/new"_p)), Code::not_found);
    EXPECT_EQ(code_of(rootless_->set_mode("/x"_p, 0700)), Code::not_found);
    EXPECT_EQ(code_of(rootless_->space("/x"_p)), Code::not_found);
}

TEST_F(MountFsTest, ErrorsOfAFilesystemAreNotCoveredUp) {
    const auto broken = std::make_shared<FaultyFilesystem>(memory_filesystem());
    const FilesystemPtr fs = mount_filesystem({{"/"_p, broken}, {"/a/b"_p, one_}, {"/broken"_p, broken}});
    broken->fail_from(0, Code::io);
    EXPECT_EQ(code_of(fs->stat("/"_p)), Code::io);
    EXPECT_EQ(code_of(fs->list("/"_p, Detail::full)), Code::io);
    EXPECT_EQ(get(*fs, "/a/b/a"_p).value(), "in one");
    broken->fail_at(1, Code::io);  // the listing is there, one mount does not answer: a name all the same
    EXPECT_EQ(names(*fs, "/"_p).value(), (Names{"a", "broken"}));
}

TEST_F(MountFsTest, AnswersAtOnceWhereTheFilesystemDoes) {
    const auto slow = std::make_shared<FaultyFilesystem>(memory_filesystem());
    EXPECT_TRUE(put(*slow, "/c"_p, "slow"));
    const FilesystemPtr fs = mount_filesystem({{"/fast"_p, one_}, {"/slow"_p, slow}});
    const OpenMode mode{.read = true, .wait = false};
    EXPECT_TRUE(fs->can_answer_at_once());
    EXPECT_TRUE(fs->open("/fast/a"_p, mode));
    EXPECT_TRUE(fs->stat_at_once("/fast/a"_p));
    EXPECT_TRUE(fs->stat_at_once("/"_p));
    const auto opened = fs->open("/slow/c"_p, mode);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::would_block);
    EXPECT_EQ(opened.error().message, "");
    EXPECT_EQ(code_of(fs->stat_at_once("/slow/c"_p)), Code::would_block);
    EXPECT_EQ(get(*fs, "/slow/c"_p).value(), "slow");
    EXPECT_FALSE(mount_filesystem({{"/slow"_p, slow}})->can_answer_at_once());
}

TEST_F(MountFsTest, RefusesMountsThatMakeNoSense) {
    EXPECT_THROW(mount_filesystem({{"/a"_p, nullptr}}), std::invalid_argument);
    EXPECT_THROW(mount_filesystem({{"/a"_p, one_}, {"/b"_p, one_}, {"/a"_p, two_}}), std::invalid_argument);
}

}  // namespace wherry::testing
