// What people have tried to get out of a served folder with (spelling, encoding, symlinks, races), through every
// operation of the filesystem.
#include "vfs/posix_fs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <atomic>
#include <set>
#include <thread>

#include "testing/files.h"
#include "unit/vfs/outside.h"

namespace wherry::testing {

namespace {

// Spellings of "one directory up" and of other places, on this system and on others.
std::vector<std::string> payloads(const Outside& outside) {
    const std::string ups[] = {
        "..",
        "../..",
        "../../../../../../../..",
        "./..",
        "a/../..",
        "a/b/../../..",
        "....//",
        "..././",
        "..;",
        "%2e%2e",
        "%2e%2e%2f",
        "..%2f",
        "..%252f",
        "..%c0%af",
        "%c0%ae%c0%ae",
        "\xc0\xae\xc0\xae",
        "..\xc0\xaf",
        "\xe0\x80\xae\xe0\x80\xae",
        "..\\",
        "..\\..\\",
        "\\..\\..",
        "..\x5c",
        ".. ",
        " ..",
        "...",
        "..\t",
        "..\n",
        "..\r",
        "..\x7f",
        "\xef\xbc\x8e\xef\xbc\x8e",
        "\xe2\x80\xa4\xe2\x80\xa4",
        "\xe2\x80\xa5",
        "~",
        "~root",
        "~/..",
        "C:",
        "C:\\",
        "C:..",
        "\\\\host\\share",
        "//host/share",
        "NUL",
        "NUL:",
        "CON",
        "file::$DATA",
        "dir::$INDEX_ALLOCATION",
        "file:///",
        "..%00",
        ".",
        "./",
        "//",
        "///..///..",
        "-",
        "--",
        "*",
        "?",
        "[..]",
        "{..,}",
        "$HOME",
        "`pwd`",
        "|id",
        ";id",
        "$(id)",
        "in/..",
        "in/../..",
        "out",
        "out/..",
        "up",
        "up/up",
        "absolute",
        "slash" + outside.path("outside"),
        "in/out",
        "in/../out",
        "dir_out",
        "dangling_out",
        "magic",
    };
    std::vector<std::string> all;
    for (const std::string& up : ups) {
        for (const char* rest : {"", "/outside/secret", "/secret"}) {
            all.push_back(up + rest);
        }
    }
    for (const char* name : {"/secret", "/outside/secret", "/../outside/secret", "/root/../outside/secret"})
        all.push_back(name);
    all.push_back(outside.path("outside/secret"));
    all.push_back(outside.path("root/../outside/secret"));
    return all;
}

void plant_links(const Outside& outside) {
    outside.make_directory("a/b");
    outside.make_directory("dir");
    outside.write("a/file", "mine");
    outside.symlink("../outside", "out");
    outside.symlink("..", "up");
    outside.symlink("/", "slash");
    outside.symlink("dir", "in");
    outside.symlink(outside.path("outside"), "absolute");
    outside.symlink("../../outside", "dir/out");
    outside.symlink("../outside/directory", "dir_out");
    outside.symlink("../outside/new", "dangling_out");
    outside.symlink("/proc/self/root" + outside.path("outside"), "magic");
}

bool is_secret(const std::string& content) { return content.find("secret") != std::string::npos; }

// Everything that can be done with one path.
void try_all(Filesystem& fs, const Path& path) {
    EXPECT_FALSE(is_secret(get(fs, path).value_or(""))) << path.text();
    const auto listed = names(fs, path).value_or(std::set<std::string>{});
    EXPECT_FALSE(listed.contains("secret") || listed.contains("outside")) << path.text();
    (void)fs.stat(path);
    (void)fs.stat_at_once(path);
    (void)fs.lstat(path);
    (void)fs.read_link(path);
    (void)fs.space(path);
    (void)fs.open(path, {.read = true, .wait = false});
    (void)fs.set_mode(path, 0777);
    (void)fs.set_modified(path, 1);
    (void)fs.make_directory(path, 0777);
    (void)put(fs, path, "overwritten");
    (void)put(fs, path, "overwritten", {.write = true, .create = true, .exclusive = true});
    (void)put(fs, path, "overwritten", {.write = true, .create = true, .atomic = true});
    auto kept = uploading();
    kept.keep_partial = true;
    if (auto file = fs.open(path, kept)) (void)(*file)->write_at(0, bytes_of("partial"));
    (void)fs.rename("/a/file"_p, path);
    (void)fs.rename(path, "/stolen"_p);
    EXPECT_FALSE(is_secret(get(fs, "/stolen"_p).value_or(""))) << path.text();
    EXPECT_FALSE(names(fs, "/stolen"_p).value_or(std::set<std::string>{}).contains("secret")) << path.text();
    (void)fs.remove_file(path);
    (void)fs.remove_directory(path);
}

class EscapeTest : public ::testing::TestWithParam<std::tuple<bool, Symlinks>> {
protected:
    FilesystemPtr make() const {
        const auto [use_openat2, symlinks] = GetParam();
        return posix_filesystem(outside_.root(), {.symlinks = symlinks, .use_openat2 = use_openat2}).value();
    }
    void plant() {
        std::filesystem::remove_all(outside_.root());
        std::filesystem::create_directory(outside_.root());
        plant_links(outside_);
        fs_ = make();
    }
    Outside outside_;
    FilesystemPtr fs_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Ways, EscapeTest,
                         ::testing::Combine(::testing::Bool(), ::testing::Values(Symlinks::inside, Symlinks::never)),
                         [](const auto& chosen) {
                             return std::string(std::get<0>(chosen.param) ? "openat2" : "walk") +
                                    (std::get<1>(chosen.param) == Symlinks::inside ? "_inside" : "_never");
                         });

TEST_P(EscapeTest, NoSpellingLeadsOut) {
    const auto all = payloads(outside_);
    EXPECT_GT(all.size(), 200U);
    std::set<Path> tried;
    for (const std::string& text : all) {
        for (const char* cwd : {"/", "/a/b"}) {
            const auto path = Path::resolve(path_of(cwd), text);
            if (!path || !tried.insert(*path).second) continue;
            plant();
            try_all(*fs_, *path);
            ASSERT_TRUE(outside_.is_untouched()) << text << " in " << cwd;
        }
    }
    EXPECT_GT(tried.size(), 200U);
}

TEST_P(EscapeTest, HardLinksAreFilesOfTheFolder) {
    // Nothing can be told by a second name of a file; who may link into the folder decides (fs.protected_hardlinks).
    plant();
    std::filesystem::create_hard_link(outside_.root("a/file"), outside_.root("a/second"));
    EXPECT_EQ(get(*fs_, "/a/second"_p).value(), "mine");
    EXPECT_EQ(fs_->stat("/a/second"_p).value().links, 2U);
}

namespace {

// Exchanges two names over and over while it lives.
class Flipper {
public:
    Flipper(const std::string& root, const std::string& a, const std::string& b)
        : directory_(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), thread_([this, a, b] {
              while (!done_) {
                  if (::renameat2(directory_, a.c_str(), directory_, b.c_str(), RENAME_EXCHANGE) != 0) ++failures_;
                  ++flips_;
              }
          }) {}
    Flipper(const Flipper&) = delete;
    Flipper& operator=(const Flipper&) = delete;
    ~Flipper() { stop(); }
    void stop() {
        done_ = true;
        if (thread_.joinable()) thread_.join();
        if (directory_ >= 0) ::close(directory_);
        directory_ = -1;
    }
    std::uint64_t flips() const { return flips_; }
    std::uint64_t failures() const { return failures_; }

private:
    int directory_;
    std::atomic<bool> done_ = false;
    std::atomic<std::uint64_t> flips_ = 0;
    std::atomic<std::uint64_t> failures_ = 0;
    std::thread thread_;
};

constexpr int least_rounds = 400;
constexpr int most_rounds = 20'000;

struct Seen {
    int good = 0;
    int refused = 0;
    void count(Code code) { ++(code == Code::ok ? good : refused); }
    bool enough(int round) const { return round >= least_rounds && good > 20 && refused > 20; }
};

}  // namespace

// A directory on the way is exchanged with a symlink to the outside, where the same names are.
TEST_P(EscapeTest, NoRaceOfADirectoryLeadsOut) {
    outside_.make_directory("flip");
    outside_.write("flip/secret", "mine");
    outside_.make_directory("flip/directory");
    outside_.symlink("../outside", "trap");
    fs_ = make();
    Flipper flipper(outside_.root(), "flip", "trap");
    Seen seen;
    for (int i = 0; i < most_rounds && !seen.enough(i); ++i) {
        const Path mine = path_of("/flip/mine" + std::to_string(i % 8));
        seen.count(code_of(fs_->stat("/flip/secret"_p)));
        ASSERT_FALSE(is_secret(get(*fs_, "/flip/secret"_p).value_or("")));
        ASSERT_FALSE(names(*fs_, "/flip/directory"_p).value_or(std::set<std::string>{}).contains("file"));
        (void)fs_->make_directory(mine, 0777);
        (void)fs_->remove_directory(mine);
        (void)put(*fs_, mine, "mine");
        (void)put(*fs_, "/flip/secret"_p, "mine");
        (void)put(*fs_, "/flip/secret"_p, "mine", uploading());
        (void)fs_->rename("/flip/secret"_p, mine);
        (void)fs_->rename(mine, "/flip/secret"_p);
        (void)fs_->set_mode("/flip/secret"_p, 0600);
        (void)fs_->set_modified("/flip/secret"_p, 1);
        (void)fs_->remove_file(mine);
        (void)fs_->remove_file("/flip/directory/file"_p);
    }
    flipper.stop();
    EXPECT_TRUE(outside_.is_untouched());
    EXPECT_EQ(flipper.failures(), 0U);
    EXPECT_GT(seen.good, 0);
    EXPECT_GT(seen.refused, 0);
}

// The last component is exchanged with a symlink to a file outside.
TEST_P(EscapeTest, NoRaceOfAFileLeadsOut) {
    outside_.write("flip", "mine");
    outside_.symlink("../outside/secret", "trap");
    fs_ = make();
    Flipper flipper(outside_.root(), "flip", "trap");
    Seen seen;
    for (int i = 0; i < most_rounds && !seen.enough(i); ++i) {
        seen.count(code_of(fs_->stat("/flip"_p)));
        ASSERT_FALSE(is_secret(get(*fs_, "/flip"_p).value_or("")));
        if (const auto file = fs_->open("/flip"_p, {.read = true, .wait = false})) {
            ASSERT_FALSE(is_secret(get(**file).value_or("")));
        }
        (void)put(*fs_, "/flip"_p, "mine", {.write = true});
        (void)put(*fs_, "/flip"_p, "mine", {.write = true, .create = true, .truncate = true});
        (void)fs_->set_mode("/flip"_p, 0600);
        (void)fs_->set_modified("/flip"_p, 1);
    }
    flipper.stop();
    EXPECT_TRUE(outside_.is_untouched());
    EXPECT_EQ(flipper.failures(), 0U);
    EXPECT_GT(seen.good, 0);
    EXPECT_GT(seen.refused, 0);
}

// The directory that we are in is moved out of the folder while ".." of a symlink is about to be resolved in it.
TEST_P(EscapeTest, NoMovedDirectoryTakesUsAlong) {
    outside_.make_directory("deep/er");
    outside_.symlink("../../secret", "deep/er/link");
    outside_.write("secret", "mine");
    fs_ = make();
    // "deep/er/../.." is the root, and the outside while "deep" is there; "secret" is in both.
    const int outside = ::open(outside_.path("outside").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int root = ::open(outside_.root().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    std::atomic<bool> done = false;
    std::thread mover([&] {
        while (!done) {
            ::renameat(root, "deep", outside, "deep");
            ::renameat(outside, "deep", root, "deep");
        }
    });
    for (int i = 0; i < 6000; ++i) EXPECT_FALSE(is_secret(get(*fs_, "/deep/er/link"_p).value_or("")));
    done = true;
    mover.join();
    ::close(outside);
    ::close(root);
}

}  // namespace wherry::testing
