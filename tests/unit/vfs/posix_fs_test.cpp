#include "vfs/posix_fs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "unit/vfs/posix_fixture.h"

namespace wherry::testing {

namespace {

using PosixFsTest = PosixFixture;

}  // namespace

INSTANTIATE_TEST_SUITE_P(Ways, PosixFsTest, ::testing::Bool(), way_of);

TEST_P(PosixFsTest, NeedsADirectory) {
    EXPECT_EQ(code_of(posix_filesystem(outside_.path("nothing"))), Code::not_found);
    EXPECT_EQ(code_of(posix_filesystem(outside_.path("outside/secret"))), Code::not_directory);
}

TEST_P(PosixFsTest, ServesTheFolderThatItOpened) {
    outside_.write("file", "x");
    std::filesystem::rename(outside_.root(), outside_.path("moved"));
    std::filesystem::create_symlink(outside_.path("outside"), outside_.root());
    EXPECT_EQ(names(*fs_, "/"_p).value(), std::set<std::string>{"file"});
    std::filesystem::remove(outside_.root());
    std::filesystem::rename(outside_.path("moved"), outside_.root());
}

// --- symlinks ------------------------------------------------------------------------------------------------------

TEST_P(PosixFsTest, FollowsASymlinkInside) {
    outside_.make_directory("dir");
    outside_.write("dir/file", "content");
    outside_.symlink("dir/file", "link");
    outside_.symlink("dir", "way");
    EXPECT_EQ(get(*fs_, "/link"_p).value(), "content");
    EXPECT_EQ(get(*fs_, "/way/file"_p).value(), "content");
    EXPECT_EQ(names(*fs_, "/way"_p).value(), std::set<std::string>{"file"});
    EXPECT_EQ(fs_->stat("/link"_p).value().kind, Kind::file);
    EXPECT_EQ(fs_->lstat("/link"_p).value().kind, Kind::symlink);
    EXPECT_EQ(fs_->lstat("/way/file"_p).value().kind, Kind::file);
    EXPECT_EQ(fs_->read_link("/link"_p).value(), "dir/file");
    EXPECT_TRUE(fs_->set_mode("/link"_p, 0600));
    EXPECT_EQ(mode("dir/file"), 0600U);
    EXPECT_TRUE(fs_->set_modified("/link"_p, 77));
    EXPECT_EQ(fs_->stat("/dir/file"_p).value().modified, 77);
    EXPECT_NE(fs_->lstat("/link"_p).value().modified, 77);
}

TEST_P(PosixFsTest, WritesThroughASymlinkInside) {
    outside_.make_directory("dir");
    outside_.write("dir/file", "content");
    outside_.symlink("dir/file", "link");
    outside_.symlink("dir/new", "dangling");
    for (const OpenMode& mode : {OpenMode::for_writing(), uploading()}) {
        EXPECT_TRUE(put(*fs_, "/link"_p, "changed", mode));
        EXPECT_TRUE(put(*fs_, "/dangling"_p, "made", mode));
        EXPECT_EQ(fs_->lstat("/link"_p).value().kind, Kind::symlink);
        EXPECT_EQ(fs_->lstat("/dangling"_p).value().kind, Kind::symlink);
        EXPECT_EQ(read_file(outside_.root("dir/file")), "changed");
        EXPECT_EQ(read_file(outside_.root("dir/new")), "made");
        EXPECT_EQ(names(*fs_, "/dir"_p).value(), (std::set<std::string>{"file", "new"}));
        EXPECT_TRUE(fs_->remove_file("/dir/new"_p));
        outside_.write("dir/file", "content");
    }
    const OpenMode exclusive{.write = true, .create = true, .exclusive = true};
    EXPECT_EQ(open(*fs_, "/dangling"_p, exclusive), Code::exists);
    EXPECT_FALSE(std::filesystem::exists(outside_.root("dir/new")));
}

TEST_P(PosixFsTest, RemovesAndRenamesTheSymlinkItself) {
    outside_.make_directory("dir");
    outside_.write("dir/file", "content");
    outside_.symlink("dir", "a");
    outside_.symlink("../outside", "out");
    EXPECT_EQ(code_of(fs_->remove_directory("/a"_p)), Code::not_directory);
    EXPECT_TRUE(fs_->rename("/a"_p, "/b"_p));
    EXPECT_EQ(fs_->read_link("/b"_p).value(), "dir");
    EXPECT_TRUE(fs_->remove_file("/b"_p));
    EXPECT_TRUE(fs_->remove_file("/out"_p));
    EXPECT_EQ(read_file(outside_.root("dir/file")), "content");
    EXPECT_TRUE(outside_.is_untouched());
}

TEST_P(PosixFsTest, ToldNeverToFollowItOnlyLists) {
    outside_.make_directory("dir");
    outside_.write("dir/file", "content");
    outside_.symlink("dir/file", "link");
    outside_.symlink("dir", "way");
    const FilesystemPtr strict = make({.symlinks = Symlinks::never});
    EXPECT_EQ(get(*strict, "/dir/file"_p).value(), "content");
    EXPECT_EQ(names(*strict, "/"_p).value(), (std::set<std::string>{"dir", "link", "way"}));
    EXPECT_EQ(strict->lstat("/link"_p).value().kind, Kind::symlink);
    EXPECT_EQ(strict->read_link("/link"_p).value(), "dir/file");
    EXPECT_EQ(code_of(strict->stat("/link"_p)), Code::denied);
    EXPECT_EQ(open(*strict, "/link"_p), Code::denied);
    EXPECT_EQ(open(*strict, "/way/file"_p), Code::denied);
    EXPECT_EQ(open(*strict, "/link"_p, OpenMode::for_writing()), Code::denied);
    EXPECT_EQ(open(*strict, "/link"_p, uploading()), Code::denied);
    EXPECT_EQ(open(*strict, "/way/new"_p, OpenMode::for_writing()), Code::denied);
    EXPECT_EQ(code_of(strict->list("/way"_p, Detail::names)), Code::denied);
    EXPECT_EQ(code_of(strict->make_directory("/way/new"_p, 0777)), Code::denied);
    EXPECT_EQ(code_of(strict->rename("/dir/file"_p, "/way/new"_p)), Code::denied);
    EXPECT_EQ(code_of(strict->set_mode("/link"_p, 0600)), Code::denied);
    EXPECT_TRUE(strict->remove_file("/link"_p));
    EXPECT_EQ(names(*strict, "/dir"_p).value(), std::set<std::string>{"file"});
}

TEST_P(PosixFsTest, ListsSymlinksWithTheirTargets) {
    outside_.write("file", "12345");
    outside_.symlink("file", "inside");
    outside_.symlink("../outside", "out");
    outside_.symlink("nothing", "dangling");
    std::vector<Entry> batch;
    ASSERT_TRUE(fs_->list("/"_p, Detail::full).value()->next(batch, 10));
    ASSERT_EQ(batch.size(), 4U);
    for (const Entry& entry : batch) {
        EXPECT_EQ(entry.stat.kind, entry.name == "file" ? Kind::file : Kind::symlink);
        if (entry.name == "inside") EXPECT_EQ(entry.target, "file");
        if (entry.name == "out") EXPECT_EQ(entry.target, "../outside");
        if (entry.name == "dangling") EXPECT_EQ(entry.target, "nothing");
    }
}

// --- what is not a regular file ------------------------------------------------------------------------------------

TEST_P(PosixFsTest, OpensNoFifoAndDoesNotHang) {
    ASSERT_EQ(::mkfifo(outside_.root("fifo").c_str(), 0666), 0);
    const auto refused = [this](const OpenMode& mode) { return open(*fs_, "/fifo"_p, mode); };
    EXPECT_EQ(refused(OpenMode::for_reading()), Code::not_regular);
    EXPECT_EQ(refused(OpenMode::for_writing()), Code::not_regular);
    EXPECT_EQ(refused({.read = true, .write = true}), Code::not_regular);
    EXPECT_EQ(refused(uploading()), Code::not_regular);
    EXPECT_EQ(refused({.write = true, .create = true, .atomic = true}), Code::not_regular);
    EXPECT_EQ(refused({.write = true, .create = true, .exclusive = true}), Code::exists);
    const Code at_once = refused({.read = true, .wait = false});
    EXPECT_TRUE(at_once == Code::not_regular || at_once == Code::would_block);
    EXPECT_EQ(fs_->stat("/fifo"_p).value().kind, Kind::other);
    EXPECT_EQ(code_of(fs_->set_mode("/fifo"_p, 0600)), Code::not_regular);
    EXPECT_EQ(code_of(fs_->set_modified("/fifo"_p, 0)), Code::not_regular);
    EXPECT_EQ(code_of(fs_->list("/fifo"_p, Detail::full)), Code::not_directory);
    EXPECT_EQ(mode("fifo"), 0666U & ~022U);
    EXPECT_TRUE(fs_->remove_file("/fifo"_p));
}

TEST_P(PosixFsTest, OpensNoSocket) {
    ASSERT_EQ(::mknod(outside_.root("socket").c_str(), S_IFSOCK | 0666, 0), 0);
    for (const OpenMode& mode : {OpenMode::for_reading(), OpenMode::for_writing(), uploading()}) {
        EXPECT_EQ(open(*fs_, "/socket"_p, mode), Code::not_regular);
    }
    EXPECT_EQ(fs_->stat("/socket"_p).value().kind, Kind::other);
}

TEST_P(PosixFsTest, OpensNoDevice) {
    const FilesystemPtr devices = posix_filesystem("/dev", {.use_openat2 = GetParam()}).value();
    EXPECT_EQ(devices->stat("/null"_p).value().kind, Kind::other);
    for (const OpenMode& mode : {OpenMode::for_reading(), OpenMode::for_writing(), uploading()}) {
        EXPECT_EQ(open(*devices, "/null"_p, mode), Code::not_regular);
    }
    EXPECT_EQ(code_of(devices->set_mode("/null"_p, 0600)), Code::not_regular);
}

TEST_P(PosixFsTest, FollowsNoMagicLink) {
    const FilesystemPtr proc = posix_filesystem("/proc", {.use_openat2 = GetParam()}).value();
    for (const char* path : {"/self/root", "/self/root/etc", "/self/cwd", "/self/exe", "/self/fd/0"}) {
        EXPECT_FALSE(proc->stat(path_of(path))) << path;
        EXPECT_FALSE(proc->open(path_of(path), OpenMode::for_reading())) << path;
        EXPECT_FALSE(proc->list(path_of(path), Detail::names)) << path;
    }
}

// --- at once -------------------------------------------------------------------------------------------------------

TEST_P(PosixFsTest, AnswersAtOnceFromTheCache) {
    outside_.write("file", "content");
    outside_.symlink("file", "link");
    const OpenMode mode{.read = true, .wait = false};
    if (!fs_->can_answer_at_once()) {  // not this way, not with this kernel or not on this filesystem
        EXPECT_EQ(code_of(fs_->open("/file"_p, mode)), Code::would_block);
        EXPECT_EQ(code_of(fs_->stat_at_once("/file"_p)), Code::would_block);
        return;
    }
    // A rename anywhere in the system at the same moment may send us to the lane, though not each time. So does a link
    // whose time of access the kernel has to set: the lane follows it, and then it need not be set for a day.
    constexpr int tries = 1000;
    for (const char* path : {"/file", "/link"}) {
        const auto by_lane = [&] { EXPECT_TRUE(fs_->open(path_of(path), OpenMode::for_reading())) << path; };
        auto file = fs_->open(path_of(path), mode);
        for (int i = 0; i < tries && code_of(file) == Code::would_block; ++i) {
            by_lane();
            file = fs_->open(path_of(path), mode);
        }
        ASSERT_TRUE(file) << path << ": " << name_of(code_of(file));
        EXPECT_EQ(get(**file).value(), "content");
        auto stat = fs_->stat_at_once(path_of(path));
        for (int i = 0; i < tries && code_of(stat) == Code::would_block; ++i) {
            by_lane();
            stat = fs_->stat_at_once(path_of(path));
        }
        ASSERT_TRUE(stat) << name_of(code_of(stat));
        EXPECT_EQ(stat->size, 7U);
    }
}

TEST_P(PosixFsTest, SaysWouldBlockWithoutAWord) {
    outside_.symlink("../outside/secret", "out");  // leads over the edge: for the lane to find out
    const auto file = fs_->open("/out"_p, {.read = true, .wait = false});
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, Code::would_block);
    EXPECT_EQ(file.error().message, "");
    const auto stat = fs_->stat_at_once("/out"_p);
    ASSERT_FALSE(stat);
    EXPECT_EQ(stat.error().code, Code::would_block);
    EXPECT_EQ(stat.error().message, "");
}

