#include "vfs/identity_fs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_folder.h"
#include "testing/files.h"
#include "vfs/acting.h"

namespace wherry::vfs {
namespace {

using testing::code_of;
using testing::operator""_p;
using testing::TempFolder;

// Whether somebody acts right now.
struct Stage {
    bool allowed = true;
    int acting = 0;
    int begun = 0;
    Act act() {
        return [this](const SystemIdentity& who) -> std::shared_ptr<void> {
            EXPECT_EQ(who.uid, 4242U);
            if (!allowed) return nullptr;
            ++begun;
            ++acting;
            return std::shared_ptr<void>(this, [this](void*) { --acting; });
        };
    }
};

// A filesystem that wants to be used by somebody who acts, its files and listings as well.
class Watched final : public Filesystem {
public:
    Watched(FilesystemPtr inner, Stage& stage) : inner_(std::move(inner)), stage_(stage) {}
    Result<Stat> stat(const Path& path) override { return seen(), inner_->stat(path); }
    Result<Stat> lstat(const Path& path) override { return seen(), inner_->lstat(path); }
    Result<ListingPtr> list(const Path& path, Detail detail) override {
        seen();
        return std::make_unique<WatchedListing>(std::move(*inner_->list(path, detail)), *this);
    }
    Result<FilePtr> open(const Path& path, const OpenMode& mode) override {
        seen();
        return std::make_unique<WatchedFile>(std::move(*inner_->open(path, mode)), *this);
    }
    Result<void> make_directory(const Path& path, std::uint32_t mode) override {
        return seen(), inner_->make_directory(path, mode);
    }
    Result<void> remove_directory(const Path& path) override { return seen(), inner_->remove_directory(path); }
    Result<void> remove_file(const Path& path) override { return seen(), inner_->remove_file(path); }
    Result<void> rename(const Path& from, const Path& to) override { return seen(), inner_->rename(from, to); }
    Result<void> set_mode(const Path& path, std::uint32_t mode) override {
        return seen(), inner_->set_mode(path, mode);
    }
    Result<void> set_modified(const Path& path, std::int64_t seconds) override {
        return seen(), inner_->set_modified(path, seconds);
    }
    Result<std::string> read_link(const Path& path) override { return seen(), inner_->read_link(path); }
    Result<Space> space(const Path& path) override { return seen(), inner_->space(path); }
    void seen() const { EXPECT_EQ(stage_.acting, 1); }

private:
    struct WatchedListing final : Listing {
        WatchedListing(ListingPtr list, Watched& owner) : inner(std::move(list)), all(owner) {}
        Result<void> next(std::vector<Entry>& out, std::size_t most) override {
            return all.seen(), inner->next(out, most);
        }
        ListingPtr inner;
        Watched& all;
    };
    struct WatchedFile final : File {
        WatchedFile(FilePtr file, Watched& owner) : inner(std::move(file)), all(owner) {}
        ~WatchedFile() override { all.seen(); }
        Result<Stat> stat() override { return all.seen(), inner->stat(); }
        Result<void> write_at(std::uint64_t offset, std::span<const std::byte> from) override {
            return all.seen(), inner->write_at(offset, from);
        }
        Result<void> truncate(std::uint64_t size) override { return all.seen(), inner->truncate(size); }
        Result<void> close() override { return all.seen(), inner->close(); }
        int descriptor() const noexcept override { return 7; }
        FilePtr inner;
        Watched& all;
    };
    FilesystemPtr inner_;
    Stage& stage_;
};

struct IdentityFs : ::testing::Test {
    Stage stage;
    FilesystemPtr inner = memory_filesystem();
    IdentityFilesystem files{std::make_shared<Watched>(inner, stage), {.uid = 4242}, stage.act()};
};

TEST_F(IdentityFs, does_everything_as_its_account_and_nothing_afterwards) {
    EXPECT_TRUE(files.make_directory("/d"_p, 0777));
    EXPECT_TRUE(testing::put(files, "/d/a"_p, "content"));
    EXPECT_TRUE(files.stat("/d/a"_p));
    EXPECT_TRUE(files.lstat("/d/a"_p));
    EXPECT_TRUE(files.set_mode("/d/a"_p, 0600));
    EXPECT_TRUE(files.set_modified("/d/a"_p, 5));
    EXPECT_TRUE(files.space("/d"_p));
    EXPECT_FALSE(files.read_link("/d/a"_p));
    EXPECT_EQ(testing::names(files, "/d"_p)->size(), 1U);
    EXPECT_TRUE(files.rename("/d/a"_p, "/d/b"_p));
    EXPECT_TRUE(files.remove_file("/d/b"_p));
    EXPECT_TRUE(files.remove_directory("/d"_p));
    EXPECT_EQ(stage.acting, 0);
    EXPECT_GT(stage.begun, 12);
}

// What is moved by the kernel on its own would be moved as root.
TEST_F(IdentityFs, gives_no_descriptor_to_write_to) {
    EXPECT_EQ((*files.open("/a"_p, OpenMode::for_writing()))->descriptor(), -1);
    EXPECT_TRUE(testing::put(*inner, "/a"_p, "x"));
    EXPECT_EQ((*files.open("/a"_p, OpenMode::for_reading()))->descriptor(), 7);
}

TEST_F(IdentityFs, answers_nothing_on_the_networks_thread) {
    EXPECT_FALSE(files.can_answer_at_once());
    OpenMode mode = OpenMode::for_reading();
    mode.wait = false;
    EXPECT_EQ(code_of(files.open("/a"_p, mode)), Code::would_block);
    EXPECT_EQ(stage.begun, 0);
}

TEST_F(IdentityFs, does_nothing_if_it_cannot_be_the_account) {
    stage.allowed = false;
    EXPECT_EQ(code_of(files.stat("/"_p)), Code::denied);
    EXPECT_EQ(code_of(files.open("/a"_p, OpenMode::for_writing())), Code::denied);
    EXPECT_EQ(code_of(files.make_directory("/d"_p, 0777)), Code::denied);
    EXPECT_FALSE(inner->stat("/a"_p));
    EXPECT_FALSE(inner->stat("/d"_p));
}

// --- the real thing ------------------------------------------------------------------------------

TEST(Acting, as_oneself_needs_no_right_and_leaves_no_trace) {
    const SystemIdentity self{.uid = geteuid(), .gid = getegid(), .groups = {}};
    std::vector<gid_t> groups(64);
    const int count = getgroups(64, groups.data());
    SystemIdentity me = self;
    me.groups.assign(groups.begin(), groups.begin() + count);
    EXPECT_TRUE(Acting(me).begun());
    std::vector<gid_t> after(64);
    EXPECT_EQ(getgroups(64, after.data()), count);
    EXPECT_EQ(after, groups);
}

// Root becomes the account and is held to its rights; anybody else is told that this cannot be.
TEST(Acting, as_another_is_for_root) {
    const TempFolder folder;
    ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
    folder.make_directory("mine");
    ASSERT_EQ(chmod(folder.path("mine").c_str(), 0700), 0);
    folder.make_directory("open");
    ASSERT_EQ(chmod(folder.path("open").c_str(), 0777), 0);
    folder.write("secret", "x");
    ASSERT_EQ(chmod(folder.path("secret").c_str(), 0640), 0);  // of our group, which that account must not keep
    PosixOptions options;
    options.as = SystemIdentity{.uid = 54321, .gid = 54322, .groups = {54323}};
    const auto files = posix_filesystem(folder.path(), options);
    if (geteuid() != 0) {
        EXPECT_EQ(code_of(files), Code::denied);
        return;
    }
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(code_of((*files)->open("/secret"_p, OpenMode::for_reading())), Code::denied);
    EXPECT_EQ(code_of((*files)->list("/mine"_p, Detail::names)), Code::denied);
    EXPECT_EQ(code_of(testing::put(**files, "/mine/a"_p, "x")), Code::denied);
    for (const bool atomic : {false, true}) {
        OpenMode mode = OpenMode::for_writing();
        mode.atomic = atomic;
        ASSERT_TRUE(testing::put(**files, "/open/a"_p, "x", mode));
        struct stat about{};
        ASSERT_EQ(stat(folder.path("open/a").c_str(), &about), 0);
        EXPECT_EQ(about.st_uid, 54321U);
        EXPECT_EQ(about.st_gid, 54322U);
        EXPECT_TRUE((*files)->remove_file("/open/a"_p));
    }
    folder.write("ours", "x");
    struct stat ours{};
    ASSERT_EQ(stat(folder.path("ours").c_str(), &ours), 0);
    EXPECT_EQ(ours.st_uid, 0U) << "the thread is itself again";
}

}  // namespace
}  // namespace wherry::vfs
