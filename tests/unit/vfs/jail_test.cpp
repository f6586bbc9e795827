#include "vfs/jail.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <random>

#include "testing/files.h"
#include "unit/vfs/outside.h"
#include "vfs/jail_walk.h"

namespace wherry::vfs {

namespace {

using testing::path_of;

// 0 for a value.
template <class T>
int error_of(const Got<T>& got) {
    return got ? 0 : got.error();
}

class JailTest : public ::testing::TestWithParam<bool> {
protected:
    Jail jail(Symlinks symlinks = Symlinks::inside) const {
        return Jail::enter(outside_.root(), symlinks, GetParam()).value();
    }
    // What a path leads to: its inode, or the errno as a negative number.
    static std::int64_t lead(const Jail& jail, const std::string& relative, int flags) {
        const auto object = jail.open(relative.c_str(), flags);
        if (!object) return -object.error();
        struct stat about{};
        EXPECT_EQ(::fstat(object->get(), &about), 0);
        return static_cast<std::int64_t>(about.st_ino);
    }
    static std::int64_t inode(const std::string& path) {
        struct stat about{};
        EXPECT_EQ(::lstat(path.c_str(), &about), 0) << path;
        return static_cast<std::int64_t>(about.st_ino);
    }

    testing::Outside outside_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Ways, JailTest, ::testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "openat2" : "walk"; });

TEST_P(JailTest, EntersDirectoriesOnly) {
    EXPECT_TRUE(Jail::enter(outside_.root(), Symlinks::inside, GetParam()));
    EXPECT_EQ(testing::code_of(Jail::enter(outside_.path("outside/secret"), Symlinks::inside, GetParam())),
              Code::not_directory);
    EXPECT_EQ(testing::code_of(Jail::enter(outside_.path("nothing"), Symlinks::inside, GetParam())), Code::not_found);
    EXPECT_EQ(testing::code_of(Jail::enter("", Symlinks::inside, GetParam())), Code::not_found);
}

TEST_P(JailTest, OnlyTheKernelsWayAnswersAtOnce) {
    if (!GetParam()) EXPECT_FALSE(jail().answers_at_once());
}

TEST_P(JailTest, FollowsSymlinksThatStayInside) {
    outside_.make_directory("a/b");
    outside_.write("a/b/file", "x");
    outside_.symlink("a/b", "down");
    outside_.symlink("../file", "a/b/self");
    outside_.symlink("../../down/./file", "a/b/around");
    outside_.symlink("down/", "slash");
    outside_.symlink("a//b//file", "slashes");
    const Jail jail = this->jail();
    const std::int64_t file = inode(outside_.root("a/b/file"));
    const std::int64_t directory = inode(outside_.root("a/b"));
    EXPECT_EQ(lead(jail, "a/b/file", O_PATH), file);
    EXPECT_EQ(lead(jail, "down/file", O_PATH), file);
    EXPECT_EQ(lead(jail, "down/around", O_RDONLY), file);
    EXPECT_EQ(lead(jail, "slashes", O_RDONLY), file);
    EXPECT_EQ(lead(jail, "a/b/self", O_PATH), -ENOENT);
    EXPECT_EQ(lead(jail, "down", O_PATH), directory);
    EXPECT_EQ(lead(jail, "slash", O_RDONLY | O_DIRECTORY), directory);
    EXPECT_EQ(lead(jail, "down", O_PATH | O_NOFOLLOW), inode(outside_.root("down")));
    EXPECT_EQ(lead(jail, ".", O_PATH), inode(outside_.root()));
}

TEST_P(JailTest, NeverLeavesTheRoot) {
    outside_.make_directory("a");
    const std::pair<const char*, const char*> links[] = {
        {"..", "up"},
        {"../outside", "side"},
        {"../root/a", "back_in"},  // the way leads over the outside
        {"a/../../outside/secret", "around"},
        {"/", "slash"},
        {".././outside", "dotted"},
    };
    for (const auto& [target, name] : links) outside_.symlink(target, name);
    outside_.symlink(outside_.path("outside"), "absolute");
    outside_.symlink(outside_.root(), "absolute_inside");
    outside_.symlink("../..", "a/far_up");
    const Jail jail = this->jail();
    for (const char* name : {"up", "side", "back_in", "around", "slash", "dotted", "absolute", "absolute_inside",
                             "a/far_up", "side/secret", "absolute/secret", "up/outside/secret", "slash/etc"}) {
        EXPECT_EQ(lead(jail, name, O_PATH), -EXDEV) << name;
        EXPECT_EQ(lead(jail, name, O_RDONLY), -EXDEV) << name;
        EXPECT_EQ(lead(jail, name, O_PATH | O_DIRECTORY), -EXDEV) << name;
    }
}

// What a caller that forgets what a Path is would pass: still nothing but the inside.
TEST_P(JailTest, NeverLeavesTheRootByTextEither) {
    outside_.make_directory("a");
    const Jail jail = this->jail();
    for (const char* text : {"..", "../outside/secret", "a/../../outside/secret", "/", "/etc", "a/../.."}) {
        EXPECT_EQ(lead(jail, text, O_PATH), -EXDEV) << text;
    }
    EXPECT_EQ(lead(jail, "", O_PATH), -ENOENT);
}

TEST_P(JailTest, FollowsNoSymlinkWhenTold) {
    outside_.make_directory("a");
    outside_.write("a/file", "x");
    outside_.symlink("a", "link");
    outside_.symlink("a/file", "last");
    const Jail jail = this->jail(Symlinks::never);
    EXPECT_EQ(lead(jail, "a/file", O_PATH), inode(outside_.root("a/file")));
    EXPECT_EQ(lead(jail, "link/file", O_PATH), -ELOOP);
    EXPECT_EQ(lead(jail, "last", O_PATH), -ELOOP);
    EXPECT_EQ(lead(jail, "last", O_RDONLY), -ELOOP);
    EXPECT_EQ(lead(jail, "link", O_PATH | O_DIRECTORY), -ELOOP);
    EXPECT_EQ(lead(jail, "last", O_PATH | O_NOFOLLOW), inode(outside_.root("last")));
    EXPECT_EQ(error_of(jail.target_of(path_of("/last"))), ELOOP);
}

TEST_P(JailTest, StopsAtFortySymlinks) {
    outside_.write("link0", "the end");
    for (int i = 1; i <= 41; ++i) outside_.symlink("link" + std::to_string(i - 1), "link" + std::to_string(i));
    outside_.symlink("loop", "loop");
    outside_.symlink("loop_b", "loop_a");
    outside_.symlink("loop_a", "loop_b");
    const Jail jail = this->jail();
    EXPECT_EQ(lead(jail, "link40", O_RDONLY), inode(outside_.root("link0")));
    EXPECT_EQ(lead(jail, "link41", O_RDONLY), -ELOOP);
    EXPECT_EQ(lead(jail, "loop", O_PATH), -ELOOP);
    EXPECT_EQ(lead(jail, "loop_a/x", O_PATH), -ELOOP);
    EXPECT_EQ(error_of(jail.target_of(path_of("/loop"))), ELOOP);
}

TEST_P(JailTest, FollowsNoMagicLink) {
    const auto proc = Jail::enter("/proc", Symlinks::inside, GetParam());
    ASSERT_TRUE(proc);
    for (const char* name : {"self/root", "self/cwd", "self/exe", "self/fd/0", "self/root/etc", "self/ns/mnt"}) {
        EXPECT_LT(lead(*proc, name, O_PATH), 0) << name;
        EXPECT_LT(lead(*proc, name, O_RDONLY), 0) << name;
    }
    EXPECT_GT(lead(*proc, "self/status", O_RDONLY), 0);
}

TEST_P(JailTest, FindsWhereAFileWouldBe) {
    outside_.make_directory("a/b");
    outside_.symlink("a/b/new", "dangling");
    outside_.symlink("dangling", "twice");
    outside_.symlink("../dangling", "a/up");
    outside_.symlink("..", "out");
    outside_.symlink("../new", "beside");
    outside_.symlink(outside_.path("outside/secret"), "absolute");
    outside_.symlink("a/", "directory");
    const Jail jail = this->jail();
    for (const char* path : {"/a/b/new", "/dangling", "/twice", "/a/up"}) {
        const auto place = jail.target_of(path_of(path));
        ASSERT_TRUE(place) << path;
        EXPECT_EQ(place->name, "new");
        struct stat about{};
        EXPECT_EQ(::fstat(place->directory.get(), &about), 0);
        EXPECT_EQ(static_cast<std::int64_t>(about.st_ino), inode(outside_.root("a/b")));
    }
    EXPECT_EQ(error_of(jail.target_of(path_of("/beside"))), EXDEV);
    EXPECT_EQ(error_of(jail.target_of(path_of("/absolute"))), EXDEV);
    EXPECT_EQ(error_of(jail.target_of(path_of("/out"))), EISDIR);
    EXPECT_EQ(error_of(jail.target_of(path_of("/directory"))), EISDIR);
    EXPECT_EQ(error_of(jail.target_of(path_of("/nothing/new"))), ENOENT);
    EXPECT_EQ(jail.place_of(path_of("/dangling"))->name, "dangling");
    EXPECT_EQ(error_of(jail.place_of(path_of("/nothing/new"))), ENOENT);
}

// The walk is right when it does what the kernel does, in whatever tree.
TEST(JailWaysTest, AgreeInTreesOfChance) {
    std::mt19937 chance(20240607);
    const auto pick = [&](std::initializer_list<const char*> from) {
        return std::string(from.begin()[chance() % from.size()]);
    };
    const auto text = [&] {
        std::string all;
        for (auto parts = 1 + chance() % 4; parts > 0; --parts) {
            all += pick({"a", "b", "c", "a", "b", "..", ".", "f"}) + pick({"/", "/", "//"});
        }
        if (chance() % 4 != 0) all.pop_back();
        return (chance() % 12 == 0 ? "/" : "") + all;
    };
    int leads = 0;
    for (int tree = 0; tree < 40; ++tree) {
        const testing::Outside outside;
        for (const std::string directory : {"", "a/", "b/", "a/b/", "a/c/"}) {
            if (!directory.empty()) std::filesystem::create_directories(outside.root(directory));
        }
        for (const std::string directory : {"", "a/", "b/", "a/b/", "a/c/"}) {
            for (const char* name : {"a", "b", "c", "f"}) {
                const std::string path = outside.root(directory + name);
                if (std::filesystem::exists(std::filesystem::symlink_status(path))) continue;
                const auto kind = chance() % 3;
                if (kind == 0) std::ofstream(path) << name;
                if (kind == 1) std::filesystem::create_symlink(text(), path);
            }
        }
        const auto kernel = Jail::enter(outside.root(), Symlinks::inside, true);
        const auto walk = Jail::enter(outside.root(), Symlinks::inside, false);
        for (int i = 0; i < 150; ++i) {
            const std::string path = text();
            for (const int flags :
                 {O_PATH, O_RDONLY, O_PATH | O_NOFOLLOW, O_PATH | O_DIRECTORY, O_RDONLY | O_DIRECTORY}) {
                const auto one = kernel->open(path.c_str(), flags);
                const auto other = walk->open(path.c_str(), flags);
                ASSERT_EQ(error_of(one), error_of(other)) << path << " with " << flags;
                if (!one) continue;
                struct stat first{};
                struct stat second{};
                ASSERT_EQ(::fstat(one->get(), &first), 0);
                ASSERT_EQ(::fstat(other->get(), &second), 0);
                ASSERT_EQ(first.st_ino, second.st_ino) << path << " with " << flags;
                ++leads;
            }
        }
        EXPECT_TRUE(outside.is_untouched());
    }
    EXPECT_GT(leads, 1000);
}

TEST(ReadLinkTest, TellsLinksFromOthers) {
    const testing::Outside outside;
    outside.symlink("some/where", "link");
    outside.write("file", "x");
    const Descriptor root(::open(outside.root().c_str(), O_PATH | O_DIRECTORY));
    EXPECT_EQ(read_link_at(root.get(), "link").value(), "some/where");
    EXPECT_EQ(error_of(read_link_at(root.get(), "file")), EINVAL);
    EXPECT_EQ(error_of(read_link_at(root.get(), "nothing")), ENOENT);
    EXPECT_EQ(error_of(read_link_at(root.get(), "")), EINVAL);
    const Descriptor link(::openat(root.get(), "link", O_PATH | O_NOFOLLOW));
    EXPECT_EQ(read_link_at(link.get(), "").value(), "some/where");
}

}  // namespace wherry::vfs