// What is mounted below may be a network's.
TEST_P(PosixFsTest, DoesNotAnswerAtOnceOverTheEdgeOfADisk) {
    const FilesystemPtr devices = posix_filesystem("/dev", {.use_openat2 = GetParam()}).value();
    const auto below = devices->stat("/shm"_p);
    ASSERT_TRUE(below);
    ASSERT_NE(below->device, devices->stat("/"_p).value().device);
    EXPECT_EQ(code_of(devices->stat_at_once("/shm"_p)), Code::would_block);
    EXPECT_EQ(code_of(devices->open("/shm/nothing"_p, {.read = true, .wait = false})), Code::would_block);
}

TEST_P(PosixFsTest, DoesNotAnswerAtOnceWithoutOpenat2) {
    const FilesystemPtr walking = posix_filesystem(outside_.root(), {.use_openat2 = false}).value();
    outside_.write("file", "content");
    EXPECT_FALSE(walking->can_answer_at_once());
    EXPECT_EQ(open(*walking, "/file"_p, {.read = true, .wait = false}), Code::would_block);
}

// --- the rest ------------------------------------------------------------------------------------------------------

TEST_P(PosixFsTest, GivesADescriptorAsLongAsItIsOpen) {
    outside_.write("file", "content");
    const FilePtr file = fs_->open("/file"_p, OpenMode::for_reading()).value();
    std::array<char, 7> buffer{};
    ASSERT_GE(file->descriptor(), 0);
    EXPECT_EQ(::pread(file->descriptor(), buffer.data(), 7, 0), 7);
    EXPECT_NE(::fcntl(file->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_TRUE(file->close());
    EXPECT_EQ(file->descriptor(), -1);
}

TEST_P(PosixFsTest, FirstStatIsWhatOpenSawAndTheNextIsNew) {
    outside_.write("file", "content");
    const FilePtr file = fs_->open("/file"_p, OpenMode::for_reading()).value();
    outside_.write("file", "longer content");
    EXPECT_EQ(file->stat().value().size, 7U);
    EXPECT_EQ(file->stat().value().size, 14U);
}

TEST_P(PosixFsTest, SyncsUploads) {
    const FilesystemPtr safe = make({.sync = true});
    EXPECT_TRUE(put(*safe, "/plain"_p, "x"));
    EXPECT_TRUE(put(*safe, "/aside"_p, "x", uploading()));
    EXPECT_EQ(names(*safe, "/"_p).value(), (std::set<std::string>{"plain", "aside"}));
}

TEST_P(PosixFsTest, ListsMoreThanOneBufferOfNames) {
    std::set<std::string> expected;
    for (int i = 0; i < 1500; ++i) {
        expected.insert(std::string(60, 'n') + std::to_string(i));
        outside_.write(std::string(60, 'n') + std::to_string(i), "");
    }
    EXPECT_EQ(names(*fs_, "/"_p, 333).value(), expected);
}

// A user who may read a directory but not enter it sees the names.
TEST_P(PosixFsTest, ListsWhatItMayNotLookAt) {
    outside_.make_directory("dir/inner");
    const FilesystemPtr files = make_for_somebody();
    ASSERT_EQ(::chmod(outside_.root("dir").c_str(), 0400), 0);
    std::vector<Entry> batch;
    EXPECT_TRUE(files->list("/dir"_p, Detail::full).value()->next(batch, 10));
    ASSERT_EQ(batch.size(), 1U);
    EXPECT_EQ(batch[0].name, "inner");
    EXPECT_TRUE(batch[0].stat.is_directory());
    EXPECT_EQ(batch[0].stat.mode, 0U);
    ASSERT_EQ(::chmod(outside_.root("dir").c_str(), 0700), 0);
}

TEST_P(PosixFsTest, RefusesToWriteWhatItMayNot) {
    outside_.write("file", "kept");
    const FilesystemPtr files = make_for_somebody();
    ASSERT_EQ(::chmod(outside_.root("file").c_str(), 0444), 0);
    EXPECT_EQ(open(*files, "/file"_p, OpenMode::for_writing()), Code::denied);
    EXPECT_EQ(open(*files, "/file"_p, uploading()), Code::denied);
    EXPECT_EQ(read_file(outside_.root("file")), "kept");
}

TEST_P(PosixFsTest, RenameOverOtherDisksIsUnsupported) {
    // /dev/shm is a disk of its own below /dev wherever it exists.
    const FilesystemPtr devices = posix_filesystem("/dev", {.use_openat2 = GetParam()}).value();
    const auto one = devices->stat("/"_p);
    const auto other = devices->stat("/shm"_p);
    ASSERT_TRUE(one && other);
    ASSERT_NE(one->device, other->device);
    const std::string name = "wherry-test-" + std::to_string(::getpid());
    ASSERT_TRUE(put(*devices, path_of("/shm/" + name), "x"));
    const auto renamed = devices->rename(path_of("/shm/" + name), path_of("/" + name));
    EXPECT_EQ(code_of(renamed), Code::unsupported);
    EXPECT_TRUE(devices->remove_file(path_of("/shm/" + name)));
}

}  // namespace wherry::testing
